"""Rules of valid answers to a form (A-1, A-1.23x).

Answers come by key (`{"satisfaction": 1, "source_usage": {"vk": 3, …}, …}`) or by the codes of the form
(`{"21": 1, "22.3": 3, …}`); both are parsed into the same cells, and every error has its place.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from app.core.problems import FieldError
from app.surveys.rules.form import STATISTICAL, Form, Question, normalize_code

MAX_COMMENT = 4000

CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")


@dataclass(slots=True)
class Answers:
    """Parsed answers: cells by (question key, source key or ""), comments by source key, and 11, 12, 13 as given."""

    cells: dict[tuple[str, str], int] = field(default_factory=dict)
    comments: dict[str, str] = field(default_factory=dict)
    comment_pointers: dict[str, str] = field(default_factory=dict)
    statistical: dict[str, Any] = field(default_factory=dict)
    errors: list[FieldError] = field(default_factory=list)

    def refuse(self, pointer: str, code: str, ru: str, en: str) -> None:
        """Add an error at a place of the body."""
        self.errors.append(FieldError(pointer, code, ru, en))


def parse_answers(form: Form, raw: Mapping[str, Any]) -> Answers:
    """Parse answers by key or by code and collect every error, missing answers included."""
    answers = Answers()
    by_key = {question.key: question for question in form.questions}
    cells = {cell.code: cell for cell in form.cells}
    for name, value in raw.items():
        pointer = _build_pointer(name)
        code = normalize_code(name)
        if name in by_key:
            _parse_question_answers(form, by_key[name], value, pointer, answers)
        elif name == "comments":
            _parse_by_source(form, value, pointer, answers, _parse_comment)
        elif code in STATISTICAL:
            _set_once(answers.statistical, code, value, pointer, answers)
        elif code in cells:
            _parse_cell(cells[code].question, cells[code].source, value, pointer, answers)
        elif code in form.comments:
            _parse_comment(form.comments[code], value, pointer, answers)
        else:
            answers.refuse(pointer, "unknown_code", "Код не найден.", "The code is unknown.")
    uses_codes = not any(name in by_key or name == "comments" for name in raw)
    _validate_complete(form, answers, uses_codes=uses_codes)
    _validate_comments(form, answers)
    return answers


def to_answers_by_key(form: Form, answers: Answers) -> dict[str, Any]:
    """Return the answers by key."""
    by_key: dict[str, Any] = {}
    for cell in form.cells:
        answer = answers.cells[cell.question.key, cell.source]
        if cell.source:
            by_key.setdefault(cell.question.key, {})[cell.source] = answer
        else:
            by_key[cell.question.key] = answer
    by_key["comments"] = {s.key: answers.comments[s.key] for s in form.sources if s.key in answers.comments}
    return by_key


def _build_pointer(*steps: str) -> str:
    return "".join("/" + step.replace("~", "~0").replace("/", "~1") for step in ("answers", *steps))


def _set_once(known: dict[Any, Any], name: Any, value: Any, pointer: str, answers: Answers) -> None:
    if name in known:
        answers.refuse(pointer, "given_twice", "Ответ указан дважды.", "The answer is repeated.")
    else:
        known[name] = value


def _parse_question_answers(form: Form, question: Question, value: Any, pointer: str, answers: Answers) -> None:
    if not question.per_source:
        _parse_cell(question, "", value, pointer, answers)
        return
    _parse_by_source(form, value, pointer, answers, partial(_parse_cell, question))
    if not isinstance(value, Mapping):
        for source in form.sources:  # reported once: its rows are not reported as missing too
            answers.cells.setdefault((question.key, source.key), 0)


def _parse_by_source(
    form: Form, value: Any, pointer: str, answers: Answers, parse: Callable[[str, Any, str, Answers], None]
) -> None:
    """Parse the value of each source, given its key, its value and its pointer."""
    if not isinstance(value, Mapping):
        answers.refuse(pointer, "dict_type", "Укажите ответы по источникам.", "An object is needed.")
        return
    sources = {source.key for source in form.sources}
    for key, item in value.items():
        place = f"{pointer}{_build_pointer(key).removeprefix('/answers')}"
        if key in sources:
            parse(key, item, place, answers)
        else:
            answers.refuse(place, "unknown_source", "Источник не найден.", "The source is unknown.")


def _parse_cell(question: Question, source: str, value: Any, pointer: str, answers: Answers) -> None:
    if isinstance(value, bool) or not isinstance(value, int):
        answers.refuse(pointer, "int_type", "Укажите целое число.", "An integer is needed.")
    elif value not in question.values:
        low, high = question.values[0], question.values[-1]
        answers.refuse(
            pointer, "out_of_range", f"Допустимы значения от {low} до {high}.", f"Allowed values: {low} to {high}."
        )
    else:
        _set_once(answers.cells, (question.key, source), value, pointer, answers)
        return
    # A wrong answer is reported once: it is not reported as missing too.
    answers.cells.setdefault((question.key, source), 0)


def _parse_comment(source: str, value: Any, pointer: str, answers: Answers) -> None:
    if not isinstance(value, str):
        answers.refuse(pointer, "string_type", "Укажите текст.", "A string is needed.")
    elif not value.strip():
        answers.refuse(pointer, "blank", "Комментарий не заполнен.", "The comment is blank.")
    elif len(value) > MAX_COMMENT:
        ru, en = f"Не более {MAX_COMMENT} знаков.", f"At most {MAX_COMMENT} characters."
        answers.refuse(pointer, "string_too_long", ru, en)
    elif CONTROLS.search(value):
        answers.refuse(
            pointer, "control_characters", "Недопустимые символы.", "The text has characters that are not allowed."
        )
    else:
        _set_once(answers.comments, source, value, pointer, answers)
        answers.comment_pointers.setdefault(source, pointer)


def _validate_complete(form: Form, answers: Answers, *, uses_codes: bool) -> None:
    for cell in form.cells:
        if (cell.question.key, cell.source) in answers.cells:
            continue
        steps = [cell.code] if uses_codes else [step for step in (cell.question.key, cell.source) if step]
        answers.refuse(_build_pointer(*steps), "missing", "Нет ответа.", "The answer is missing.")


def _validate_comments(form: Form, answers: Answers) -> None:
    for source, pointer in answers.comment_pointers.items():
        if 1 <= answers.cells.get((form.follow_up.key, source), 0) <= form.follow_up.follow_up_at_most:
            continue
        ru = "Комментарий возможен только при низкой оценке (1, 2 или 3)."
        en = "A comment is allowed only with a low score (1, 2 or 3)."
        answers.refuse(pointer, "comment_not_asked", ru, en)
