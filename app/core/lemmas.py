"""Words and their dictionary forms, so that «займов» is found by «заём»; ё counts as е."""

import re
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
    try:
        return str(_dictionary().parse(normalized(word))[0].normal_form).replace("ё", "е")
    except ValueError:  # the dictionary asks for the Unicode name of every letter, and some have none
        return normalized(word)


def lemmas(text: str) -> dict[str, str]:
    """The dictionary forms of a text's words, each with the word as it was first written, in order."""
    found: dict[str, str] = {}
    for match in _WORD.finditer(text):
        found.setdefault(lemma(match[0]), match[0])
    return found
