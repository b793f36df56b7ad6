"""Texts without what tells of persons: what may be personal data, names and postal addresses (152-FZ).

For texts that are kept to learn from: a mask too many costs little, a name too many is a person's. Every pattern is
bounded or gives nothing back, so that the work grows with the text only.
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
_SURELY, _ALWAYS = 0.6, 0.99
_SHORTEST_SMALL = 3


def mask_personal_data(text: str, *, names: Iterable[str] = (), contacts: Iterable[str] = ()) -> str:
    """The text with personal data, postal addresses, persons' names and known contacts masked.

    Of known names every word is masked, in any case form; of others those that the dictionary takes for names, and
    what stands beside one: «Мария Сидорова» of a client who is called otherwise in the network.
    """
    places = [(one.start, one.end, _MASKS[one.kind]) for one in find_personal_data(text)]
    for contact in filter(None, contacts):
        places += [(*match.span(), CONTACT_MASK) for match in re.finditer(re.escape(contact), text, re.IGNORECASE)]
    places += [(*match.span(), CONTACT_MASK) for match in _PROFILE.finditer(text)]
    for pattern in _ADDRESSES:
        places += [(*match.span(), ADDRESS_MASK) for match in pattern.finditer(text)]
    places += [(*match.span(), NAME_MASK) for match in _WITH_INITIALS.finditer(text)]
    places += [(start, end, NAME_MASK) for start, end in _persons(text, names)]
    parts, done = [], 0
    for start, end, mask in sorted(places):
        if start >= done:
            parts += [text[done:start], mask]
        done = max(done, end)  # of two that overlap the first mask stands for both
    return "".join([*parts, text[done:]])


def remove_masks(text: str) -> str:
    """A masked text with blanks for its masks: the words that stay."""
    return _ANY_MASK.sub(" ", text)


def _persons(text: str, names: Iterable[str]) -> Iterator[tuple[int, int]]:
    """The places of persons' names, the words of one name together."""
    told = {lemma(word[0]) for name in names for word in _WORD.finditer(name)}
    words = list(_WORD.finditer(text))
    is_name = [lemma(word[0]) in told or _is_surely_name(word[0]) for word in words]
    for step in (1, -1):  # on both sides of a name stands what may be more of it
        places = range(len(words)) if step > 0 else range(len(words) - 1, -1, -1)
        for place in places:
            other = place - step
            if 0 <= other < len(words) and is_name[other] and not is_name[place]:
                first, second = sorted((place, other))
                beside = text[words[first].end() : words[second].start()] in (" ", "\u00a0", "-")
                is_name[place] = beside and _may_be_name(words[place][0])
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
    """Whether the dictionary takes a word for a person's name: «Вера» and «Киров» are other things as well."""
    found = analyze_word(word)
    if not any(one.is_known for one in found) or any("Geox" in one.tags for one in found):
        return False
    share = sum(one.score for one in found if one.tags & _NAMES) / sum(one.score for one in found)
    return share >= _SURELY if word[0].isupper() else share > _ALWAYS and len(word) >= _SHORTEST_SMALL


def _may_be_name(word: str) -> bool:
    """Whether a word beside a name may be another part of it: a capital, and a name or nothing that is known."""
    found = analyze_word(word)
    return word[0].isupper() and (not any(one.is_known for one in found) or any(one.tags & _NAMES for one in found))
