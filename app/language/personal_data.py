"""Suspicion of personal data in free text: numbers that pass their own checksum, addresses, telephones (152-FZ).

A suspicion is a place in the text, never its value. Every pattern is linear: nothing in it can match in two ways.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum

import phonenumbers


class PersonalDataKind(StrEnum):
    """What a place in a text may be."""

    CARD = "card"
    SNILS = "snils"
    INN = "inn"
    PASSPORT = "passport"
    PHONE = "phone"
    EMAIL = "email"


@dataclass(frozen=True, slots=True, order=True)
class PersonalDataMatch:
    """A place that may hold personal data, in code points from `start` up to `end`."""

    start: int
    end: int
    kind: PersonalDataKind


# A run of digits with single blanks or hyphens between them, not inside a longer word or number.
_NUMBER = re.compile(r"(?<![\w+])[0-9](?:[ \u00a0-]?[0-9])*(?!\w)")
_EMAIL = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@(?:[\w-]{1,63}\.){1,8}[^\W\d_]{2,24}(?!\w)")
_PASSPORT = re.compile(r"(?<![\w+])[0-9]{2}[ \u00a0]?[0-9]{2}[ \u00a0]+(?:№[ \u00a0]*)?[0-9]{6}(?!\w)")
# Where it is called one its parts stand in any spelling: «серия 5004, номер 123456», «50 04 123 456», «5004-123456».
_CALLED_PASSPORT = re.compile(
    r"(?:паспорт|сери[яиюе])[^\W\d]*+[^0-9\n]{0,30}([0-9]{2}[ \u00a0]?[0-9]{2}[ \u00a0,;:.№-]{0,4}(?:номер|N)?"
    r"[ \u00a0,;:.№-]{0,4}[0-9]{3}[ \u00a0]?[0-9]{3})(?!\w)",
    re.IGNORECASE,
)


def find_personal_data(text: str) -> list[PersonalDataMatch]:
    """The places of a text that may hold personal data, in order; none is named twice."""
    found: list[PersonalDataMatch] = []
    taken = bytearray(len(text))
    for kind, spans in (
        (PersonalDataKind.EMAIL, _spans(_EMAIL, text)),
        (PersonalDataKind.CARD, _numbers(text, is_card)),
        (PersonalDataKind.SNILS, _numbers(text, is_snils)),
        (PersonalDataKind.INN, _numbers(text, is_inn)),
        (PersonalDataKind.PASSPORT, _passports(text)),
        (PersonalDataKind.PHONE, _phones(text)),
    ):
        for start, end in spans:
            if not any(taken[start:end]):
                taken[start:end] = b"\1" * (end - start)
                found.append(PersonalDataMatch(start, end, kind))
    return sorted(found)


def is_card(digits: str) -> bool:
    """13 to 19 digits that pass Luhn's check (ISO/IEC 7812), not all of them the same."""
    if not 13 <= len(digits) <= 19 or len(set(digits)) == 1:  # noqa: PLR2004
        return False
    doubled = [int(digit) * 2 for digit in digits[-2::-2]]
    return (sum(map(int, digits[-1::-2])) + sum(value - 9 if value > 9 else value for value in doubled)) % 10 == 0  # noqa: PLR2004


def is_snils(digits: str) -> bool:
    """11 digits, the last two of them the sum of the others by weights 9 to 1, modulo 101 (then 100)."""
    if len(digits) != 11 or digits[:9] <= "001001998":  # noqa: PLR2004  below that number there is no check
        return False
    return _weighed(digits[:9], range(9, 0, -1)) % 101 % 100 == int(digits[9:])


def is_inn(digits: str) -> bool:
    """10 digits of an organization or 12 of a person, with one or two check digits (modulo 11, then 10)."""
    tens, elevens, twelves = (
        (2, 4, 10, 3, 5, 9, 4, 6, 8),
        (7, 2, 4, 10, 3, 5, 9, 4, 6, 8),
        (3, 7, 2, 4, 10, 3, 5, 9, 4, 6, 8),
    )
    if len(set(digits)) == 1:
        return False
    if len(digits) == 10:  # noqa: PLR2004
        return _weighed(digits[:9], tens) % 11 % 10 == int(digits[9])
    if len(digits) == 12:  # noqa: PLR2004
        first, second = _weighed(digits[:10], elevens) % 11 % 10, _weighed(digits[:11], twelves) % 11 % 10
        return (first, second) == (int(digits[10]), int(digits[11]))
    return False


def _weighed(digits: str, weights: range | tuple[int, ...]) -> int:
    return sum(int(digit) * weight for digit, weight in zip(digits, weights, strict=True))


def _spans(pattern: re.Pattern[str], text: str) -> Iterator[tuple[int, int]]:
    for match in pattern.finditer(text):
        yield match.span()


def _numbers(text: str, is_one: Callable[[str], bool]) -> Iterator[tuple[int, int]]:
    for match in _NUMBER.finditer(text):
        if is_one(re.sub(r"[^0-9]", "", match[0])):
            yield match.span()


def _passports(text: str) -> Iterator[tuple[int, int]]:
    yield from _spans(_PASSPORT, text)
    for match in _CALLED_PASSPORT.finditer(text):
        yield match.span(1)


def _phones(text: str) -> Iterator[tuple[int, int]]:
    for match in phonenumbers.PhoneNumberMatcher(text, "RU", leniency=phonenumbers.Leniency.VALID):
        yield match.start, match.end
