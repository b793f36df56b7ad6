"""Dictionary forms of Russian words, so that «заём» matches «займов»; ё equals е."""

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
MAX_WORD_LENGTH = 40
"""Longer runs of letters are not analyzed: the dictionary splits words at hyphens recursively and could overflow."""


@dataclass(frozen=True, slots=True)
class WordAnalysis:
    """One analysis of a word: its dictionary form, its grammatical tags (OpenCorpora) and its probability."""

    lemma: str
    tags: frozenset[str]
    score: float
    is_known: bool
    """Whether the word is in the dictionary; otherwise the analysis is guessed from its ending."""


@cache
def _dictionary() -> pymorphy3.MorphAnalyzer:
    return pymorphy3.MorphAnalyzer(lang="ru")


@lru_cache(maxsize=50_000)
def analyze_word(word: str) -> tuple[WordAnalysis, ...]:
    """Return the analyses of a word, the most likely first."""
    plain = normalize(word)
    unanalyzed = (WordAnalysis(plain, frozenset(), 1.0, False),)
    if len(plain) > MAX_WORD_LENGTH:
        return unanalyzed
    try:
        found = _dictionary().parse(plain)
    except ValueError:  # the dictionary needs the Unicode name of every letter, and some letters have none
        return unanalyzed
    return tuple(
        WordAnalysis(
            str(one.normal_form).replace("ё", "е"), frozenset(one.tag.grammemes), one.score, bool(one.is_known)
        )
        for one in found
    )


@lru_cache(maxsize=50_000)
def lemma(word: str) -> str:
    """Return the most likely dictionary form of a word; for an unknown word it is guessed from the ending.

    The scores of analyses with the same form are added: «заем» is a form of «заесть» once and of «заём» twice.
    Between equal scores a noun is preferred, then an adjective, then the alphabetically last form. A guessed participle
    counts half, so that all forms of the unknown word «самозанятый» get one dictionary form.
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
    """Return whether a word is in the dictionary, ignoring the difference between ё and е."""
    return any(reading.is_known for reading in analyze_word(word))


def is_possible_name(word: str) -> bool:
    """Return whether a word may be a person's name, surname or patronymic."""
    return any(reading.tags & _NAMES for reading in analyze_word(word))


def find_words(text: str) -> list[str]:
    """Return the words of a text as written (NFC), in order, with inner hyphens."""
    return _WORD.findall(unicodedata.normalize("NFC", text))


def lemmas(text: str) -> dict[str, str]:
    """Return the dictionary forms of a text's words in order, each with the word as first written."""
    found: dict[str, str] = {}
    for word in find_words(text):
        found.setdefault(lemma(word), word)
    return found
