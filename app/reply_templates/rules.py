"""Placeholders of templates and the life of a template, as pure rules (O-6.2.6)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

PLACEHOLDERS = frozenset({"имя", "ссылка", "дата", "телефон", "адрес", "номер"})
"""Names that a template may use. There is no language behind them: no attributes, no formats, no nesting."""

_BRACED = re.compile(r"\{([^{}]*)\}")


class TemplateState(StrEnum):
    """Where the newest version of a template stands."""

    DRAFT = "draft"
    IN_REVIEW = "in_review"
    PUBLISHED = "published"
    ARCHIVED = "archived"


class TemplateMove(StrEnum):
    """What can happen to a template."""

    EDIT = "edit"
    SUBMIT = "submit"
    PUBLISH = "publish"
    RETURN = "return"
    ARCHIVE = "archive"


_S, _M = TemplateState, TemplateMove

MOVES: dict[TemplateState, dict[TemplateMove, TemplateState]] = {
    _S.DRAFT: {
        _M.EDIT: _S.DRAFT,
        _M.SUBMIT: _S.IN_REVIEW,
        _M.PUBLISH: _S.PUBLISHED,
        _M.ARCHIVE: _S.ARCHIVED,
    },
    _S.IN_REVIEW: {
        _M.EDIT: _S.DRAFT,
        _M.PUBLISH: _S.PUBLISHED,
        _M.RETURN: _S.DRAFT,
        _M.ARCHIVE: _S.ARCHIVED,
    },
    _S.PUBLISHED: {_M.EDIT: _S.DRAFT, _M.ARCHIVE: _S.ARCHIVED},
    _S.ARCHIVED: {},
}


@dataclass(frozen=True, slots=True)
class Span:
    """A place in a text, in code points: `text[start:end]`."""

    start: int
    end: int


def placeholders_in(text: str) -> list[str]:
    """The known placeholders of a text, each once, in order."""
    return list(dict.fromkeys(m[1] for m in _BRACED.finditer(text) if m[1] in PLACEHOLDERS))


def unknown_placeholders(text: str) -> list[Span]:
    """Where the text has braces that are no known placeholder, lone ones too."""
    good = [Span(*m.span()) for m in _BRACED.finditer(text) if m[1] in PLACEHOLDERS]
    spans = [Span(*m.span()) for m in _BRACED.finditer(text) if m[1] not in PLACEHOLDERS]
    covered = {i for span in [*good, *spans] for i in range(span.start, span.end)}
    spans += [Span(i, i + 1) for i, c in enumerate(text) if c in "{}" and i not in covered]
    return sorted(spans, key=lambda span: span.start)


def render(text: str, values: Mapping[str, str]) -> str:
    """The text with the values put in, each once: a value with braces is not read again. Missing ones stay."""
    return _BRACED.sub(lambda m: values.get(m[1], m[0]) if m[1] in PLACEHOLDERS else m[0], text)


def missing(text: str) -> list[tuple[str, Span]]:
    """The placeholders that stand unfilled in a text, with their places."""
    return [(m[1], Span(*m.span())) for m in _BRACED.finditer(text) if m[1] in PLACEHOLDERS]


_WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")
_SENTENCE_END = re.compile(r"[.!?…]+(?=[\s»\")]|$)")
_VOWELS = frozenset("аеёиоуыэюя")
_COMPLEX_SYLLABLES = 4


@dataclass(frozen=True, slots=True)
class Readability:
    """How easy a Russian text is (O-6.2.4): Flesch by Oborneva (more is easier) and school grades by plainrussian."""

    flesch: float
    fk_grade: float
    cli: float
    smog: float
    ari: float
    dale_chall: float
    sentences: int
    words: int


def readability(text: str) -> Readability | None:
    """The six figures, rounded to 2 digits; None for a text without a single word that has a vowel."""
    words = [word for word in _WORD.findall(text.lower()) if _VOWELS & set(word)]
    if not words:
        return None
    syllables = [sum(letter in _VOWELS for letter in word) for word in words]
    w = len(words)
    s = max(1, len(_SENTENCE_END.findall(text)))
    letters = sum(character.isalpha() for character in text)
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
