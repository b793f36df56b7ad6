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
