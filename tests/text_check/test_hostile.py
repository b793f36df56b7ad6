"""Hostile texts: positions inside the text, a limited number of findings, and linear work."""

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
from tests.text_check.factories import find_all, load_lexicon

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
def test_a_finding_lies_inside_the_text_and_fits_its_rule(text: str, channel: str | None, is_public: bool) -> None:
    findings = find_all(text, channel, is_public=is_public, client=CLIENT)
    assert findings == sorted(findings, key=lambda finding: (finding.start, finding.end, finding.code))
    assert findings == find_all(text, channel, is_public=is_public, client=CLIENT), "the check must be deterministic"
    for finding in findings:
        place = text[finding.start : finding.end]
        assert 0 <= finding.start < finding.end <= len(text)
        if finding.code is C.PLACEHOLDER_MISSING:
            assert place[0] == "{" and place[-1] == "}" and "{" not in place[1:]
        elif finding.code in (C.EMOJI_NOT_POSITIVE, C.EMOJI_NOT_SOCIAL):
            assert any(not c.isalnum() or c in "xXхХDPpРр0123456789" for c in place) and not place.isspace()
        elif finding.code in (C.LINK_NOT_HTTPS, C.LINK_MISLEADING, C.LINK_BARE):
            assert not re.search(r"\s", place) and ("://" in place or "." in place)
        elif finding.code is C.REPEATED_PUNCTUATION:
            assert set(place) <= set("!?")
        elif finding.code is C.BUREAUCRATIC_PHRASE:
            assert list(load_lexicon().bureaucratic.find(ParsedText(place))), "the place must be the phrase itself"
        elif finding.code is C.CAPITALS:
            assert place.upper() == place and place[0].isalpha()


@given(TEXTS)
def test_words_links_and_emoji_are_ordered_and_do_not_overlap(text: str) -> None:
    parsed = ParsedText(text)
    for items in (parsed.words, parsed.sentences, parsed.links, find_links(text)):
        places = [(item.start, item.end) for item in items]
        assert all(start < end for start, end in places)
        assert all(before[1] <= after[0] for before, after in itertools.pairwise(places))
    for pictograph in find_pictographs(text):
        assert 0 <= pictograph.start < pictograph.end <= len(text) and pictograph.key


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
def test_the_number_of_findings_is_limited(text: str) -> None:
    findings = find_all(text, "vk", is_public=True, client=CLIENT)
    by_code = [sum(finding.code is code for finding in findings) for code in C]
    assert max(by_code) <= MOST_OF_A_RULE
    assert all(0 <= finding.start < finding.end <= len(text) for finding in findings)


def test_the_search_for_phrases_is_linear(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every word starts a phrase that fails at its last word."""
    steps = 0
    find_branches = check_context._find_branches

    def count_steps(*args: Any) -> Any:
        nonlocal steps
        steps += 1
        return find_branches(*args)

    monkeypatch.setattr(check_context, "_find_branches", count_steps)
    counts = []
    for size in (100, 200, 400):
        steps = 0
        list(load_lexicon().bureaucratic.find(ParsedText("в порядке установленном " * size)))
        counts.append(steps)
    assert counts[1] <= 2 * counts[0] + 20 and counts[2] <= 2 * counts[1] + 20
    assert counts[2] <= 3 * 400 * check_context.MAX_PHRASE_WORDS


def test_a_word_is_analyzed_once_and_a_long_word_never() -> None:
    lemmas.analyze_word.cache_clear()
    find_all("Данной услуги нет. " * 200 + "а" * 5000, "vk", is_public=True)
    cache_info = lemmas.analyze_word.cache_info()
    assert cache_info.misses < 100
    (analysis,) = lemmas.analyze_word("б" * 5000)
    assert not analysis.is_known and analysis.tags == frozenset()


def collect_patterns() -> dict[str, re.Pattern[str]]:
    patterns = {}
    for module in pkgutil.iter_modules(rules.__path__):
        for name, value in vars(importlib.import_module(f"{rules.__name__}.{module.name}")).items():
            if isinstance(value, re.Pattern):
                patterns[f"{module.name}.{name}"] = value
    return patterns


def find_unbounded_repeats(items: Any, *, is_inside: bool = False) -> list[str]:
    """Return the unbounded repeats of a pattern that may backtrack or are nested."""
    problems = []
    for op, argument in items:
        if op in (sre.MAX_REPEAT, sre.MIN_REPEAT):
            if argument[1] is sre.MAXREPEAT:
                problems.append(f"{op} without limit")
            problems += find_unbounded_repeats(argument[2], is_inside=is_inside)
        elif op is sre.POSSESSIVE_REPEAT:
            is_endless = argument[1] is sre.MAXREPEAT
            if is_endless and is_inside:
                problems.append("a repeat without limit inside another")
            problems += find_unbounded_repeats(argument[2], is_inside=is_inside or is_endless)
        elif op is sre.SUBPATTERN:
            problems += find_unbounded_repeats(argument[3], is_inside=is_inside)
        elif op is sre.BRANCH:
            for branch in argument[1]:
                problems += find_unbounded_repeats(branch, is_inside=is_inside)
        elif op in (sre.ASSERT, sre.ASSERT_NOT):
            problems += find_unbounded_repeats(argument[1], is_inside=is_inside)
    return problems


def test_no_pattern_has_unbounded_backtracking() -> None:
    patterns = collect_patterns()
    assert len(patterns) > 15
    for name, pattern in patterns.items():
        assert find_unbounded_repeats(parser.parse(pattern.pattern, pattern.flags)) == [], name
    assert find_unbounded_repeats(parser.parse(r"(a+)+$")) and find_unbounded_repeats(parser.parse(r"a*b")), (
        "the guard must detect unbounded repeats"
    )
