"""Placeholder values, dates, act citations, differences and table cells, without a database (O-6.2.6)."""

from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.reply_templates.rules import diff, list_cells
from app.reply_templates.rules.act_citations import find_acts, find_passed_days, is_same_act
from app.reply_templates.rules.date_mentions import find_dates
from app.reply_templates.rules.diff import PartKind
from app.reply_templates.rules.placeholders import EXAMPLES, PlaceholderKind, is_sound
from app.reply_templates.rules.review import ReviewState, next_review_on, remind_on, review_state

K = PlaceholderKind


@pytest.mark.order("O-6.2.6")
@pytest.mark.parametrize(
    ("kind", "good"),
    [
        (K.NAME, ["Иван", "Анна-Мария О'Нил", "ООО «Ромашка»", "Иван П.", "José", "Ёж"]),
        (K.URL, ["https://econom.nso.ru/page/1?x=%D0%B9#a", "http://a.ru", "https://мой.рф/путь"]),
        (K.DATE, ["01.12.2026", "2026-12-01", "1 декабря", "1 декабря 2026", "1 декабря 2026 года", "29 февраля"]),
        (K.PHONE, ["+7 383 238-67-00", "8 (383) 000-00-00", "238-66-99", "112", "+7 383 238-66-99 доб. 12"]),
        (K.ADDRESS, ["630007, г. Новосибирск, Красный пр., 18/2", "ул. 1-я Лесная, д. 3 (вход №2)"]),
        (K.NUMBER, ["27", "2026-000001", "А-12/34", "№ 105", "54:35:0100"]),
    ],
)
def test_valid_values_are_accepted(kind: PlaceholderKind, good: list[str]) -> None:
    assert [value for value in good if not is_sound(kind, value)] == []


def test_the_examples_are_valid() -> None:
    assert [kind for kind in PlaceholderKind if not is_sound(kind, EXAMPLES[kind])] == []


HOSTILE = [
    "{0.__class__}",
    "{{7*7}}",
    "{имя}",
    "a\u202eb",
    "a\u2066b1",
    "a\nb",
    "<b>1</b>",
    "a\u200b1",
    "x" * 10_000,
    "",
]


@pytest.mark.parametrize(
    ("kind", "bad"),
    [
        (K.NAME, ["123", " Иван", "Иван ", "https://a.ru", "e\u0301\u0301\u0301\u0301", "a" * 201]),
        (K.URL, ["a.ru", "javascript:alert(1)", "ftp://a.ru", "https://u:p@a.ru", "https://a.ru/ x", "https://"]),
        (K.DATE, ["31.02.2026", "30 февраля", "завтра", "до 1 мая", "01.12.2026 01.12.2026", "1 мая!", "2026"]),
        (K.PHONE, ["12", "звоните", "+7", "8 383 238-67-00 и 112", "1" * 40]),
        (K.ADDRESS, ["1", "!!!"]),
        (K.NUMBER, ["номер", "-1", "1-", "1; DROP"]),
    ],
)
def test_invalid_values_are_rejected(kind: PlaceholderKind, bad: list[str]) -> None:
    assert [value for value in [*bad, *HOSTILE] if is_sound(kind, value)] == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("до 15.03.2026 г. включительно", ["15.03.2026 г."]),
        ("15 марта 2026 года и 1 Апреля", ["15 марта 2026 года", "1 Апреля"]),
        ("с 1 по 15 марта 2026", ["15 марта 2026"]),
        ("2026-03-15T10:00", ["2026-03-15"]),
        ("тел. 12.34.2026, 31.02.2026, 115.03.2026, 1.2.15.03.2026, 15.03.2026.1", []),
        ("👩‍👩‍👧 1 мая", ["1 мая"]),
    ],
)
def test_dates_are_found_with_their_ranges(text: str, found: list[str]) -> None:
    assert [text[one.start : one.end] for one in find_dates(text)] == found


@pytest.mark.order("O-6.2.6")
@pytest.mark.parametrize(
    ("text", "quotes"),
    [
        ("Приём до 15 марта 2026 года.", ["15 марта 2026 года"]),
        ("Приём заявок 15.03.2026 в 10:00", ["15.03.2026"]),
        ("Приём до 01.12.2026", []),  # in the future
        ("Приём до 01.11.2026", []),  # the day itself is not past
        ("Приём до 31.10.2026", ["31.10.2026"]),
        ("С 1 марта 2024 года действует льгота, после 01.01.2025 тоже", []),  # a start date never expires
        ("с 1 по 15 марта 2026", ["15 марта 2026"]),
        ("Подайте до 1 апреля.", ["1 апреля"]),  # of 2026: the text was published on 10.01.2026
        ("Не позднее 1 января!", []),  # of 2027
        ("1 апреля мы работаем", []),  # not a deadline
        ("Ежегодно подавайте отчёт до 1 апреля.", []),
        ("Ежегодно мы растём. Подайте до 1 апреля.", ["1 апреля"]),
        ("Приказ от 15.02.2024 № 27; № 122 от 25.11.2019", []),  # an act's own date
        ("Приказ от 15 февраля 2024 г. N 27, приём до 02.02.2025", ["02.02.2025"]),
    ],
)
def test_past_dates_are_found(text: str, quotes: list[str]) -> None:
    found = find_passed_days(text, date(2026, 1, 10), date(2026, 11, 1))
    assert [text[one.start : one.end] for one in found] == quotes


