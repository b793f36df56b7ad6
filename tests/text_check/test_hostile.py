"""Whatever is handed in: places inside the text, few findings, and work that grows with the text only."""

import importlib
import itertools
import pkgutil
import re
from re import _constants as sre  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.language import lemmas
from app.text_check import rules
from app.text_check.rules import check_context
from app.text_check.rules.addresses import find_links
from app.text_check.rules.check_context import KnownClient
from app.text_check.rules.findings import MOST_OF_A_RULE, RuleCode
from app.text_check.rules.parsed_text import ParsedText
from app.text_check.rules.pictographs import find_pictographs
from tests.text_check.factories import all_found, lexicon

C = RuleCode
CLIENT = KnownClient(("Петров Иван",), ("id123456", "+79131234567"))
PARTS = [
    "в целях", "осуществляли", "ТОСЭР", "ВНИМАНИЕ ВСЕМ", "!!", ":(", ":)", "((", "😡", "👍🏽", "❤️‍🔥", "🇷🇺",
    "1️⃣", "\u200d", "\ufe0f",
    "http://a.ru", "https://nso.ru@e.com/(", "nso.ru", "{имя}", "и\u0306", "Петрову", "8 913 123-45-67", "a@mail.ru",
    "112-233-445 95", " ", ". ", "\n", "(", ")", "«", "-", "𝒜", "İ", "ß", "\u0301",
    "было рассмотрено", "рассмотрения заявки участника",
]  # fmt: skip
TEXTS = st.one_of(
    st.lists(st.sampled_from(PARTS), min_size=1, max_size=30).map("".join),
    st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=200),
)


@settings(max_examples=150, deadline=None)
@given(TEXTS, st.sampled_from([None, "vk", "email"]), st.booleans())
def test_a_place_lies_inside_the_text_and_is_what_the_finding_is_about(
    text: str, channel: str | None, is_public: bool
) -> None:
    told = all_found(text, channel, is_public=is_public, client=CLIENT)
    assert told == sorted(told, key=lambda one: (one.start, one.end, one.code))
    assert told == all_found(text, channel, is_public=is_public, client=CLIENT), "the same text, the same findings"
    for one in told:
        place = text[one.start : one.end]
        assert 0 <= one.start < one.end <= len(text)
        if one.code is C.PLACEHOLDER_MISSING:
            assert place[0] == "{" and place[-1] == "}" and "{" not in place[1:]
        elif one.code in (C.EMOJI_NOT_POSITIVE, C.EMOJI_NOT_SOCIAL):
            assert any(not c.isalnum() or c in "xXхХDPpРр0123456789" for c in place) and not place.isspace()
        elif one.code in (C.LINK_NOT_HTTPS, C.LINK_MISLEADING, C.LINK_BARE):
            assert not re.search(r"\s", place) and ("://" in place or "." in place)
        elif one.code is C.REPEATED_PUNCTUATION:
            assert set(place) <= set("!?")
        elif one.code is C.BUREAUCRATIC_PHRASE:
            assert list(lexicon().bureaucratic.find(ParsedText(place))), "the place alone is the phrase"
        elif one.code is C.CAPITALS:
            assert place.upper() == place and place[0].isalpha()


@given(TEXTS)
def test_words_links_and_emoji_stand_in_order_and_never_overlap(text: str) -> None:
    parsed = ParsedText(text)
    for row in (parsed.words, parsed.sentences, parsed.links, find_links(text)):
        places = [(one.start, one.end) for one in row]
        assert all(start < end for start, end in places)
        assert all(before[1] <= after[0] for before, after in itertools.pairwise(places))
    for one in find_pictographs(text):
        assert 0 <= one.start < one.end <= len(text) and one.key


