"""What a text mentions that time may have overtaken: days that passed, and legal acts by number and date (O-6.2.6)."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from app.reply_templates.rules.date_mentions import DATE, find_dates, found_date

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
_BEGINNINGS = frozenset({"с", "со", "от", "после"})
_ENDS = frozenset({"до", "по", "позднее", "позже"})
_SENTENCE = re.compile(r"[.!?\n]\s")


@dataclass(frozen=True, slots=True)
class ActCitation:
    """A legal act that a text names, in code points; without a day where the text gives the number alone."""

    start: int
    end: int
    number: str
    signed_on: date | None


@dataclass(frozen=True, slots=True)
class PassedDay:
    """A day of a text that is over, in code points."""

    start: int
    end: int
    day: date


def find_acts(text: str) -> list[ActCitation]:
    """The acts that a text names by number and date, or by a number that speaks for itself (59-ФЗ), in order."""
    found: list[ActCitation] = []
    for pattern in _CITATIONS:
        for match in pattern.finditer(text):
            told = found_date(match)
            if told is not None and told.year is not None:
                day = told.on_or_after(date.min)
                found.append(ActCitation(match.start(), match.end(), same_number(match["number"]), day))
    taken = [(citation.start, citation.end) for citation in found]
    for match in _BY_NUMBER.finditer(text):
        if not any(start < match.end() and match.start() < end for start, end in taken):
            found.append(ActCitation(match.start(), match.end(), same_number(match["number"]), None))
    return sorted(found, key=lambda citation: citation.start)


def same_number(number: str) -> str:
    """A number of an act as it is compared: small letters, one kind of hyphen, no blanks."""
    return re.sub(r"\s", "", re.sub(r"[‑–—]", "-", number)).casefold()


def find_passed_days(text: str, written_on: date, today: date) -> Iterator[PassedDay]:
    """The days of a text that are over; a beginning («с 1 марта 2024») stays true, and so does an act's own date.

    A day without a year counts when something ends with it («до 1 апреля»): the first one from the day on which the
    text was published or confirmed. «Ежегодно до 1 апреля» never passes.
    """
    acts = find_acts(text)
    for found in find_dates(text):
        if any(act.start <= found.start and found.end <= act.end for act in acts):
            continue
        before = _word_before(text, found.start)
        if before in _BEGINNINGS or (found.year is None and before not in _ENDS):
            continue
        day = found.on_or_after(written_on)
        if day < today and not (found.year is None and _comes_every_year(text, found.start)):
            yield PassedDay(found.start, found.end, day)


def is_same_act(citation: ActCitation, number: str, signed_on: date, numbers_in_force: Iterable[str]) -> bool:
    """Whether a citation means the act; a number alone does when no act in force has it too."""
    if citation.number != same_number(number):
        return False
    return citation.signed_on == signed_on if citation.signed_on else citation.number not in numbers_in_force


def _word_before(text: str, place: int) -> str:
    match = _BEFORE.search(text, max(0, place - 20), place)
    return match[1].lower() if match else ""


def _comes_every_year(text: str, place: int) -> bool:
    *_, last = [0, *(match.end() for match in _SENTENCE.finditer(text, 0, place))]
    return "ежегодно" in text[last:place].lower()
