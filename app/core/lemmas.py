"""Words and their dictionary forms, so that «займов» is found by «заём»; ё counts as е."""

import re
import unicodedata
from collections import defaultdict
from functools import cache, lru_cache

import pymorphy3

from app.core.text import normalized

_WORD = re.compile(r"[^\W_]+(?:-[^\W_]+)*")
_LONGEST_WORD = 64
"""Longer ones are nobody's words: the dictionary would take them apart at every hyphen until the stack ends."""
_LIKELY = ("NOUN", "ADJF", "INFN", "VERB")
_NAMES = ("Name", "Surn", "Patr")


@cache
def _dictionary() -> pymorphy3.MorphAnalyzer:
    return pymorphy3.MorphAnalyzer(lang="ru")


@lru_cache(maxsize=50_000)
def lemma(word: str) -> str:
    """The dictionary form of a word, its most likely one; what no dictionary knows is guessed by its ending.

    Readings with one dictionary form count together: without its dots «заем» may be of «заесть» or, twice, of «заём».
    Of forms as likely a noun goes first, then an adjective, then what stands later in the alphabet, and a guessed
    participle counts half, so that the forms of an unknown «самозанятый» meet.
    """
    if len(word) > _LONGEST_WORD:
        return normalized(word)
    weights: dict[str, float] = defaultdict(float)
    places: dict[str, int] = {}
    for reading in _dictionary().parse(normalized(word)):
        form = str(reading.normal_form).replace("ё", "е")
        kind = str(reading.tag.POS)
        is_guessed_participle = kind == "PRTF" and not reading.is_known
        weights[form] += reading.score / 2 if is_guessed_participle else reading.score
        place = _LIKELY.index(kind) if kind in _LIKELY else len(_LIKELY)
        places[form] = min(place, places.get(form, place))
    return max(weights, key=lambda form: (round(weights[form], 3), -places[form], form))


@lru_cache(maxsize=50_000)
def is_known(word: str) -> bool:
    """Whether the dictionary holds a word; without its dots «заём» is known too."""
    return len(word) <= _LONGEST_WORD and bool(_dictionary().word_is_known(normalized(word)))


@lru_cache(maxsize=50_000)
def may_be_name(word: str) -> bool:
    """Whether a word may be a person's name, surname or patronymic."""
    if len(word) > _LONGEST_WORD:
        return False
    return any(name in reading.tag for reading in _dictionary().parse(normalized(word)) for name in _NAMES)


def words_of(text: str) -> list[str]:
    """The words of a text as they are written (NFC), hyphens inside included, in order."""
    return _WORD.findall(unicodedata.normalize("NFC", text))


def lemmas(text: str) -> dict[str, str]:
    """The dictionary forms of a text's words, each with the word as it was first written, in order."""
    found: dict[str, str] = {}
    for word in words_of(text):
        found.setdefault(lemma(word), word)
    return found
