"""Find past dates and citations of legal acts in a text (O-6.2.6)."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from app.reply_templates.rules.date_mentions import DATE, find_dates, to_found_date

_NUMBER_SIGN = r"(?:№|N|No\.?)[ \u00a0]?"
_ACT_NUMBER = r"(?P<number>[0-9]{1,6}(?:[-‑–/][0-9а-яёa-z]{1,8}){0,3})(?![\w])"
_YEAR_WORD = r"(?:[ \u00a0]?(?:года?|г\.?))?"
_CITATIONS = (
    re.compile(rf"(?<![0-9.\-/]){DATE}{_YEAR_WORD},?[ \u00a0]{{0,2}}{_NUMBER_SIGN}{_ACT_NUMBER}", re.IGNORECASE),
    re.compile(rf"{_NUMBER_SIGN}{_ACT_NUMBER}[ \u00a0]{{1,2}}от[ \u00a0]{DATE}{_YEAR_WORD}", re.IGNORECASE),
)
_BY_NUMBER = re.compile(
    rf"(?<![\w\-/])(?:{_NUMBER_SIGN})?(?P<number>[0-9]{{1,4}}[-‑–](?:ФЗ|ФКЗ|ОЗ))(?!\w)", re.IGNORECASE
)
_BEFORE = re.compile(r"([^\W\d_]+)[ \u00a0]*\Z")
_START_WORDS = frozenset({"с", "со", "от", "после"})
_DEADLINE_WORDS = frozenset({"до", "по", "позднее", "позже"})
_SENTENCE = re.compile(r"[.!?\n]\s")


@dataclass(frozen=True, slots=True)
class ActCitation:
    """A citation of a legal act, in code points; `signed_on` is None if the text gives only the number."""

    start: int
    end: int
    number: str
    signed_on: date | None


@dataclass(frozen=True, slots=True)
class PassedDay:
    """A past date in a text, in code points."""

    start: int
    end: int
    day: date


def find_acts(text: str) -> list[ActCitation]:
    """Return the acts cited by number and date, or by an unambiguous number such as 59-ФЗ, in order."""
    found: list[ActCitation] = []
    for pattern in _CITATIONS:
        for match in pattern.finditer(text):
            signed = to_found_date(match)
            if signed is not None and signed.year is not None:
                day = signed.on_or_after(date.min)
                found.append(ActCitation(match.start(), match.end(), same_number(match["number"]), day))
    ranges = [(citation.start, citation.end) for citation in found]
    for match in _BY_NUMBER.finditer(text):
        if not any(start < match.end() and match.start() < end for start, end in ranges):
            found.append(ActCitation(match.start(), match.end(), same_number(match["number"]), None))
    return sorted(found, key=lambda citation: citation.start)


def same_number(number: str) -> str:
    """Normalize an act's number for comparison: lower case, one kind of hyphen, no spaces."""
    return re.sub(r"\s", "", re.sub(r"[‑–—]", "-", number)).casefold()


def find_passed_days(text: str, written_on: date, today: date) -> Iterator[PassedDay]:
    """Yield the past dates of a text, except start dates («с 1 марта 2024») and the dates of cited acts.

    A date without a year counts only as a deadline («до 1 апреля»): it is the first such date on or after `written_on`,
    when the text was published or reviewed. «Ежегодно до 1 апреля» never expires.
    """
    acts = find_acts(text)
    for found in find_dates(text):
        if any(act.start <= found.start and found.end <= act.end for act in acts):
            continue
        before = _get_word_before(text, found.start)
        if before in _START_WORDS or (found.year is None and before not in _DEADLINE_WORDS):
            continue
        day = found.on_or_after(written_on)
        if day < today and not (found.year is None and _is_yearly(text, found.start)):
            yield PassedDay(found.start, found.end, day)


def is_same_act(citation: ActCitation, number: str, signed_on: date, numbers_in_force: Iterable[str]) -> bool:
    """Return whether a citation refers to the act; a number alone does unless an act in force has the same number."""
    if citation.number != same_number(number):
        return False
    return citation.signed_on == signed_on if citation.signed_on else citation.number not in numbers_in_force


def _get_word_before(text: str, place: int) -> str:
    match = _BEFORE.search(text, max(0, place - 20), place)
    return match[1].lower() if match else ""


def _is_yearly(text: str, place: int) -> bool:
    *_, last = [0, *(match.end() for match in _SENTENCE.finditer(text, 0, place))]
    return "ежегодно" in text[last:place].lower()
