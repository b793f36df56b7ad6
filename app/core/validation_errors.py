"""What pydantic finds wrong, told in words for a person: in Russian and in English, and never with the input."""

from collections.abc import Mapping, Sequence
from typing import Any

from app.core.problems import FieldError, ValidationFailed

_WORDS: dict[str, tuple[str, str]] = {
    "missing": ("Обязательное поле не заполнено.", "The field is required."),
    "extra_forbidden": ("Такого поля нет.", "There is no such field."),
    "string_type": ("Нужна строка.", "A string is needed."),
    "string_too_short": ("Слишком короткое значение (не менее {min_length}).", "Too short (at least {min_length})."),
    "string_too_long": ("Слишком длинное значение (не более {max_length}).", "Too long (at most {max_length})."),
    "string_pattern_mismatch": (
        "Недопустимые символы или формат.",
        "Characters or format that are not allowed.",
    ),
    "string_unicode": ("Недопустимые символы Юникода.", "Not sound Unicode."),
    "int_type": ("Нужно целое число.", "An integer is needed."),
    "int_parsing": ("Нужно целое число.", "An integer is needed."),
    "int_parsing_size": ("Слишком большое число.", "The number is too large."),
    "int_from_float": ("Нужно целое число.", "An integer is needed."),
    "bool_type": ("Нужно true или false.", "True or false is needed."),
    "bool_parsing": ("Нужно true или false.", "True or false is needed."),
    "float_type": ("Нужно число.", "A number is needed."),
    "finite_number": ("Нужно конечное число.", "A finite number is needed."),
    "greater_than": ("Значение должно быть больше {gt}.", "It should be greater than {gt}."),
    "greater_than_equal": ("Значение не может быть меньше {ge}.", "It should be {ge} or more."),
    "less_than": ("Значение должно быть меньше {lt}.", "It should be less than {lt}."),
    "less_than_equal": ("Значение не может быть больше {le}.", "It should be {le} or less."),
    "enum": ("Недопустимое значение; возможные: {expected}.", "Not a known value; known are: {expected}."),
    "literal_error": ("Недопустимое значение; возможные: {expected}.", "Not a known value; known are: {expected}."),
    "uuid_parsing": ("Нужен идентификатор UUID.", "A UUID is needed."),
    "uuid_type": ("Нужен идентификатор UUID.", "A UUID is needed."),
    "date_type": ("Нужна дата ГГГГ-ММ-ДД.", "A date YYYY-MM-DD is needed."),
    "date_parsing": ("Нужна дата ГГГГ-ММ-ДД.", "A date YYYY-MM-DD is needed."),
    "date_from_datetime_parsing": ("Нужна дата ГГГГ-ММ-ДД.", "A date YYYY-MM-DD is needed."),
    "date_from_datetime_inexact": ("Нужна дата ГГГГ-ММ-ДД.", "A date YYYY-MM-DD is needed."),
    "date_out_of_range": ("Год должен быть от 1900 до 2200.", "The year should be from 1900 to 2200."),
    "datetime_type": ("Нужны дата и время по RFC 3339.", "A date and time by RFC 3339 is needed."),
    "datetime_parsing": ("Нужны дата и время по RFC 3339.", "A date and time by RFC 3339 is needed."),
    "datetime_from_date_parsing": ("Нужны дата и время по RFC 3339.", "A date and time by RFC 3339 is needed."),
    "datetime_out_of_range": ("Год должен быть от 1900 до 2200.", "The year should be from 1900 to 2200."),
    "timezone_aware": ("Укажите смещение часового пояса.", "The offset of the time zone is needed."),
    "list_type": ("Нужен список.", "A list is needed."),
    "too_long": ("Слишком много элементов (не более {max_length}).", "Too many items (at most {max_length})."),
    "too_short": ("Слишком мало элементов (не менее {min_length}).", "Too few items (at least {min_length})."),
    "dict_type": ("Нужен объект.", "An object is needed."),
    "model_type": ("Нужен объект.", "An object is needed."),
    "model_attributes_type": ("Нужен объект.", "An object is needed."),
    "json_invalid": ("Тело не является JSON.", "The body is not JSON."),
    "url_parsing": ("Нужен адрес http(s).", "An http(s) address is needed."),
    "url_scheme": ("Нужен адрес http(s).", "An http(s) address is needed."),
}
_OTHER = ("Недопустимое значение.", "The value is not acceptable.")
_PLACES = ("body", "query", "path", "header", "cookie")


def to_pointer(parts: Sequence[str | int]) -> str:
    """An RFC 6901 pointer from the steps of a location."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in parts)


def to_field_error(error: Mapping[str, Any]) -> FieldError:
    """One pydantic error as a fault; of its context only limits and known values are told."""
    location = list(error.get("loc", ()))
    place = str(location.pop(0)) if location and location[0] in _PLACES else "body"
    code = str(error.get("type", "invalid"))
    ru, en = _WORDS.get(code, _OTHER)
    known = {key: value for key, value in (error.get("ctx") or {}).items() if isinstance(value, str | int)}
    try:
        ru, en = ru.format(**known), en.format(**known)
    except (KeyError, IndexError):
        ru, en = _OTHER
    return FieldError(to_pointer(location), code, ru, en, place)


def to_validation_failed(errors: Sequence[Mapping[str, Any]]) -> ValidationFailed:
    """The 422 that tells everything pydantic found."""
    return ValidationFailed(field_errors=[to_field_error(error) for error in errors])