HOSTILE = [
    "а" * 10_000, "аб " * 3333, "." * 9999 + "а", ":" * 10_000, "(" * 10_000, ")" * 10_000,
    "👨\u200d" * 5000, "🇷" * 10_000, "https://" * 1250, "a." * 5000, "a.ru " * 2000, "a@" * 5000,
    "1 " * 5000, "а-" * 5000, "а" + "\u0301" * 9999, "АБВ " * 2500,
    "{" * 10_000, "{а" * 5000, "!" * 10_000, ":)" * 5000,
    "в целях " * 1250, "\n" * 9999 + "а", "." + " " * 9998 + "а", "вопроса " * 1250,
    "x://" * 2500, ("a" * 60 + ".") * 160,
    "😡" * 10_000, "ТОСЭР(" * 1666, "не " * 3333, "id123456 " * 1111, "\u200d" * 9999 + "а",
]  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: ascii(text[:6]))
def test_findings_are_few_whatever_comes(text: str) -> None:
    told = all_found(text, "vk", is_public=True, client=CLIENT)
    by_code = [sum(one.code is code for one in told) for code in C]
    assert max(by_code) <= MOST_OF_A_RULE
    assert all(0 <= one.start < one.end <= len(text) for one in told)


def test_phrases_are_looked_for_in_steps_that_grow_with_the_text(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every word begins a phrase that breaks off at its last word."""
    steps = 0
    after = check_context._find_branches

    def counted(*told: Any) -> Any:
        nonlocal steps
        steps += 1
        return after(*told)

    monkeypatch.setattr(check_context, "_find_branches", counted)
    counts = []
    for size in (100, 200, 400):
        steps = 0
        list(lexicon().bureaucratic.find(ParsedText("в порядке установленном " * size)))
        counts.append(steps)
    assert counts[1] <= 2 * counts[0] + 20 and counts[2] <= 2 * counts[1] + 20
    assert counts[2] <= 3 * 400 * check_context.MAX_PHRASE_WORDS


def test_a_word_is_looked_up_once_for_all_rules_and_never_a_long_one() -> None:
    lemmas.analyze_word.cache_clear()
    all_found("Данной услуги нет. " * 200 + "а" * 5000, "vk", is_public=True)
    known = lemmas.analyze_word.cache_info()
    assert known.misses < 100
    (only,) = lemmas.analyze_word("б" * 5000)
    assert not only.is_known and only.tags == frozenset()


def patterns() -> dict[str, re.Pattern[str]]:
    found = {}
    for module in pkgutil.iter_modules(rules.__path__):
        for name, value in vars(importlib.import_module(f"{rules.__name__}.{module.name}")).items():
            if isinstance(value, re.Pattern):
                found[f"{module.name}.{name}"] = value
    return found


def unbounded_faults(items: Any, *, is_inside: bool = False) -> list[str]:
    """What may take more steps than there are characters: a repeat without end that can give back what it took."""
    faults = []
    for op, told in items:
        if op in (sre.MAX_REPEAT, sre.MIN_REPEAT):
            if told[1] is sre.MAXREPEAT:
                faults.append(f"{op} without end")
            faults += unbounded_faults(told[2], is_inside=is_inside)
        elif op is sre.POSSESSIVE_REPEAT:
            is_endless = told[1] is sre.MAXREPEAT
            if is_endless and is_inside:
                faults.append("a repeat without end inside another")
            faults += unbounded_faults(told[2], is_inside=is_inside or is_endless)
        elif op is sre.SUBPATTERN:
            faults += unbounded_faults(told[3], is_inside=is_inside)
        elif op is sre.BRANCH:
            for branch in told[1]:
                faults += unbounded_faults(branch, is_inside=is_inside)
        elif op in (sre.ASSERT, sre.ASSERT_NOT):
            faults += unbounded_faults(told[1], is_inside=is_inside)
    return faults


def test_no_pattern_can_go_back_without_end() -> None:
    known = patterns()
    assert len(known) > 15
    for name, pattern in known.items():
        assert unbounded_faults(parser.parse(pattern.pattern, pattern.flags)) == [], name
    assert unbounded_faults(parser.parse(r"(a+)+$")) and unbounded_faults(parser.parse(r"a*b")), "the guard bites"
