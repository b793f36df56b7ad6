"""Personal data in a reply that everybody can read (152-FZ).

What is personal by its nature is an error whoever it belongs to; telephones, addresses and names only when they are
the client's: a reply may give the telephone of an authority, and may greet by first name and patronymic.
"""

import re
from collections.abc import Iterator

import phonenumbers

from app.language.personal_data import PersonalDataKind, PersonalDataMatch, find_personal_data
from app.text_check.rules.check_context import CheckContext
from app.text_check.rules.findings import Place, RuleCode
from app.text_check.rules.parsed_text import ParsedText, Word

_K = PersonalDataKind
_BY_NATURE = {
    _K.SNILS: "СНИЛС",
    _K.PASSPORT: "Паспортные данные",
    _K.CARD: "Номер банковской карты",
    _K.INN: "ИНН гражданина",
}
_PERSONS_INN, _SHORTEST_CARD = 12, 16
_DIGITS = re.compile(r"(?<!\d)(?:\(\d{3,5}\)|\+?\d)(?:[ \u00a0().-]{0,3}\d){5,14}(?!\d)")
_OWN_PART, _LONGEST_NATIONAL = 7, 10
_SHORTEST_CONTACT = 4
_NAME_PART = 2


def personal_data(parsed: ParsedText, case: CheckContext) -> Iterator[Place]:
    """Numbers that are personal by nature, and whatever is the client's own, in a public text."""
    if not case.is_public:
        return
    for one in parsed.suspicions:
        if one.kind in _BY_NATURE and _is_persons(parsed.raw, one):
            yield Place(one.start, one.end, f"{_BY_NATURE[one.kind]} в публичном ответе. Уберите или спросите лично.")
    yield from _contacts(parsed, case.client.contacts)
    for name in case.client.names:
        yield from _surnames(parsed, name)


def public_contacts(parsed: ParsedText, case: CheckContext) -> Iterator[Place]:
    """Mobile telephones, and addresses at mail services for everybody (`values`), that may be a person's."""
    if not case.is_public:
        return
    services = case.of(RuleCode.PUBLIC_CONTACT).values
    for one in parsed.suspicions:
        told = parsed.raw[one.start : one.end]
        if one.kind is _K.PHONE and _is_mobile(told):
            yield Place(one.start, one.end, "Мобильный телефон в публичном ответе. Убедитесь, что он не личный.")
        if one.kind is _K.EMAIL and told.rpartition("@")[2].casefold() in services:
            yield Place(one.start, one.end, "Адрес почты в публичном ответе. Убедитесь, что он не личный.")


def contacts_in(text: str) -> list[str]:
    """The telephones and e-mail addresses of a text, as written."""
    return [text[one.start : one.end] for one in find_personal_data(text) if one.kind in (_K.PHONE, _K.EMAIL)]


def _is_persons(raw: str, one: PersonalDataMatch) -> bool:
    digits = sum(character.isdigit() for character in raw[one.start : one.end])
    if one.kind is _K.INN:  # ten digits are an organization's
        return digits == _PERSONS_INN
    return one.kind is not _K.CARD or digits >= _SHORTEST_CARD  # shorter ones are ОГРН, ОГРНИП


def _contacts(parsed: ParsedText, contacts: tuple[str, ...]) -> Iterator[Place]:
    message = "Контакт клиента в публичном ответе. Уберите его."
    numbers = {number for contact in contacts if (number := _own_digits(contact))}
    if numbers:
        for match in _DIGITS.finditer(parsed.raw):
            if _own_digits(match[0]) in numbers:
                yield Place(*match.span(), message)
    for contact in contacts:
        plain = contact.strip().removeprefix("@")
        if len(plain) >= _SHORTEST_CONTACT and not _DIGITS.fullmatch(plain):
            for match in re.finditer(rf"(?<!\w)@?{re.escape(plain)}(?!\w)", parsed.raw, re.IGNORECASE):
                yield Place(*match.span(), message)


def _own_digits(contact: str) -> str | None:
    """The digits that tell a telephone from others: 8 and +7 before them say nothing."""
    digits = re.sub(r"[^0-9]", "", contact)
    if len(digits) < _OWN_PART or len(digits) < sum(not c.isspace() for c in contact) / 2:
        return None
    return digits[-_LONGEST_NATIONAL:]


def _surnames(parsed: ParsedText, name: str) -> Iterator[Place]:
    parts = [word for word in ParsedText(name).words if len(word.text) >= _NAME_PART]
    surnames = _without_first_names(parts)
    forms = {word.form for word in parts}
    lemmas = {lemma for word in surnames for lemma in (word.form, *_surname_lemmas(word))}
    if not surnames:
        return
    for sentence in parsed.sentences:
        for place, word in enumerate(sentence.words):
            if not ({word.form} | word.lemmas) & lemmas:
                continue
            is_common = "Surn" not in word.readings[0].tags and word.readings[0].is_known
            if not word.text[0].isupper() and any(one.is_known and "Surn" not in one.tags for one in word.readings):
                continue
            following = sentence.words[place + 1] if place + 1 < len(sentence.words) else None
            is_address = parsed.raw[word.end : word.end + 1] in (",", "!") or (following and following.form in forms)
            if is_common and place == 0 and not is_address:
                continue  # «Мороз крепчает»: the first word of a sentence is capital anyway
            yield Place(word.start, word.end, "Фамилия клиента в публичном ответе. Обратитесь по имени.")


def _surname_lemmas(word: Word) -> set[str]:
    sure = {one.lemma for one in word.readings if "Surn" in one.tags}
    return sure or {one.lemma for one in word.readings}  # «Иванов» is no «Иван» in the genitive


def _is_first_name(word: Word) -> bool:
    """Whether a word is a first name or a patronymic as it stands: «Петров» is no form of «Пётр» here."""
    return any(
        one.is_known and "nomn" in one.tags and "sing" in one.tags and ("Name" in one.tags or "Patr" in one.tags)
        for one in word.readings
    )


def _without_first_names(parts: list[Word]) -> list[Word]:
    """The parts of a person's name that are no first name and no patronymic."""
    others = [word for word in parts if not _is_first_name(word)]
    if len(others) < len(parts):
        return others
    known = [word for word in parts if word.may_be("Surn")]
    return known or parts[1:]  # of names that no dictionary knows the first is taken for the first name


def _is_mobile(told: str) -> bool:
    try:
        number = phonenumbers.parse(told, "RU")
    except phonenumbers.NumberParseException:
        return False
    return phonenumbers.number_type(number) == phonenumbers.PhoneNumberType.MOBILE
