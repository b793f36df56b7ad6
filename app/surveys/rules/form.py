"""A form version: its questions, sources and codes (A-1)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

AGENCY, MUNICIPALITY, FILLED_AT = "11", "12", "13"

STATISTICAL = (AGENCY, MUNICIPALITY, FILLED_AT)


class FormState(StrEnum):
    """The state of a form version: draft, published, or withdrawn before it began."""

    DRAFT = "draft"
    PUBLISHED = "published"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class Source:
    """A source of information, one row of questions 22 and 23; the suffix gives both codes."""

    suffix: int
    key: str
    text: str


@dataclass(frozen=True, slots=True)
class Question:
    """A question of block 2: its code, its key and its allowed values."""

    code: str
    key: str
    values: tuple[int, ...]
    per_source: bool
    follow_up_at_most: int = 0
    """Scores up to this one lead to the free-text question (A-1.23x); 0: no score does."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One answer of the form: its code, its question and, if the question asks per source, the key of the source."""

    code: str
    question: Question
    source: str = ""


@dataclass(frozen=True, slots=True)
class Form:
    """The parts of a form version that answers need."""

    key: str
    version: int
    questions: tuple[Question, ...]
    sources: tuple[Source, ...]
    follow_up: Question
    """The question whose low scores allow a comment."""
    cells: tuple[Cell, ...]
    """Every answer of block 2, in the order of the form."""
    comments: Mapping[str, str]
    """The keys of the sources by the codes of their comments."""


def parse_form(data: Mapping[str, Any]) -> Form:
    """Parse a form from its stored definition (the shape of `data/information-access-v1.yaml`)."""
    form = data["form"]
    assessment = next(block for block in form["blocks"] if block["key"] == "assessment")
    questions = tuple(_parse_question(raw) for raw in assessment["questions"])
    follow_up = next(question for question in questions if question.follow_up_at_most)
    sources = tuple(Source(s["suffix"], s["key"], s["text"]) for s in form["sources"])
    cells = tuple(cell for question in questions for cell in _list_cells(question, sources))
    comments = {f"{follow_up.code}.{source.suffix}.comment": source.key for source in sources}
    return Form(form["key"], form["version"], questions, sources, follow_up, cells, comments)


def _parse_question(raw: Mapping[str, Any]) -> Question:
    scale = raw.get("scale")
    values = range(scale["min"], scale["max"] + 1) if scale else [option["value"] for option in raw["options"]]
    at_most = raw.get("follow_up", {}).get("when", {}).get("row_at_most", 0)
    return Question(raw["code"], raw["key"], tuple(values), raw.get("rows") == "sources", at_most)


def _list_cells(question: Question, sources: Iterable[Source]) -> list[Cell]:
    if not question.per_source:
        return [Cell(question.code, question)]
    return [Cell(f"{question.code}.{source.suffix}", question, source.key) for source in sources]


def normalize_code(code: str) -> str:
    """Return a code without the final dot that the form writes in some places: «23.3.» → `23.3`."""
    return code.strip().rstrip(".")


def to_codes(form: Form, by_key: Mapping[str, Any]) -> dict[str, Any]:
    """Return answers by key as flat codes: 21, 22.N, 23.N and 23.N.comment."""
    codes: dict[str, Any] = {}
    for cell in form.cells:
        answer = by_key[cell.question.key]
        codes[cell.code] = answer[cell.source] if cell.source else answer
    comments = by_key.get("comments", {})
    return codes | {code: comments[source] for code, source in form.comments.items() if source in comments}


def list_code_columns(forms: Iterable[Form]) -> list[str]:
    """Return the codes of several form versions by question and suffix, comments last."""
    questions: dict[str, set[int]] = {}
    comments: dict[str, set[int]] = {}
    for form in forms:
        suffixes = {source.suffix for source in form.sources}
        for question in form.questions:
            questions.setdefault(question.code, set()).update(suffixes if question.per_source else ())
        comments.setdefault(form.follow_up.code, set()).update(suffixes)
    codes = []
    for code in sorted(questions):
        codes += [f"{code}.{suffix}" for suffix in sorted(questions[code])] or [code]
    return codes + [f"{code}.{suffix}.comment" for code in sorted(comments) for suffix in sorted(comments[code])]
