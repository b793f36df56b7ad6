"""Rules about personal data in a public reply (152-FZ).

Document and card numbers are always an error; telephones, addresses and surnames only if they belong to the client,
because a reply may give the telephone of an authority and greet by first name and patronymic.
"""

import re
from collections.abc import Iterator

import phonenumbers

from app.language.personal_data import PersonalDataKind, PersonalDataMatch, find_personal_data
from app.text_check.rules.check_context import CheckContext
from app.text_check.rules.findings import Place, RuleCode
from app.text_check.rules.parsed_text import ParsedText, Word

_K = PersonalDataKind
_DOCUMENT_LABELS = {
    _K.SNILS: "СНИЛС",
    _K.PASSPORT: "Паспортные данные",
    _K.CARD: "Номер банковской карты",
    _K.INN: "ИНН гражданина",
}
_PERSONAL_INN_DIGITS, _MIN_CARD_DIGITS = 12, 16
_DIGITS = re.compile(r"(?<!\d)(?:\(\d{3,5}\)|\+?\d)(?:[ \u00a0().-]{0,3}\d){5,14}(?!\d)")
_MIN_TELEPHONE_DIGITS, _NATIONAL_DIGITS = 7, 10
_MIN_CONTACT_LENGTH = 4
_MIN_NAME_LENGTH = 2


def find_client_data(parsed: ParsedText, context: CheckContext) -> Iterator[Place]:
    """Find document and card numbers, and contacts and surnames of the client, in a public text."""
    if not context.is_public:
        return
    for match in parsed.personal_data:
        if match.kind in _DOCUMENT_LABELS and _is_personal_number(parsed.raw, match):
            yield Place(
                match.start,
                match.end,
                f"{_DOCUMENT_LABELS[match.kind]} в публичном ответе. Удалите или уточните в личном сообщении.",
            )
    yield from _find_client_contacts(parsed, context.client.contacts)
    for name in context.client.names:
        yield from _find_surnames(parsed, name)


def find_public_contacts(parsed: ParsedText, context: CheckContext) -> Iterator[Place]:
    """Find mobile telephones, and addresses at public mail services (`values`), in a public text."""
    if not context.is_public:
        return
    services = context.setting(RuleCode.PUBLIC_CONTACT).values
    for match in parsed.personal_data:
        value = parsed.raw[match.start : match.end]
        if match.kind is _K.PHONE and _is_mobile(value):
            yield Place(match.start, match.end, "Мобильный телефон в публичном ответе. Убедитесь, что он не личный.")
        if match.kind is _K.EMAIL and value.rpartition("@")[2].casefold() in services:
            yield Place(
                match.start, match.end, "Адрес электронной почты в публичном ответе. Убедитесь, что он не личный."
            )


def contacts_in(text: str) -> list[str]:
    """Return the telephones and e-mail addresses of a text, as written."""
    return [text[match.start : match.end] for match in find_personal_data(text) if match.kind in (_K.PHONE, _K.EMAIL)]


def _is_personal_number(raw: str, match: PersonalDataMatch) -> bool:
    digits = sum(character.isdigit() for character in raw[match.start : match.end])
    if match.kind is _K.INN:  # ten digits belong to an organization
        return digits == _PERSONAL_INN_DIGITS
    return match.kind is not _K.CARD or digits >= _MIN_CARD_DIGITS  # shorter numbers are ОГРН or ОГРНИП


def _find_client_contacts(parsed: ParsedText, contacts: tuple[str, ...]) -> Iterator[Place]:
    message = "Контакт клиента в публичном ответе. Удалите его."
    numbers = {number for contact in contacts if (number := _normalize_telephone(contact))}
    if numbers:
        for match in _DIGITS.finditer(parsed.raw):
            if _normalize_telephone(match[0]) in numbers:
                yield Place(*match.span(), message)
    for contact in contacts:
        plain = contact.strip().removeprefix("@")
        if len(plain) >= _MIN_CONTACT_LENGTH and not _DIGITS.fullmatch(plain):
            for match in re.finditer(rf"(?<!\w)@?{re.escape(plain)}(?!\w)", parsed.raw, re.IGNORECASE):
                yield Place(*match.span(), message)


def _normalize_telephone(contact: str) -> str | None:
    """Return the significant digits of a telephone, without the leading 8 or +7."""
    digits = re.sub(r"[^0-9]", "", contact)
    if len(digits) < _MIN_TELEPHONE_DIGITS or len(digits) < sum(not c.isspace() for c in contact) / 2:
        return None
    return digits[-_NATIONAL_DIGITS:]


def _find_surnames(parsed: ParsedText, name: str) -> Iterator[Place]:
    parts = [word for word in ParsedText(name).words if len(word.text) >= _MIN_NAME_LENGTH]
    surnames = _remove_first_names(parts)
    forms = {word.form for word in parts}
    lemmas = {lemma for word in surnames for lemma in (word.form, *_get_surname_lemmas(word))}
    if not surnames:
        return
    for sentence in parsed.sentences:
        for place, word in enumerate(sentence.words):
            if not ({word.form} | word.lemmas) & lemmas:
                continue
            is_common = "Surn" not in word.readings[0].tags and word.readings[0].is_known
            if not word.text[0].isupper() and any(
                reading.is_known and "Surn" not in reading.tags for reading in word.readings
            ):
                continue
            following = sentence.words[place + 1] if place + 1 < len(sentence.words) else None
            is_address = parsed.raw[word.end : word.end + 1] in (",", "!") or (following and following.form in forms)
            if is_common and place == 0 and not is_address:
                continue  # «Мороз крепчает»: the first word of a sentence is always capitalized
            yield Place(word.start, word.end, "Фамилия клиента в публичном ответе. Обратитесь по имени.")


def _get_surname_lemmas(word: Word) -> set[str]:
    surname_lemmas = {reading.lemma for reading in word.readings if "Surn" in reading.tags}
    return surname_lemmas or {
        reading.lemma for reading in word.readings
    }  # «Иванов» must not match «Иван» in the genitive


def _is_first_name(word: Word) -> bool:
    """Return whether a word is a first name or patronymic in the nominative; «Петров» is not «Пётр»."""
    return any(
        reading.is_known
        and "nomn" in reading.tags
        and "sing" in reading.tags
        and ("Name" in reading.tags or "Patr" in reading.tags)
        for reading in word.readings
    )


def _remove_first_names(parts: list[Word]) -> list[Word]:
    """Return the parts of a name except the first name and patronymic."""
    others = [word for word in parts if not _is_first_name(word)]
    if len(others) < len(parts):
        return others
    surnames = [word for word in parts if word.may_be("Surn")]
    return surnames or parts[1:]  # in an unknown name the first part is taken as the first name


def _is_mobile(telephone: str) -> bool:
    try:
        number = phonenumbers.parse(telephone, "RU")
    except phonenumbers.NumberParseException:
        return False
    return phonenumbers.number_type(number) == phonenumbers.PhoneNumberType.MOBILE
