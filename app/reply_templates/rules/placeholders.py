"""Placeholders of templates: a closed list of names, each with a kind of value; values are never parsed (O-6.2.6)."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

import phonenumbers
from pydantic import TypeAdapter, ValidationError

from app.core.types import WebAddress
from app.reply_templates.rules.date_mentions import find_dates


class PlaceholderKind(StrEnum):
    """The kind of a placeholder's value."""

    NAME = "name"
    URL = "url"
    DATE = "date"
    PHONE = "phone"
    ADDRESS = "address"
    NUMBER = "number"


PLACEHOLDERS: Mapping[str, PlaceholderKind] = {
    "имя": PlaceholderKind.NAME,
    "ссылка": PlaceholderKind.URL,
    "дата": PlaceholderKind.DATE,
    "телефон": PlaceholderKind.PHONE,
    "адрес": PlaceholderKind.ADDRESS,
    "номер": PlaceholderKind.NUMBER,
}
"""Names that a template may use. Attributes, formats and nesting are not supported."""

VALUE_REQUIREMENTS: Mapping[PlaceholderKind, tuple[str, str]] = {
    PlaceholderKind.NAME: (
        "Укажите имя или название: не более 200 букв, цифр и простых знаков в одной строке.",
        "Enter a name: up to 200 letters, digits and plain signs on one line.",
    ),
    PlaceholderKind.URL: (
        "Укажите адрес страницы с http:// или https:// в начале, без имени пользователя.",
        "Enter an http:// or https:// address without a user name.",
    ),
    PlaceholderKind.DATE: (
        "Укажите дату: 01.12.2026, 2026-12-01, «1 декабря 2026 года» или «1 декабря».",
        "Enter a date: 01.12.2026, 2026-12-01, or the day and month in Russian.",
    ),
    PlaceholderKind.PHONE: ("Укажите номер телефона.", "Enter a telephone number."),
    PlaceholderKind.ADDRESS: (
        "Укажите почтовый адрес: буквы, цифры и простые знаки в одной строке.",
        "Enter a postal address: letters, digits and plain signs on one line.",
    ),
    PlaceholderKind.NUMBER: (
        "Укажите номер: не более 100 цифр, букв и знаков / - . № в одной строке.",
        "Enter a number: up to 100 digits, letters and the signs / - . № on one line.",
    ),
}
"""The error text for a value of the wrong kind, in Russian and in English."""

EXAMPLES: Mapping[PlaceholderKind, str] = {
    PlaceholderKind.NAME: "Иван",
    PlaceholderKind.URL: "https://econom.nso.ru/",
    PlaceholderKind.DATE: "1 декабря 2026 года",
    PlaceholderKind.PHONE: "+7 383 238-67-00",
    PlaceholderKind.ADDRESS: "г. Новосибирск, Красный проспект, 18",
    PlaceholderKind.NUMBER: "2026-000001",
}
"""A valid value of each kind."""

_BRACED = re.compile(r"\{([^{}]*)\}")
_PHONE = re.compile(r"\+?[0-9(][0-9 ()\u00a0\-‑–]{1,30}[0-9](?:,? (?:доб\.?|вн\.?) ?[0-9]{1,6})?")
_NUMBER = re.compile(r"[\w№][\w №/.:\-‑–]{0,98}\w|\w")
_WEB_ADDRESS = TypeAdapter[str](WebAddress)
_NAME_SIGNS = frozenset(" \u00a0-‑–.,'’«»\"()&№+")
_ADDRESS_SIGNS = _NAME_SIGNS | frozenset("/;:")
_MAX_NAME = 200
_MAX_ADDRESS = 500
_MAX_MARKS = 3


@dataclass(frozen=True, slots=True)
class Span:
    """A range of a text, in code points: `text[start:end]`."""

    start: int
    end: int


def find_placeholders(text: str) -> list[str]:
    """Return the known placeholders of a text in order, without repetitions."""
    return list(dict.fromkeys(m[1] for m in _BRACED.finditer(text) if m[1] in PLACEHOLDERS))


def find_unknown_placeholders(text: str) -> list[Span]:
    """Return the ranges of braces that are not a known placeholder, including unpaired braces."""
    good = [Span(*m.span()) for m in _BRACED.finditer(text) if m[1] in PLACEHOLDERS]
    spans = [Span(*m.span()) for m in _BRACED.finditer(text) if m[1] not in PLACEHOLDERS]
    covered = {i for span in [*good, *spans] for i in range(span.start, span.end)}
    spans += [Span(i, i + 1) for i, c in enumerate(text) if c in "{}" and i not in covered]
    return sorted(spans, key=lambda span: span.start)


def fill_placeholders(text: str, values: Mapping[str, str]) -> str:
    """Replace the placeholders of a text by values in one pass. Placeholders without a value stay."""
    return _BRACED.sub(lambda m: values.get(m[1], m[0]) if m[1] in PLACEHOLDERS else m[0], text)


def is_sound(kind: PlaceholderKind, value: str) -> bool:
    """Return whether a value is of its kind. No kind allows invisible characters, braces or markup."""
    match kind:
        case PlaceholderKind.NAME:
            return len(value) <= _MAX_NAME and _is_plain(value, _NAME_SIGNS)
        case PlaceholderKind.URL:
            return _is_web_address(value)
        case PlaceholderKind.DATE:
            return any((found.start, found.end) == (0, len(value)) for found in find_dates(value))
        case PlaceholderKind.PHONE:
            return _is_phone(value)
        case PlaceholderKind.ADDRESS:
            return len(value) <= _MAX_ADDRESS and _is_plain(value, _ADDRESS_SIGNS)
    return _NUMBER.fullmatch(value) is not None and any(c.isdigit() for c in value)


def _is_plain(value: str, signs: frozenset[str]) -> bool:
    """Return whether a value has only letters, digits and `signs`, at least one letter, and no spaces at the ends.

    A letter may carry at most three combining marks.
    """
    marks = 0
    for character in value:
        category = unicodedata.category(character)[0]
        marks = marks + 1 if category == "M" else 0
        if marks > _MAX_MARKS or (category not in "LMN" and character not in signs):
            return False
    return value == value.strip() and any(character.isalpha() for character in value)


def _is_web_address(value: str) -> bool:
    if any(c.isspace() or unicodedata.category(c) in ("Cf", "Co", "Cn") or c in "{}<>\"'\\^`|" for c in value):
        return False
    try:
        _WEB_ADDRESS.validate_python(value)
    except ValidationError:
        return False
    return True


def _is_phone(value: str) -> bool:
    """Return whether a value is a telephone number: full, local, or short such as 112."""
    if not _PHONE.fullmatch(value):
        return False
    try:
        number = phonenumbers.parse(value, "RU")
    except phonenumbers.NumberParseException:
        return False
    possible = phonenumbers.ValidationResult.IS_POSSIBLE, phonenumbers.ValidationResult.IS_POSSIBLE_LOCAL_ONLY
    is_short = len(re.sub(r"[^0-9]", "", value)) in (3, 4)
    return is_short or phonenumbers.is_possible_number_with_reason(number) in possible
