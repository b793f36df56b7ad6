"""Words and their dictionary forms, so that «займов» is found by «заём»; ё counts as е."""

import re
import unicodedata
from collections import defaultdict
from dataclasses import dataclass
from functools import cache, lru_cache

import pymorphy3

from app.language.normalization import normalize

_WORD = re.compile(r"[^\W_]+(?:-[^\W_]+)*")
_LIKELY = ("NOUN", "ADJF", "INFN", "VERB")
_NAMES = frozenset({"Name", "Surn", "Patr"})
LONGEST_WORD = 40
"""Longer runs of letters are nobody's words: the dictionary would take them apart at every hyphen until the stack ends.

They are read as they stand.
"""


@dataclass(frozen=True, slots=True)
class WordAnalysis:
    """One way to read a word: its dictionary form, what the grammar says of it (OpenCorpora), and how likely it is."""

    lemma: str
    tags: frozenset[str]
    score: float
    is_known: bool
    """Whether the dictionary holds the word, or it is guessed by its ending."""


@cache
def _dictionary() -> pymorphy3.MorphAnalyzer:
    return pymorphy3.MorphAnalyzer(lang="ru")


@lru_cache(maxsize=50_000)
def analyze_word(word: str) -> tuple[WordAnalysis, ...]:
    """All readings of a word, the most likely first."""
    plain = normalize(word)
    as_it_stands = (WordAnalysis(plain, frozenset(), 1.0, False),)
    if len(plain) > LONGEST_WORD:
        return as_it_stands
    try:
        found = _dictionary().parse(plain)
    except ValueError:  # the dictionary asks for the Unicode name of every letter, and some have none
        return as_it_stands
    return tuple(
        WordAnalysis(
            str(one.normal_form).replace("ё", "е"), frozenset(one.tag.grammemes), one.score, bool(one.is_known)
        )
        for one in found
    )


@lru_cache(maxsize=50_000)
def lemma(word: str) -> str:
    """The dictionary form of a word, its most likely one; what no dictionary knows is guessed by its ending.

    Readings with one dictionary form count together: without its dots «заем» may be of «заесть» or, twice, of «заём».
    Of forms as likely a noun goes first, then an adjective, then what stands later in the alphabet, and a guessed
    participle counts half, so that the forms of an unknown «самозанятый» meet.
    """
    weights: dict[str, float] = defaultdict(float)
    places: dict[str, int] = {}
    for reading in analyze_word(word):
        is_guessed_participle = "PRTF" in reading.tags and not reading.is_known
        weights[reading.lemma] += reading.score / 2 if is_guessed_participle else reading.score
        place = next((place for place, kind in enumerate(_LIKELY) if kind in reading.tags), len(_LIKELY))
        places[reading.lemma] = min(place, places.get(reading.lemma, place))
    return max(weights, key=lambda form: (round(weights[form], 3), -places[form], form))


def is_known(word: str) -> bool:
    """Whether the dictionary holds a word; without its dots «заём» is known too."""
    return any(reading.is_known for reading in analyze_word(word))


def is_possible_name(word: str) -> bool:
    """Whether a word may be a person's name, surname or patronymic."""
    return any(reading.tags & _NAMES for reading in analyze_word(word))


def find_words(text: str) -> list[str]:
    """The words of a text as they are written (NFC), hyphens inside included, in order."""
    return _WORD.findall(unicodedata.normalize("NFC", text))


def lemmas(text: str) -> dict[str, str]:
    """The dictionary forms of a text's words, each with the word as it was first written, in order."""
    found: dict[str, str] = {}
    for word in find_words(text):
        found.setdefault(lemma(word), word)
    return found