@pytest.mark.parametrize(
    ("text", "acts"),
    [
        ("приказ от 15.02.2024 № 27", [("15.02.2024 № 27", "27", date(2024, 2, 15))]),
        ("приказа №27-НПА от 15 февраля 2024 года", [("№27-НПА от 15 февраля 2024 года", "27-нпа", date(2024, 2, 15))]),
        ("закон № 59-ФЗ", [("№ 59-ФЗ", "59-фз", None)]),
        ("закон от 02.05.2006 № 59‑ФЗ", [("02.05.2006 № 59‑ФЗ", "59-фз", date(2006, 5, 2))]),
        ("дом № 27, 15 февраля", []),
        ("от 31.02.2024 № 27", []),
    ],
)
def test_act_citations_are_found_with_their_ranges(text: str, acts: list[tuple[str, str, date | None]]) -> None:
    assert [(text[a.start : a.end], a.number, a.signed_on) for a in find_acts(text)] == acts


def test_a_number_alone_matches_only_without_an_act_in_force_of_that_number() -> None:
    (cited,) = find_acts("закон 59-ФЗ")
    assert is_same_act(cited, "59-ФЗ", date(2006, 5, 2), [])
    assert not is_same_act(cited, "59-ФЗ", date(2006, 5, 2), ["59-фз"])
    (dated,) = find_acts("от 02.05.2006 № 59-ФЗ")
    assert is_same_act(dated, "59-ФЗ", date(2006, 5, 2), ["59-фз"])
    assert not is_same_act(dated, "59-ФЗ", date(2016, 5, 2), [])


@pytest.mark.order("O-6.2.6")
def test_review_dates_and_states() -> None:
    due = next_review_on(date(2026, 1, 31), 180)
    assert due == date(2026, 7, 30)
    assert remind_on(due, 180) == date(2026, 7, 16) and remind_on(due, 10) == due - timedelta(days=5)
    remind = remind_on(due, 180)
    day = timedelta(days=1)
    assert review_state(due, remind, remind - day) is ReviewState.CURRENT
    assert review_state(due, remind, remind) is review_state(due, remind, due) is ReviewState.DUE_SOON
    assert review_state(due, remind, due + day) is ReviewState.OVERDUE
    assert review_state(None, None, due) is None


@pytest.mark.order("O-6.2.6")
@pytest.mark.parametrize(
    ("old", "new", "readable"),
    [
        ("Здравствуйте, {имя}!", "Добрый день, {имя}!", "[было: Здравствуйте][стало: Добрый день], {имя}!"),
        ("Заём до 3 млн рублей.", "Заём до 5 млн рублей.", "Заём до [было: 3] [стало: 5] млн рублей."),
        ("а б", "а", "а [было: б]"),
        ("а", "а б", "а [стало: б]"),
        ("а", "а\n", "а[стало: перенос строки]"),
        ("", "Новый", "[стало: Новый]"),
        ("то же", "то же", "то же"),
    ],
)
def test_differences_are_readable(old: str, new: str, readable: str) -> None:
    assert diff.readable(diff.compare(old, new)).replace("  ", " ") == readable


WORDS = st.lists(
    st.sampled_from(["а", "б ", "\n", ". ", "{имя}", "👩‍👩‍👧", "е\u0301", "слово-слово ", "  "]), max_size=60
)


@given(WORDS.map("".join), WORDS.map("".join))
def test_the_parts_reproduce_both_texts(old: str, new: str) -> None:
    parts = diff.compare(old, new)
    assert "".join(part.text for part in parts if part.kind is not PartKind.ADDED) == old
    assert "".join(part.text for part in parts if part.kind is not PartKind.REMOVED) == new
    assert all(one.kind is not other.kind for one, other in pairwise(parts))


def test_texts_of_repeated_words_are_compared_quickly() -> None:
    old, new = "а б " * 2500, "б а а " * 1600
    parts = diff.compare(old, new)
    assert "".join(part.text for part in parts if part.kind is not PartKind.ADDED) == old
    assert diff.added_and_removed(["а", "б", "б"], ["б", "в"]) == (["в"], ["а", "б"])


LINE = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), min_size=1).map(str.strip).filter(bool)
TEXT = st.text(st.sampled_from("аб\\nr\n\r;:' "), min_size=1).filter(lambda text: bool(text.strip()))


@given(st.lists(TEXT, max_size=5), st.lists(LINE.filter(lambda t: not set(t) & set("\u2028\u2029")), max_size=5))
def test_cells_round_trip(examples: list[str], keywords: list[str]) -> None:
    assert list_cells.parse_lines(list_cells.format_lines(examples)) == examples
    assert list_cells.parse_keywords(list_cells.format_keywords(keywords)) == keywords


def test_handwritten_cells_are_parsed() -> None:
    assert list_cells.parse_keywords("заём; займ ;;льгота") == ["заём", "займ", "льгота"]
    assert list_cells.parse_keywords("заём\r\nзайм\n\n") == ["заём", "займ"]
    assert list_cells.parse_lines("") == []
