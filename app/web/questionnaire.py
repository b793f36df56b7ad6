"""The form as fields of a page: the typed values, their errors, and the data of the template."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from app.core.problems import BadRequest, FieldError
from app.surveys.rules.answers import CONTROLS, MAX_COMMENT
from app.surveys.schemas.forms import FormRead, QuestionRead

MAX_FIELDS = 200
MAX_SHORT = 500
COMMENTS = "comments"
MUNICIPALITY, CHOICE = "municipality", "municipality_choice"
TRAP = "homepage"
"""The honeypot field: hidden from people, filled in by programs."""
OTHERS = frozenset({MUNICIPALITY, CHOICE, TRAP, "token", "code", "action"})

_ANSWER = re.compile(r"[a-z][a-z0-9_]{0,63}(\.[a-z][a-z0-9_]{0,63})?")
_UNREADABLE = ("Форма отправлена в неверном виде. Откройте анкету заново.", "The form was not sent from this page.")


def read_fields(body: bytes, is_known: Callable[[str], bool]) -> dict[str, str]:
    """Parse the fields of a form body, each once, with LF line ends. Raises `BadRequest` for any other body."""
    try:
        pairs = parse_qsl(
            body.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=MAX_FIELDS, encoding="utf-8"
        )
    except ValueError:
        raise BadRequest(*_UNREADABLE) from None
    fields = {name: value.replace("\r\n", "\n") for name, value in pairs}
    if len(fields) != len(pairs) or not all(map(is_known, fields)):
        raise BadRequest(*_UNREADABLE)
    if any(len(value) > MAX_SHORT for name, value in fields.items() if "comment" not in name):
        raise BadRequest(*_UNREADABLE)
    return fields


def is_field(name: str) -> bool:
    """Return whether the survey page has a field of this name."""
    return name in OTHERS or _ANSWER.fullmatch(name) is not None


def to_answers(fields: Mapping[str, str]) -> dict[str, Any]:
    """Return the answers by key, as the API takes them, without blank comments."""
    answers: dict[str, Any] = {}
    for name, value in fields.items():
        question, _, source = name.partition(".")
        if name in OTHERS or (question == COMMENTS and not value.strip()):
            continue
        answer: Any = int(value) if re.fullmatch("[0-9]{1,2}", value) and question != COMMENTS else value
        if source:
            answers.setdefault(question, {})[source] = answer
        else:
            answers[question] = answer
    return answers


def to_draft_fields(fields: Mapping[str, str]) -> dict[str, str]:
    """Return the fields saved in a draft: the answers as typed, and the municipality."""
    return {n: v for n, v in fields.items() if v and (n == MUNICIPALITY or n not in OTHERS)}


@dataclass(frozen=True, slots=True)
class Cell:
    """An answer field: a question, or its row for a source."""

    name: str
    number: str
    text: str
    value: str
    error: str | None
    comment: str = ""
    comment_error: str | None = None

    @property
    def id(self) -> str:
        """The HTML id of its fields."""
        return self.name.replace(".", "-")


@dataclass(frozen=True, slots=True)
class ShownQuestion:
    """A question of block 2 with its cells, for the template."""

    question: QuestionRead
    cells: list[Cell]
    values: list[tuple[str, str]]
    """Each value with its wording; on a scale only the ends have one."""


@dataclass(slots=True)
class Errors:
    """Errors by field in the order of the form, and general errors."""

    by_field: dict[str, str] = field(default_factory=dict)
    general: list[str] = field(default_factory=list)
    is_incomplete: bool = False
    """Whether an answer is missing."""

    def __bool__(self) -> bool:
        return bool(self.by_field or self.general)


CHANGED = "Анкета изменилась, пока вы её заполняли. Проверьте ответы и отправьте её ещё раз."
_TEXTS = {
    "missing": "выберите ответ",
    "int_type": "выберите ответ",
    "out_of_range": "выберите один из предложенных ответов",
    "string_too_long": f"сократите текст: не более {MAX_COMMENT} знаков",
    "control_characters": "уберите из текста недопустимые знаки",
    "comment_not_asked": "пояснение пишут только к оценкам 1, 2 и 3: уберите текст или измените оценку",
}


def to_form_errors(field_errors: Iterable[FieldError]) -> Errors:
    """Map field errors to the page; an error without a field on the page means that the form has changed."""
    errors = Errors()
    for error in field_errors:
        name = error.pointer.removeprefix("/answers/").replace("/", ".").lstrip(".")
        if error.code in _TEXTS and _ANSWER.fullmatch(name):
            errors.by_field.setdefault(name, _TEXTS[error.code])
            errors.is_incomplete |= error.code == "missing"
        elif CHANGED not in errors.general:
            errors.general.append(CHANGED)
    return errors


def find_unkeepable(fields: Mapping[str, str]) -> Errors:
    """Return errors for texts that cannot be saved: too long, or with characters some databases reject."""
    long = [name for name, value in fields.items() if len(value) > MAX_COMMENT]
    bad = [name for name, value in to_draft_fields(fields).items() if CONTROLS.search(value)]
    by_field = dict.fromkeys(bad, _TEXTS["control_characters"]) | dict.fromkeys(long, _TEXTS["string_too_long"])
    return Errors(by_field=by_field)


def build_questions(form: FormRead, fields: Mapping[str, str], errors: Errors) -> list[ShownQuestion]:
    """Build the questions of block 2 with the typed values and errors."""
    block = next(block for block in form.blocks if block.key == "assessment")
    return [_build_question(form, question, fields, errors) for question in block.questions]


def _build_question(form: FormRead, question: QuestionRead, fields: Mapping[str, str], errors: Errors) -> ShownQuestion:
    values = [(str(option.value), option.text) for option in question.options]
    if scale := question.scale:
        ends = {scale.min: scale.min_text, scale.max: scale.max_text}
        values = [(str(value), ends.get(value, "")) for value in range(scale.min, scale.max + 1)]
    rows = [(question.key, question.number, question.text, "")]
    if question.per_source:
        rows = [
            (f"{question.key}.{source.key}", f"{question.number}.{place}", source.text, source.key)
            for place, source in enumerate(form.sources, 1)
        ]
    cells = []
    for name, number, text, source_key in rows:
        comment = f"{COMMENTS}.{source_key}" if question.follow_up else ""
        known = errors.by_field
        cells.append(
            Cell(
                name,
                number,
                text,
                fields.get(name, ""),
                known.get(name),
                fields.get(comment, ""),
                None
                if name in known
                else known.get(comment),  # without a score, it is unknown whether a comment is allowed
            )
        )
    return ShownQuestion(question, cells, values)


def build_summary(questions: Iterable[ShownQuestion], errors: Errors) -> list[tuple[str, str]]:
    """Return the error summary in the order of the page: the id of each field and its text."""
    items = []
    if MUNICIPALITY in errors.by_field:
        items.append((MUNICIPALITY, f"Вопрос 2: {errors.by_field[MUNICIPALITY]}"))
    for item in questions:
        for cell in item.cells:
            name = f"Вопрос {cell.number}" + (f". {cell.text}" if item.question.per_source else "")
            items += [(cell.id, f"{name}: {cell.error}")] if cell.error else []
            items += [(f"{cell.id}-comment", f"{name}: {cell.comment_error}")] if cell.comment_error else []
    return items
