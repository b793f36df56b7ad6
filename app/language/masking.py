"""Mask possible personal data, names and postal addresses in texts (152-FZ).

Used for texts that are stored for learning, so an unnecessary mask is better than a missed name. Every pattern is
bounded or possessive, so that the running time is linear in the length of the text.
"""

import re
from collections.abc import Iterable, Iterator

from app.language.lemmas import analyze_word, lemma
from app.language.personal_data import PersonalDataKind, find_personal_data

NAME_MASK, CONTACT_MASK, ADDRESS_MASK = "[имя]", "[контакт]", "[адрес]"
_MASKS = {
    PersonalDataKind.CARD: "[номер карты]",
    PersonalDataKind.SNILS: "[СНИЛС]",
    PersonalDataKind.INN: "[ИНН]",
    PersonalDataKind.PASSPORT: "[паспорт]",
    PersonalDataKind.PHONE: "[телефон]",
    PersonalDataKind.EMAIL: "[почта]",
}
_ANY_MASK = re.compile("|".join(map(re.escape, [*_MASKS.values(), NAME_MASK, CONTACT_MASK, ADDRESS_MASK])))
_WORD = re.compile(r"[^\W\d_](?:[^\W\d_]|[\u0300-\u036f])++")
_PROFILE = re.compile(
    r"(?<![\w@/.])(?:https?://)?(?:www\.|m\.)?(?:vk\.(?:com|ru)/id|ok\.ru/profile/)[0-9]{1,20}"
    r"|(?<![\w@/.])@[A-Za-z]\w{3,31}(?!\w)",
    re.IGNORECASE,
)
_STREET = (
    r"(?:ул(?:иц[а-я]{1,2})?|пр(?:осп(?:ект[а-я]{0,2})?|-т)?|пер(?:еул[а-я]{2,4})?|бульвар[а-я]{0,2}|б-р|мкр|"
    r"микрорайон[а-я]{0,2}|шоссе|наб(?:ережн[а-я]{2})?|тракт[а-я]{0,2}|пл(?:ощад[а-я]{1,2})?|проезд[а-я]{0,2})"
)
_HOUSE = (
    r"(?:,? ?д(?:ом)?\.?)?,? ?[0-9]{1,4}(?: ?/ ?[0-9]{1,4}| ?[а-я](?!\w))?"
    r"(?:,? ?(?:корп|корпус|стр|кв|квартира|оф|офис|к)\.? ?[0-9]{1,5}){0,3}(?![\w])"
)
_ADDRESSES = (
    re.compile(rf"(?<!\w){_STREET}\.?(?: [\w«»\"-]{{1,30}}){{1,3}}{_HOUSE}", re.IGNORECASE),
    re.compile(rf"(?<!\w)[\w-]{{2,30}} {_STREET}\.?{_HOUSE}", re.IGNORECASE),
    re.compile(r"(?<!\w)(?:кв|квартир[а-я]{1,2})\.? ?[0-9]{1,5}(?!\w)", re.IGNORECASE),
)
_WITH_INITIALS = re.compile(
    r"(?<!\w)(?:[А-ЯЁ][а-яё]{1,30}(?:-[А-ЯЁ][а-яё]{1,30})? ?[А-ЯЁ]\. ?[А-ЯЁ]\."
    r"|[А-ЯЁ]\. ?[А-ЯЁ]\. ?[А-ЯЁ][а-яё]{1,30}(?:-[А-ЯЁ][а-яё]{1,30})?(?!\w))"
)
_INITIAL = re.compile(r" [А-ЯЁ]\.")
_NAMES = frozenset({"Name", "Surn", "Patr"})
_MIN_NAME_SHARE, _MIN_LOWERCASE_NAME_SHARE = 0.6, 0.99
_MIN_LOWERCASE_LENGTH = 3


def mask_personal_data(text: str, *, names: Iterable[str] = (), contacts: Iterable[str] = ()) -> str:
    """Return the text with personal data, postal addresses, persons' names and known contacts masked.

    Every word of the given names is masked in any case form. Other names are masked if the dictionary knows them as
    names, together with adjacent parts of the name, such as an unknown surname.
    """
    places = [(one.start, one.end, _MASKS[one.kind]) for one in find_personal_data(text)]
    for contact in filter(None, contacts):
        places += [(*match.span(), CONTACT_MASK) for match in re.finditer(re.escape(contact), text, re.IGNORECASE)]
    places += [(*match.span(), CONTACT_MASK) for match in _PROFILE.finditer(text)]
    for pattern in _ADDRESSES:
        places += [(*match.span(), ADDRESS_MASK) for match in pattern.finditer(text)]
    places += [(*match.span(), NAME_MASK) for match in _WITH_INITIALS.finditer(text)]
    places += [(start, end, NAME_MASK) for start, end in _find_names(text, names)]
    parts, done = [], 0
    for start, end, mask in sorted(places):
        if start >= done:
            parts += [text[done:start], mask]
        done = max(done, end)  # the first of two overlapping masks covers both
    return "".join([*parts, text[done:]])


def remove_masks(text: str) -> str:
    """Replace the masks of a text with spaces."""
    return _ANY_MASK.sub(" ", text)


def _find_names(text: str, names: Iterable[str]) -> Iterator[tuple[int, int]]:
    """Yield the ranges of persons' names; the words of one name form one range."""
    known_names = {lemma(word[0]) for name in names for word in _WORD.finditer(name)}
    words = list(_WORD.finditer(text))
    is_name = [lemma(word[0]) in known_names or _is_surely_name(word[0]) for word in words]
    for step in (1, -1):  # extend each name to both sides
        places = range(len(words)) if step > 0 else range(len(words) - 1, -1, -1)
        for place in places:
            other = place - step
            if 0 <= other < len(words) and is_name[other] and not is_name[place]:
                first, second = sorted((place, other))
                beside = text[words[first].end() : words[second].start()] in (" ", "\u00a0", "-")
                is_name[place] = beside and _is_possible_name_part(words[place][0])
    start = end = -1
    for word, named in zip(words, is_name, strict=True):
        if not named:
            continue
        if start >= 0 and text[end : word.start()].isspace():
            end = word.end()
            continue
        if start >= 0:
            yield start, end
        start, end = word.span()
        if initial := _INITIAL.match(text, end):
            end = initial.end()
    if start >= 0:
        yield start, end


def _is_surely_name(word: str) -> bool:
    """Return whether a word is almost certainly a name; «Вера» and «Киров» have other meanings too."""
    found = analyze_word(word)
    if not any(one.is_known for one in found) or any("Geox" in one.tags for one in found):
        return False
    share = sum(one.score for one in found if one.tags & _NAMES) / sum(one.score for one in found)
    return (
        share >= _MIN_NAME_SHARE
        if word[0].isupper()
        else share > _MIN_LOWERCASE_NAME_SHARE and len(word) >= _MIN_LOWERCASE_LENGTH
    )


def _is_possible_name_part(word: str) -> bool:
    """Return whether a word next to a name may be part of it: capitalized, and a name or unknown to the dictionary."""
    found = analyze_word(word)
    return word[0].isupper() and (not any(one.is_known for one in found) or any(one.tags & _NAMES for one in found))
