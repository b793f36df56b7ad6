"""Texts of validation errors in Russian and English: pydantic's own are replaced, the input is never echoed."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from app.core.problems import FieldError, ValidationFailed

_MOMENT_RU = "Нужны дата и время со смещением, например «2026-11-30T10:00:00+07:00»."
_TEXTS: dict[str, tuple[str, str]] = {
    "missing": ("Обязательное поле не заполнено.", "The field is required."),
    "extra_forbidden": ("Такого поля нет.", "The field is unknown."),
    "string_type": ("Нужна строка.", "A string is required."),
    "string_too_short": (
        "Значение слишком короткое: не менее {min_length} симв.",
        "The value is too short: at least {min_length}.",
    ),
    "string_too_long": (
        "Значение слишком длинное: не более {max_length} симв.",
        "The value is too long: at most {max_length}.",
    ),
    "string_pattern_mismatch": (
        "Недопустимые символы или формат.",
        "The format or some characters are not allowed.",
    ),
    "string_unicode": ("Недопустимые символы Юникода.", "The text contains invalid Unicode."),
    "int_type": ("Нужно целое число.", "An integer is required."),
    "int_parsing": ("Нужно целое число.", "An integer is required."),
    "int_parsing_size": ("Слишком большое число.", "The number is too large."),
    "int_from_float": ("Нужно целое число.", "An integer is required."),
    "bool_type": ("Нужно «true» или «false».", "A boolean is required."),
    "bool_parsing": ("Нужно «true» или «false».", "A boolean is required."),
    "float_type": ("Нужно число.", "A number is required."),
    "finite_number": ("Нужно конечное число.", "A finite number is required."),
    "greater_than": ("Значение должно быть больше {gt}.", "The value must be greater than {gt}."),
    "greater_than_equal": ("Значение не может быть меньше {ge}.", "The value must be at least {ge}."),
    "less_than": ("Значение должно быть меньше {lt}.", "The value must be less than {lt}."),
    "less_than_equal": ("Значение не может быть больше {le}.", "The value must be at most {le}."),
    "enum": ("Недопустимое значение. Допустимы: {expected_ru}.", "Invalid value. Allowed: {expected_en}."),
    "literal_error": ("Недопустимое значение. Допустимы: {expected_ru}.", "Invalid value. Allowed: {expected_en}."),
    "uuid_parsing": ("Нужен идентификатор объекта.", "A UUID is required."),
    "uuid_type": ("Нужен идентификатор объекта.", "A UUID is required."),
    "date_type": ("Нужна дата ГГГГ-ММ-ДД.", "A date in the format YYYY-MM-DD is required."),
    "date_parsing": ("Нужна дата ГГГГ-ММ-ДД.", "A date in the format YYYY-MM-DD is required."),
    "date_from_datetime_parsing": ("Нужна дата ГГГГ-ММ-ДД.", "A date in the format YYYY-MM-DD is required."),
    "date_from_datetime_inexact": ("Нужна дата ГГГГ-ММ-ДД.", "A date in the format YYYY-MM-DD is required."),
    "date_out_of_range": ("Год должен быть от 1900 до 2200.", "The year must be between 1900 and 2200."),
    "datetime_type": (_MOMENT_RU, "A date and time by RFC 3339 is required."),
    "datetime_parsing": (_MOMENT_RU, "A date and time by RFC 3339 is required."),
    "datetime_from_date_parsing": (_MOMENT_RU, "A date and time by RFC 3339 is required."),
    "datetime_out_of_range": ("Год должен быть от 1900 до 2200.", "The year must be between 1900 and 2200."),
    "timezone_aware": ("Укажите смещение часового пояса.", "The time zone offset is required."),
    "list_type": ("Нужен список.", "A list is required."),
    "too_long": ("Слишком много элементов (не более {max_length}).", "Too many items: at most {max_length}."),
    "too_short": ("Слишком мало элементов (не менее {min_length}).", "Too few items: at least {min_length}."),
    "dict_type": ("Нужен объект.", "An object is required."),
    "model_type": ("Нужен объект.", "An object is required."),
    "model_attributes_type": ("Нужен объект.", "An object is required."),
    "json_invalid": ("Тело запроса не соответствует формату «JSON».", "The body is not valid JSON."),
    "url_parsing": ("Нужен адрес, который начинается с «https://» или «http://».", "An http(s) URL is required."),
    "url_scheme": ("Нужен адрес, который начинается с «https://» или «http://».", "An http(s) URL is required."),
}
_OTHER = ("Недопустимое значение.", "The value is invalid.")
_PLACES = ("body", "query", "path", "header", "cookie")


def to_pointer(parts: Sequence[str | int]) -> str:
    """Return the RFC 6901 pointer of a location."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in parts)


def to_field_error(error: Mapping[str, Any]) -> FieldError:
    """Convert a pydantic error; only limits and allowed values of its context appear in the texts."""
    location = list(error.get("loc", ()))
    place = str(location.pop(0)) if location and location[0] in _PLACES else "body"
    code = str(error.get("type", "invalid"))
    ru, en = _TEXTS.get(code, _OTHER)
    context = {key: value for key, value in (error.get("ctx") or {}).items() if isinstance(value, str | int)}
    # pydantic writes the allowed values as Python would: "'a', <Kind.B: 'b'> or 'c'".
    allowed = re.findall(r"'([^']*)'", str(context.get("expected", "")))
    if allowed:
        context["expected_ru"] = ", ".join(f"«{value}»" for value in allowed)
        context["expected_en"] = ", ".join(f"'{value}'" for value in allowed)
    try:
        ru, en = ru.format(**context), en.format(**context)
    except (KeyError, IndexError):
        ru, en = _OTHER
    return FieldError(to_pointer(location), code, ru, en, place)


def to_validation_failed(errors: Sequence[Mapping[str, Any]]) -> ValidationFailed:
    """Build the 422 that lists everything pydantic found."""
    return ValidationFailed(field_errors=[to_field_error(error) for error in errors])
