"""The form of Appendix 1 as data, and what is a right answer to it (A-1, A-1.23x).

Answers come by key (`{"satisfaction": 1, "source_usage": {"vk": 3, …}, …}`) or by the codes of the form
(`{"21": 1, "22.3": 3, …}`); both are read into the same cells, and every fault is told with its place.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

MAX_COMMENT = 4000
AGENCY, MUNICIPALITY, FILLED_AT = "11", "12", "13"
STATISTICAL = (AGENCY, MUNICIPALITY, FILLED_AT)

_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Source:
    """A source of information, one row of questions 22 and 23: the suffix gives both codes."""

    suffix: int
    key: str
    text: str


@dataclass(frozen=True, slots=True)
class Question:
    """A question of block 2: its code, its key, and the values it takes."""

    code: str
    key: str
    values: tuple[int, ...]
    per_source: bool
    follow_up_at_most: int = 0
    """Scores up to this one lead to the free-text question (A-1.23x); 0: none does."""


@dataclass(frozen=True, slots=True)
class Form:
    """A version of the form, as far as answers need it."""

    key: str
    version: int
    questions: tuple[Question, ...]
    sources: tuple[Source, ...]
    follow_up: Question
    """The question whose low scores open a comment."""


@dataclass(frozen=True, slots=True)
class AnswerFault:
    """Something wrong with an answer: an RFC 6901 pointer into the body, a stable code, words."""

    pointer: str
    code: str
    ru: str
    en: str


@dataclass(slots=True)
class Answers:
    """What was read: cells by (question key, source key or ""), comments by source key, and 11, 12, 13 as given."""

    cells: dict[tuple[str, str], int] = field(default_factory=dict)
    comments: dict[str, str] = field(default_factory=dict)
    comment_pointers: dict[str, str] = field(default_factory=dict)
    statistical: dict[str, Any] = field(default_factory=dict)
    faults: list[AnswerFault] = field(default_factory=list)


def parse_form(data: Mapping[str, Any]) -> Form:
    """The form from its stored definition (the shape of `data/information-access-v1.yaml`)."""
    form = data["form"]
    assessment = next(block for block in form["blocks"] if block["key"] == "assessment")
    questions = [_parse_question(raw) for raw in assessment["questions"]]
    follow_up = next(question for question in questions if question.follow_up_at_most)
    sources = tuple(Source(s["suffix"], s["key"], s["text"]) for s in form["sources"])
    return Form(form["key"], form["version"], tuple(questions), sources, follow_up)


def _parse_question(raw: Mapping[str, Any]) -> Question:
    scale = raw.get("scale")
    values = range(scale["min"], scale["max"] + 1) if scale else [option["value"] for option in raw["options"]]
    at_most = raw.get("follow_up", {}).get("when", {}).get("row_at_most", 0)
    return Question(raw["code"], raw["key"], tuple(values), raw.get("rows") == "sources", at_most)


def normalized_code(code: str) -> str:
    """«23.3.» → `23.3`: the form itself writes some codes with a dot at the end."""
    return code.strip().rstrip(".")


def read_answers(form: Form, raw: Mapping[str, Any]) -> Answers:
    """Read answers by key or by code, tell every fault, and see that nothing is missing."""
    answers = Answers()
    by_key = {question.key: question for question in form.questions}
    cells = _cells_by_code(form)
    comments = {f"{form.follow_up.code}.{source.suffix}.comment": source.key for source in form.sources}
    for name, value in raw.items():
        pointer = _pointer(name)
        code = normalized_code(name)
        if name in by_key:
            _read_question(form, by_key[name], value, pointer, answers)
        elif name == "comments":
            _read_comments(form, value, pointer, answers)
        elif code in STATISTICAL:
            _set_once(answers.statistical, code, value, pointer, answers)
        elif code in cells:
            _read_cell(cells[code][0], cells[code][1], value, pointer, answers)
        elif code in comments:
            _read_comment(comments[code], value, pointer, answers)
        else:
            answers.faults.append(AnswerFault(pointer, "unknown_code", "Такого кода нет.", "There is no such code."))
    uses_codes = not any(name in by_key or name == "comments" for name in raw)
    _check_complete(form, answers, uses_codes=uses_codes)
    _check_comments(form, answers)
    return answers


def answers_by_key(form: Form, answers: Answers) -> dict[str, Any]:
    """The answers in the key form."""
    told: dict[str, Any] = {}
    for question in form.questions:
        if question.per_source:
            told[question.key] = {source.key: answers.cells[question.key, source.key] for source in form.sources}
        else:
            told[question.key] = answers.cells[question.key, ""]
    told["comments"] = {s.key: answers.comments[s.key] for s in form.sources if s.key in answers.comments}
    return told


def codes_of(form: Form, by_key: Mapping[str, Any]) -> dict[str, Any]:
    """The flat code form of answers in the key form: 21, 22.N, 23.N and 23.N.comment."""
    codes: dict[str, Any] = {}
    for question in form.questions:
        given = by_key[question.key]
        if question.per_source:
            codes |= {f"{question.code}.{s.suffix}": given[s.key] for s in form.sources}
        else:
            codes[question.code] = given
    comments = by_key.get("comments", {})
    codes |= {f"{form.follow_up.code}.{s.suffix}.comment": comments[s.key] for s in form.sources if s.key in comments}
    return codes


def code_columns(forms: Iterable[Form]) -> list[str]:
    """The codes of several versions of a form, question by question and in the order of the suffixes; comments last."""
    questions: dict[str, set[int]] = {}
    comments: dict[str, set[int]] = {}
    for form in forms:
        suffixes = {source.suffix for source in form.sources}
        for question in form.questions:
            questions.setdefault(question.code, set()).update(suffixes if question.per_source else ())
        comments.setdefault(form.follow_up.code, set()).update(suffixes)
    told = []
    for code in sorted(questions):
        told += [f"{code}.{suffix}" for suffix in sorted(questions[code])] or [code]
    return told + [f"{code}.{suffix}.comment" for code in sorted(comments) for suffix in sorted(comments[code])]


def _pointer(*steps: str) -> str:
    return "".join("/" + step.replace("~", "~0").replace("/", "~1") for step in ("answers", *steps))


def _cells_by_code(form: Form) -> dict[str, tuple[Question, str]]:
    cells: dict[str, tuple[Question, str]] = {}
    for question in form.questions:
        if question.per_source:
            cells |= {f"{question.code}.{source.suffix}": (question, source.key) for source in form.sources}
        else:
            cells[question.code] = (question, "")
    return cells


def _set_once(known: dict[Any, Any], name: Any, value: Any, pointer: str, answers: Answers) -> None:
    if name in known:
        fault = AnswerFault(pointer, "given_twice", "Ответ указан дважды.", "The answer is given twice.")
        answers.faults.append(fault)
    else:
        known[name] = value


def _read_question(form: Form, question: Question, value: Any, pointer: str, answers: Answers) -> None:
    if not question.per_source:
        _read_cell(question, "", value, pointer, answers)
        return
    if not isinstance(value, Mapping):
        answers.faults.append(AnswerFault(pointer, "dict_type", "Нужен объект.", "An object is needed."))
        for source in form.sources:  # told once: its rows do not count as missing as well
            answers.cells.setdefault((question.key, source.key), 0)
        return
    sources = {source.key for source in form.sources}
    for key, given in value.items():
        place = f"{pointer}{_pointer(key).removeprefix('/answers')}"
        if key in sources:
            _read_cell(question, key, given, place, answers)
        else:
            fault = AnswerFault(place, "unknown_source", "Такого источника нет.", "There is no such source.")
            answers.faults.append(fault)


def _read_cell(question: Question, source: str, value: Any, pointer: str, answers: Answers) -> None:
    if isinstance(value, bool) or not isinstance(value, int):
        fault = AnswerFault(pointer, "int_type", "Нужно целое число.", "An integer is needed.")
        answers.faults.append(fault)
    elif value not in question.values:
        low, high = question.values[0], question.values[-1]
        answers.faults.append(
            AnswerFault(pointer, "out_of_range", f"Возможны значения от {low} до {high}.", f"From {low} to {high}.")
        )
    else:
        _set_once(answers.cells, (question.key, source), value, pointer, answers)
        return
    # A wrong answer is told once: it does not count as missing as well.
    answers.cells.setdefault((question.key, source), 0)


def _read_comments(form: Form, value: Any, pointer: str, answers: Answers) -> None:
    if not isinstance(value, Mapping):
        answers.faults.append(AnswerFault(pointer, "dict_type", "Нужен объект.", "An object is needed."))
        return
    sources = {source.key for source in form.sources}
    for key, given in value.items():
        place = f"{pointer}{_pointer(key).removeprefix('/answers')}"
        if key in sources:
            _read_comment(key, given, place, answers)
        else:
            fault = AnswerFault(place, "unknown_source", "Такого источника нет.", "There is no such source.")
            answers.faults.append(fault)


def _read_comment(source: str, value: Any, pointer: str, answers: Answers) -> None:
    if not isinstance(value, str):
        answers.faults.append(AnswerFault(pointer, "string_type", "Нужна строка.", "A string is needed."))
    elif not value.strip():
        answers.faults.append(AnswerFault(pointer, "blank", "Комментарий пуст.", "The comment is blank."))
    elif len(value) > MAX_COMMENT:
        ru, en = f"Не более {MAX_COMMENT} знаков.", f"At most {MAX_COMMENT} characters."
        answers.faults.append(AnswerFault(pointer, "string_too_long", ru, en))
    elif _CONTROLS.search(value):
        fault = AnswerFault(pointer, "control_characters", "Недопустимые символы.", "Characters not allowed.")
        answers.faults.append(fault)
    else:
        _set_once(answers.comments, source, value, pointer, answers)
        answers.comment_pointers.setdefault(source, pointer)


def _check_complete(form: Form, answers: Answers, *, uses_codes: bool) -> None:
    suffixes = {source.key: source.suffix for source in form.sources}
    for question in form.questions:
        for source in [s.key for s in form.sources] if question.per_source else [""]:
            if (question.key, source) in answers.cells:
                continue
            if uses_codes:
                pointer = _pointer(f"{question.code}.{suffixes[source]}" if source else question.code)
            else:
                pointer = _pointer(question.key, source) if source else _pointer(question.key)
            answers.faults.append(AnswerFault(pointer, "missing", "Нет ответа.", "The answer is missing."))


def _check_comments(form: Form, answers: Answers) -> None:
    for source, pointer in answers.comment_pointers.items():
        if 1 <= answers.cells.get((form.follow_up.key, source), 0) <= form.follow_up.follow_up_at_most:
            continue
        ru = "Комментарий возможен только при низкой оценке (1, 2 или 3)."
        en = "A comment is taken for a low score only (1, 2 or 3)."
        answers.faults.append(AnswerFault(pointer, "comment_not_asked", ru, en))
