"""Detection and masking of personal data."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.language.lemmas import lemmas
from app.language.masking import mask_personal_data
from app.language.personal_data import find_personal_data


@pytest.mark.parametrize(
    ("text", "kind", "place"),
    [
        ("Мой номер +7 913 123-45-67, звоните", "phone", "+7 913 123-45-67"),
        ("8 (913) 123-45-67", "phone", "8 (913) 123-45-67"),
        ("Пишите на ivan.petrov+zaem@mail.example.ru!", "email", "ivan.petrov+zaem@mail.example.ru"),
        ("СНИЛС 112-233-445 95", "snils", "112-233-445 95"),
        ("снилс 11223344595", "snils", "11223344595"),
        ("ИНН 7707083893", "inn", "7707083893"),
        ("ИНН 500100732259.", "inn", "500100732259"),
        ("карта 4111 1111 1111 1111", "card", "4111 1111 1111 1111"),
        ("карта 4111111111111111", "card", "4111111111111111"),
        ("паспорт 5004 123456", "passport", "5004 123456"),
        ("50 04 № 123456", "passport", "50 04 № 123456"),
        ("Паспорт серии 5004123456 выдан", "passport", "5004123456"),
        ("паспорт серия 5004 номер 123456", "passport", "5004 номер 123456"),
        ("Паспорт: серия 50 04, № 123456, выдан", "passport", "50 04, № 123456"),
        ("паспорт 5004№123456", "passport", "5004№123456"),
        ("паспорт 5004-123456", "passport", "5004-123456"),
        ("паспортные данные 50 04 123 456", "passport", "50 04 123 456"),
        ("ivan@mail.example.ru- не отвечают", "email", "ivan@mail.example.ru"),
    ],
)
def test_personal_data_is_found_with_its_range(text: str, kind: str, place: str) -> None:
    assert [(one.kind.value, text[one.start : one.end]) for one in find_personal_data(text)] == [(kind, place)]


@pytest.mark.parametrize(
    "text",
    [
        "Где узнать про льготный заём до 5 000 000 рублей?",
        "Приказ от 15.02.2024 № 27, пункт 6.2.3",
        "СНИЛС 112-233-445 96",
        "ИНН 7707083894",
        "ИНН 500100732258",
        "номер заявки 4111 1111 1111 1112",
        "0000 0000 0000 0000",
        "договор 5004123456",
        "договор 5004-123456",
        "серия вебинаров 2024 года, заявка 123456",
        "сумма 123456",
        "@econom_nso",
        "a@b",
        "",
    ],
)
def test_similar_text_is_not_personal_data(text: str) -> None:
    assert find_personal_data(text) == []


def test_several_matches_are_ordered_and_unique() -> None:
    text = "Почта a.b@c.ru, СНИЛС 112-233-445 95, карта 4111 1111 1111 1111, тел. +79131234567"
    assert [one.kind.value for one in find_personal_data(text)] == ["email", "snils", "card", "phone"]


@given(st.text(alphabet=st.sampled_from("0123456789 -+@.()№aя\n\t"), max_size=300))
def test_ranges_are_within_the_text_and_do_not_overlap(text: str) -> None:
    found = find_personal_data(text)
    assert all(0 <= one.start < one.end <= len(text) for one in found)
    assert all(before.end <= after.start for before, after in pairwise(found))


@pytest.mark.parametrize(
    "text",
    ["1" * 10_000, "1 " * 5_000, "@" * 10_000, "a@" * 5_000, "a." * 5_000 + "@", "+7" * 5_000, "паспорт" * 1_400],
)
def test_repetitive_texts_are_searched_in_linear_time(text: str) -> None:
    """The patterns are linear; a quadratic one would run for minutes here."""
    assert find_personal_data(text) == []


@pytest.mark.parametrize(
    ("text", "names", "contacts", "expected"),
    [
        ("Звоните +7 913 123-45-67, Иван", ("Иван Петров",), (), "Звоните [телефон], [имя]"),
        ("Передайте Ивану Петровичу", ("Иван Петрович",), (), "Передайте [имя]"),  # in any case form
        ("Мороз и МОРОЗ", ("Мороз П.",), (), "[имя] и [имя]"),  # whole words; an initial is not a name
        ("Подпись — лист", ("Лист Анна",), (), "Подпись — [имя]"),
        ("я vk.com/id123 и ID124", (), ("id124",), "я [контакт] и [контакт]"),
        ("СНИЛС 112-233-445 95, почта a@b.ru", (), (), "СНИЛС [СНИЛС], почта [почта]"),
        ("(.*) и 5 млн", (), ("(.*)", ""), "[контакт] и 5 млн"),  # a contact is not a pattern
        ("Где взять заём?", ("Иван",), ("id1",), "Где взять заём?"),
    ],
)
def test_personal_data_is_masked(text: str, names: tuple[str, ...], contacts: tuple[str, ...], expected: str) -> None:
    assert mask_personal_data(text, names=names, contacts=contacts) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Я Сидорова Мария, ул. Ленина 15 кв 3", "Я [имя], [адрес]"),  # not the client's name in the social network
        ("меня зовут мария сидорова", "меня зовут [имя]"),
        ("Красный проспект, 18, кв. 5. Иванов И.И., П. С. Белых", "[адрес]. [имя], [имя]"),
        ("улица 1-я Лесная, д. 3 (вход 2), Айбек Кабанбаев", "[адрес] (вход 2), [имя]"),
        ("Пишите Анне-Марии П.", "Пишите [имя]-[имя]"),
        ("пишите @masha_99, https://ok.ru/profile/12345", "пишите [контакт], [контакт]"),
        ("https://www.vk.com/id12345, VK.com/id12345, vk.ru/id12345", "[контакт], [контакт], [контакт]"),
        ("Надежда на заём, вера в лучшее, Роман прочитан", "Надежда на заём, вера в лучшее, Роман прочитан"),
        ("В Бердске и Кирове, 50 кв. м, закон 44-ФЗ, № 27", "В Бердске и Кирове, 50 кв. м, закон 44-ФЗ, № 27"),
        ("Страница vk.com/econom_nso, площадь большая", "Страница vk.com/econom_nso, площадь большая"),
    ],
)
def test_names_addresses_and_profiles_are_masked_and_other_text_is_kept(text: str, expected: str) -> None:
    assert mask_personal_data(text) == expected


@pytest.mark.parametrize(
    "text",
    ["Иван " * 2_000, "ул. " * 2_500, "ул. а " * 1_600, "А. " * 3_000, "кв " * 3_000, "@" * 10_000, "И\u0301" * 5_000],
)
def test_repetitive_texts_are_masked_in_linear_time(text: str) -> None:
    assert len(mask_personal_data(text)) <= len(text) + 10


@given(st.text(max_size=200), st.lists(st.text(max_size=20), max_size=3))
def test_masking_removes_all_known_contacts(text: str, contacts: list[str]) -> None:
    assert not any(
        len(contact) > 2 and contact.casefold() in mask_personal_data(text, contacts=contacts).casefold()
        for contact in contacts
        if contact.isascii() and contact.isdigit()
    )


def test_a_very_long_hyphenated_word_is_analyzed() -> None:
    """The dictionary splits a word at each hyphen and used to overflow the stack."""
    assert len(lemmas("по-" * 1300 + "а")) == 1
