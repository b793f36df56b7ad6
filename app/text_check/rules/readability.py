"""Readability of a Russian text by six formulas (O-6.2.4)."""

import re
import unicodedata
from dataclasses import dataclass

from app.text_check.rules.pictographs import find_pictographs

_WORD = re.compile(r"[^\W\d_](?:[^\W\d_]|[-‑](?=[^\W\d_]))*+")
# Characters inside words that are not letters: stress marks, soft hyphens and invisible characters.
_NON_LETTERS = re.compile(r"[\u0300-\u036f\u0483-\u0487\u00ad\u200b-\u200d\u2060\ufeff]")
_SENTENCE_END = re.compile(r"(?<![.!?…])[.!?…]++(?=[\s»\")]|$)")
_VOWELS = frozenset("аеёиоуыэюя")
_COMPLEX_SYLLABLES = 4


@dataclass(frozen=True, slots=True)
class Readability:
    """The readability of a Russian text (O-6.2.4): Flesch by Oborneva (higher is easier) and school grades."""

    flesch: float
    fk_grade: float
    cli: float
    smog: float
    ari: float
    dale_chall: float
    sentences: int
    words: int

    @property
    def grade(self) -> float:
        """The median of the five grades: the years of schooling that the text requires."""
        return sorted((self.fk_grade, self.cli, self.smog, self.ari, self.dale_chall))[2]


def compute_readability(text: str) -> Readability | None:
    """Compute the six figures, rounded to 2 digits; None for a text without a word that has a vowel."""
    text = unicodedata.normalize("NFC", text)
    plain = _NON_LETTERS.sub("", text)
    words = [word for word in _WORD.findall(plain.lower()) if _VOWELS & set(word)]
    if not words:
        return None
    syllables = [sum(letter in _VOWELS for letter in word) for word in words]
    w = len(words)
    s = max(1, len(_SENTENCE_END.findall(_remove_pictographs(text))))
    letters = sum(character.isalpha() for character in plain)
    complex_words = sum(count > _COMPLEX_SYLLABLES for count in syllables)
    return Readability(
        flesch=round(206.835 - 1.3 * w / s - 60.1 * sum(syllables) / w, 2),
        fk_grade=round(0.318 * w / s + 14.2 * sum(syllables) / w - 30.5, 2),
        cli=round(0.055 * 100 * letters / w - 0.35 * 100 * s / w - 20.33, 2),
        smog=round(1.1 * (64.6 * complex_words / s) ** 0.5 + 0.05, 2),
        ari=round(6.26 * letters / w + 0.2805 * w / s - 31.04, 2),
        dale_chall=round(0.552 * 100 * complex_words / w + 0.273 * w / s, 2),
        sentences=s,
        words=w,
    )


def _remove_pictographs(text: str) -> str:
    """Replace emoji and smileys by spaces, so that «Спасибо!😊» ends a sentence."""
    parts, position = [], 0
    for pictograph in find_pictographs(text):
        parts += [text[position : pictograph.start], " "]
        position = pictograph.end
    return "".join([*parts, text[position:]])
