"""Words and their dictionary forms, so that «займов» is found by «заём»; ё counts as е."""

import re
from dataclasses import dataclass
from functools import cache, lru_cache

import pymorphy3

from app.core.text import normalized

_WORD = re.compile(r"[^\W_]+(?:-[^\W_]+)*")
_LONGEST_WORD = 64
"""Longer ones are nobody's words: the dictionary would take them apart at every hyphen until the stack ends."""


@cache
def _dictionary() -> pymorphy3.MorphAnalyzer:
    return pymorphy3.MorphAnalyzer(lang="ru")


@lru_cache(maxsize=50_000)
def lemma(word: str) -> str:
    """The dictionary form of a word, its most likely one; what no dictionary knows is guessed by its ending."""
    if len(word) > _LONGEST_WORD:
        return normalized(word)
    return str(_dictionary().parse(normalized(word))[0].normal_form).replace("ё", "е")


def lemmas(text: str) -> dict[str, str]:
    """The dictionary forms of a text's words, each with the word as it was first written, in order."""
    found: dict[str, str] = {}
    for match in _WORD.finditer(text):
        found.setdefault(lemma(match[0]), match[0])
    return found


@dataclass(frozen=True, slots=True)
class Reading:
    """One way to read a word: its dictionary form, what the grammar says of it (OpenCorpora), and how likely it is."""

    lemma: str
    tags: frozenset[str]
    score: float
    is_known: bool
    """Whether the dictionary holds the word, or it is guessed by its ending."""


LONGEST_WORD = 40
"""Longer runs of letters are no words of the language: they are read as they stand."""


@lru_cache(maxsize=50_000)
def readings(word: str) -> tuple[Reading, ...]:
    """All readings of a word, the most likely first."""
    plain = normalized(word)
    if len(plain) > LONGEST_WORD:
        return (Reading(plain, frozenset(), 1.0, False),)
    return tuple(
        Reading(str(one.normal_form).replace("ё", "е"), frozenset(one.tag.grammemes), one.score, bool(one.is_known))
        for one in _dictionary().parse(plain)
    )
