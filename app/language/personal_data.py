"""Find possible personal data in free text: numbers with a valid checksum, e-mail addresses, telephones (152-FZ).

A match is a range of the text and never contains the value. Every pattern is unambiguous, so matching is linear.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum

import phonenumbers


class PersonalDataKind(StrEnum):
    """The kind of personal data."""

    CARD = "card"
    SNILS = "snils"
    INN = "inn"
    PASSPORT = "passport"
    PHONE = "phone"
    EMAIL = "email"


@dataclass(frozen=True, slots=True, order=True)
class PersonalDataMatch:
    """A range of a text with possible personal data, in code points `[start:end]`."""

    start: int
    end: int
    kind: PersonalDataKind


# A run of digits with single spaces or hyphens between them, not inside a longer word or number.
_NUMBER = re.compile(r"(?<![\w+])[0-9](?:[ \u00a0-]?[0-9])*(?!\w)")
_EMAIL = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@(?:[\w-]{1,63}\.){1,8}[^\W\d_]{2,24}(?!\w)")
_PASSPORT = re.compile(r"(?<![\w+])[0-9]{2}[ \u00a0]?[0-9]{2}[ \u00a0]+(?:№[ \u00a0]*)?[0-9]{6}(?!\w)")
# After the word «паспорт» or «серия» the parts may be written in any way: «серия 5004, номер 123456», «5004-123456».
_NAMED_PASSPORT = re.compile(
    r"(?:паспорт|сери[яиюе])[^\W\d]*+[^0-9\n]{0,30}([0-9]{2}[ \u00a0]?[0-9]{2}[ \u00a0,;:.№-]{0,4}(?:номер|N)?"
    r"[ \u00a0,;:.№-]{0,4}[0-9]{3}[ \u00a0]?[0-9]{3})(?!\w)",
    re.IGNORECASE,
)


def find_personal_data(text: str) -> list[PersonalDataMatch]:
    """Return the ranges of possible personal data in order, without overlaps."""
    found: list[PersonalDataMatch] = []
    covered = bytearray(len(text))
    for kind, spans in (
        (PersonalDataKind.EMAIL, _find_spans(_EMAIL, text)),
        (PersonalDataKind.CARD, _find_numbers(text, is_card)),
        (PersonalDataKind.SNILS, _find_numbers(text, is_snils)),
        (PersonalDataKind.INN, _find_numbers(text, is_inn)),
        (PersonalDataKind.PASSPORT, _find_passports(text)),
        (PersonalDataKind.PHONE, _find_phones(text)),
    ):
        for start, end in spans:
            if not any(covered[start:end]):
                covered[start:end] = b"\1" * (end - start)
                found.append(PersonalDataMatch(start, end, kind))
    return sorted(found)


def is_card(digits: str) -> bool:
    """Return whether 13 to 19 digits, not all equal, pass the Luhn check (ISO/IEC 7812)."""
    if not 13 <= len(digits) <= 19 or len(set(digits)) == 1:  # noqa: PLR2004
        return False
    doubled = [int(digit) * 2 for digit in digits[-2::-2]]
    return (sum(map(int, digits[-1::-2])) + sum(value - 9 if value > 9 else value for value in doubled)) % 10 == 0  # noqa: PLR2004


def is_snils(digits: str) -> bool:
    """Return whether 11 digits are a SNILS: the last two are the sum with weights 9 to 1, modulo 101, then 100."""
    if len(digits) != 11 or digits[:9] <= "001001998":  # noqa: PLR2004  lower numbers have no checksum
        return False
    return _weighted_sum(digits[:9], range(9, 0, -1)) % 101 % 100 == int(digits[9:])


def is_inn(digits: str) -> bool:
    """Return whether 10 digits (organization) or 12 (person) are an INN; check digits are modulo 11, then 10."""
    tens, elevens, twelves = (
        (2, 4, 10, 3, 5, 9, 4, 6, 8),
        (7, 2, 4, 10, 3, 5, 9, 4, 6, 8),
        (3, 7, 2, 4, 10, 3, 5, 9, 4, 6, 8),
    )
    if len(set(digits)) == 1:
        return False
    if len(digits) == 10:  # noqa: PLR2004
        return _weighted_sum(digits[:9], tens) % 11 % 10 == int(digits[9])
    if len(digits) == 12:  # noqa: PLR2004
        first, second = (
            _weighted_sum(digits[:10], elevens) % 11 % 10,
            _weighted_sum(digits[:11], twelves) % 11 % 10,
        )
        return (first, second) == (int(digits[10]), int(digits[11]))
    return False


def _weighted_sum(digits: str, weights: range | tuple[int, ...]) -> int:
    return sum(int(digit) * weight for digit, weight in zip(digits, weights, strict=True))


def _find_spans(pattern: re.Pattern[str], text: str) -> Iterator[tuple[int, int]]:
    for match in pattern.finditer(text):
        yield match.span()


def _find_numbers(text: str, is_valid: Callable[[str], bool]) -> Iterator[tuple[int, int]]:
    for match in _NUMBER.finditer(text):
        if is_valid(re.sub(r"[^0-9]", "", match[0])):
            yield match.span()


def _find_passports(text: str) -> Iterator[tuple[int, int]]:
    yield from _find_spans(_PASSPORT, text)
    for match in _NAMED_PASSPORT.finditer(text):
        yield match.span(1)


def _find_phones(text: str) -> Iterator[tuple[int, int]]:
    for match in phonenumbers.PhoneNumberMatcher(text, "RU", leniency=phonenumbers.Leniency.VALID):
        yield match.start, match.end
