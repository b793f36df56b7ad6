"""Possible Russian spellings of a word: look-alike letters, transliteration, the other keyboard layout."""

import re
from functools import lru_cache
from itertools import islice, product

from app.language.lemmas import is_known, lemma
from app.language.normalization import normalize

MAX_WORD = 40
"""A longer run of letters is not a word and is compared as written."""
_MAX_SPELLINGS = 200

_LATIN = re.compile(r"[a-z]")
_CYRILLIC = re.compile(r"[а-я]")
_LATIN_WORD = re.compile(r"[a-z'-]+")

_LOOK_ALIKES = str.maketrans("aceopxykmtbhnru", "асеорхукмтвнпги")
_LAYOUT = str.maketrans("qwertyuiop[]asdfghjkl;'zxcvbnm,.", "йцукенгшщзхъфывапролджэячсмитьбю")

_SOUNDS: dict[str, tuple[str, ...]] = {
    "shch": ("щ",),
    "sch": ("щ",),
    "iya": ("ия",),
    "zh": ("ж",),
    "kh": ("х",),
    "ts": ("ц",),
    "ch": ("ч",),
    "sh": ("ш",),
    "ya": ("я",),
    "ja": ("я",),
    "ia": ("ия", "я"),
    "yu": ("ю",),
    "ju": ("ю",),
    "yo": ("е",),
    "jo": ("е",),
    "iy": ("ий", "ый"),
    "ij": ("ий", "ый"),
    "yy": ("ый",),
    "yj": ("ый",),
    "ey": ("ей", "ы"),
    "a": ("а",),
    "b": ("б",),
    "c": ("ц", "с", "к"),
    "d": ("д", "дь"),
    "e": ("е", "э"),
    "f": ("ф",),
    "g": ("г",),
    "h": ("х",),
    "i": ("и", "й", "ы"),
    "j": ("й", "ж"),
    "k": ("к",),
    "l": ("л", "ль"),
    "m": ("м",),
    "n": ("н", "нь"),
    "o": ("о",),
    "p": ("п",),
    "q": ("к",),
    "r": ("р",),
    "s": ("с",),
    "t": ("т", "ть"),
    "u": ("у",),
    "v": ("в",),
    "w": ("в", "ш"),
    "x": ("х", "кс"),
    "y": ("ы", "й", "и"),
    "z": ("з",),
    "'": ("ь",),
}
_SOUND = re.compile("|".join(sorted(_SOUNDS, key=len, reverse=True)))


@lru_cache(maxsize=20_000)
def find_spellings(word: str) -> tuple[str, ...]:
    """Return the possible dictionary forms of a word, the likeliest first; never empty.

    A word with both alphabets is converted to Cyrillic («зaём» with a Latin a). A Latin word is transliterated («zaim»)
    and converted from the other keyboard layout («pfqv»); results found in the dictionary are kept. The Latin word
    itself is also returned (`vk`, `email`).
    """
    small = normalize(word)
    if len(small) > MAX_WORD:
        return (small,)
    if not _LATIN.search(small):
        return (lemma(small),)
    if _CYRILLIC.search(small):
        return (lemma(small.translate(_LOOK_ALIKES)),)
    if not _LATIN_WORD.fullmatch(small) or len(small) == 1:
        return (small,)
    typed = small.translate(_LAYOUT)
    spelled = [spelling for spelling in _transliterate(small) if is_known(spelling)]
    found = [lemma(spelling) for spelling in spelled] or [lemma(next(_transliterate(small)))]
    if is_known(typed) and not spelled:
        found.insert(0, lemma(typed))
    return tuple(dict.fromkeys([*found, small]))


def _transliterate(word: str) -> "islice[str]":
    sounds = [_SOUNDS.get(sound, (sound,)) for sound in _SOUND.findall(word)]
    return islice(("".join(parts) for parts in product(*sounds)), _MAX_SPELLINGS)
