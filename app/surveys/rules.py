"""The form of Appendix 1 as data, and what is a right answer to it (A-1, A-1.23x).

Answers come by key (`{"satisfaction": 1, "source_usage": {"vk": 3, …}, …}`) or by the codes of the form
(`{"21": 1, "22.3": 3, …}`); both are read into the same cells, and every fault is told with its place.
"""

import hmac
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from itertools import count
from typing import Any
from uuid import UUID

from app.language.normalization import normalize

MAX_COMMENT = 4000
MAX_SUFFIX = 999
AGENCY, MUNICIPALITY, FILLED_AT = "11", "12", "13"
STATISTICAL = (AGENCY, MUNICIPALITY, FILLED_AT)

CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")


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
class AnswerError:
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
    faults: list[AnswerError] = field(default_factory=list)


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


def normalize_code(code: str) -> str:
    """«23.3.» → `23.3`: the form itself writes some codes with a dot at the end."""
    return code.strip().rstrip(".")


def parse_answers(form: Form, raw: Mapping[str, Any]) -> Answers:
    """Read answers by key or by code, tell every fault, and see that nothing is missing."""
    answers = Answers()
    by_key = {question.key: question for question in form.questions}
    cells = _cells_by_code(form)
    comments = {f"{form.follow_up.code}.{source.suffix}.comment": source.key for source in form.sources}
    for name, value in raw.items():
        pointer = _pointer(name)
        code = normalize_code(name)
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
            answers.faults.append(AnswerError(pointer, "unknown_code", "Такого кода нет.", "There is no such code."))
    uses_codes = not any(name in by_key or name == "comments" for name in raw)
    _check_complete(form, answers, uses_codes=uses_codes)
    _check_comments(form, answers)
    return answers


def to_answers_by_key(form: Form, answers: Answers) -> dict[str, Any]:
    """The answers in the key form."""
    told: dict[str, Any] = {}
    for question in form.questions:
        if question.per_source:
            told[question.key] = {source.key: answers.cells[question.key, source.key] for source in form.sources}
        else:
            told[question.key] = answers.cells[question.key, ""]
    told["comments"] = {s.key: answers.comments[s.key] for s in form.sources if s.key in answers.comments}
    return told


def to_codes(form: Form, by_key: Mapping[str, Any]) -> dict[str, Any]:
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


def list_code_columns(forms: Iterable[Form]) -> list[str]:
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


def compute_content_hash(
    form: Form, organization_id: UUID, municipality: str | None, filled_at: datetime | None, by_key: Mapping[str, Any]
) -> str:
    """A digest of what a submission says, however it was written down: SHA-256 of its form and normalized codes."""
    moment = filled_at.astimezone(UTC).isoformat() if filled_at else None
    told = [form.key, form.version, str(organization_id), municipality, moment, to_codes(form, by_key)]
    return sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()


def compute_identity(content: str, occurrence: int) -> str:
    """What a row of a table is known by when it comes again: what it says, and the how manieth it is that says so."""
    return sha256(f"{content} {occurrence}".encode()).hexdigest()


def identity_by_name(form: str, organization_id: UUID, external_id: str) -> str:
    """What a row is known by that has a name of its own in the system that it came from."""
    return sha256(json.dumps([form, str(organization_id), external_id]).encode()).hexdigest()


def is_chosen(secret: bytes, submission_id: UUID, percent: int) -> bool:
    """Whether a sheet is keyed in a second time: the same answer always, which nobody can tell without the secret."""
    digest = hmac.new(secret, b"double entry " + submission_id.bytes, sha256).digest()
    return int.from_bytes(digest[:8], "big") * 100 < percent << 64


def find_entry_differences(first: Mapping[str, Any], second: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Where two entries of one sheet differ, by code. Free texts are compared without case, ё and blanks."""
    told = []
    for code in sorted(first.keys() | second.keys(), key=_code_order):
        one, other = first.get(code), second.get(code)
        if _compared(one) != _compared(other):
            told.append({"code": code, "first": one, "second": other})
    return told


def _compared(answer: Any) -> Any:
    return normalize(answer) if isinstance(answer, str) else answer


def _code_order(code: str) -> tuple[bool, list[int]]:
    """Codes as the form has them, comments last."""
    return code.endswith(".comment"), [int(step) for step in code.removesuffix(".comment").split(".")]


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
        fault = AnswerError(pointer, "given_twice", "Ответ указан дважды.", "The answer is given twice.")
        answers.faults.append(fault)
    else:
        known[name] = value


def _read_question(form: Form, question: Question, value: Any, pointer: str, answers: Answers) -> None:
    if not question.per_source:
        _read_cell(question, "", value, pointer, answers)
        return
    if not isinstance(value, Mapping):
        answers.faults.append(AnswerError(pointer, "dict_type", "Нужен объект.", "An object is needed."))
        for source in form.sources:  # told once: its rows do not count as missing as well
            answers.cells.setdefault((question.key, source.key), 0)
        return
    sources = {source.key for source in form.sources}
    for key, given in value.items():
        place = f"{pointer}{_pointer(key).removeprefix('/answers')}"
        if key in sources:
            _read_cell(question, key, given, place, answers)
        else:
            fault = AnswerError(place, "unknown_source", "Такого источника нет.", "There is no such source.")
            answers.faults.append(fault)


def _read_cell(question: Question, source: str, value: Any, pointer: str, answers: Answers) -> None:
    if isinstance(value, bool) or not isinstance(value, int):
        fault = AnswerError(pointer, "int_type", "Нужно целое число.", "An integer is needed.")
        answers.faults.append(fault)
    elif value not in question.values:
        low, high = question.values[0], question.values[-1]
        answers.faults.append(
            AnswerError(pointer, "out_of_range", f"Возможны значения от {low} до {high}.", f"From {low} to {high}.")
        )
    else:
        _set_once(answers.cells, (question.key, source), value, pointer, answers)
        return
    # A wrong answer is told once: it does not count as missing as well.
    answers.cells.setdefault((question.key, source), 0)


def _read_comments(form: Form, value: Any, pointer: str, answers: Answers) -> None:
    if not isinstance(value, Mapping):
        answers.faults.append(AnswerError(pointer, "dict_type", "Нужен объект.", "An object is needed."))
        return
    sources = {source.key for source in form.sources}
    for key, given in value.items():
        place = f"{pointer}{_pointer(key).removeprefix('/answers')}"
        if key in sources:
            _read_comment(key, given, place, answers)
        else:
            fault = AnswerError(place, "unknown_source", "Такого источника нет.", "There is no such source.")
            answers.faults.append(fault)


def _read_comment(source: str, value: Any, pointer: str, answers: Answers) -> None:
    if not isinstance(value, str):
        answers.faults.append(AnswerError(pointer, "string_type", "Нужна строка.", "A string is needed."))
    elif not value.strip():
        answers.faults.append(AnswerError(pointer, "blank", "Комментарий пуст.", "The comment is blank."))
    elif len(value) > MAX_COMMENT:
        ru, en = f"Не более {MAX_COMMENT} знаков.", f"At most {MAX_COMMENT} characters."
        answers.faults.append(AnswerError(pointer, "string_too_long", ru, en))
    elif CONTROLS.search(value):
        fault = AnswerError(pointer, "control_characters", "Недопустимые символы.", "Characters not allowed.")
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
            answers.faults.append(AnswerError(pointer, "missing", "Нет ответа.", "The answer is missing."))


def _check_comments(form: Form, answers: Answers) -> None:
    for source, pointer in answers.comment_pointers.items():
        if 1 <= answers.cells.get((form.follow_up.key, source), 0) <= form.follow_up.follow_up_at_most:
            continue
        ru = "Комментарий возможен только при низкой оценке (1, 2 или 3)."
        en = "A comment is taken for a low score only (1, 2 or 3)."
        answers.faults.append(AnswerError(pointer, "comment_not_asked", ru, en))


@dataclass(frozen=True, slots=True)
class SourceError:
    """Something wrong with a list of sources: the place in the list, the field, a stable code, words."""

    place: int
    field: str
    code: str
    ru: str
    en: str


def number_sources(
    wanted: Sequence[tuple[str, int | None]], known: Mapping[str, int]
) -> tuple[list[int], list[SourceError]]:
    """The suffixes of a list of sources: a known key keeps its own, a new one gets the one asked for or the next free.

    `wanted` are keys with the suffix asked for, `known` the keys that published versions named, with theirs.
    """
    faults: list[SourceError] = []
    holders = {suffix: key for key, suffix in known.items()}
    seen: set[str] = set()
    for place, (key, suffix) in enumerate(wanted):
        if key in seen:
            faults.append(SourceError(place, "key", "given_twice", "Источник указан дважды.", "It is given twice."))
        seen.add(key)
        if suffix is None:
            continue
        if known.get(key, suffix) != suffix:
            ru, en = f"Код источника – {known[key]}, он не меняется.", f"Its code is {known[key]} and never changes."
            faults.append(SourceError(place, "suffix", "suffix_fixed", ru, en))
        elif holders.setdefault(suffix, key) != key:
            ru, en = "Код принадлежит другому источнику.", "The code belongs to another source."
            faults.append(SourceError(place, "suffix", "suffix_taken", ru, en))
    taken = set(holders)
    suffixes: list[int] = []
    for key, asked in wanted:
        number = known.get(key, asked)
        if number is None:
            number = max(taken, default=0) + 1
            if number > MAX_SUFFIX:  # somebody asked for the last one: what lies between was never used
                number = next(one for one in count(1) if one not in taken)
            taken.add(number)
        suffixes.append(number)
    return suffixes, faults


def find_differences(given: Any, fixed: Any, pointer: str) -> Iterator[str]:
    """Where a wording differs from the fixed one, as pointers; what is empty in the fixed one may be left out."""
    if isinstance(given, Mapping) and isinstance(fixed, Mapping):
        for name in [*fixed, *(name for name in given if name not in fixed)]:
            place = f"{pointer}/{name.replace('~', '~0').replace('/', '~1')}"
            if name not in given:
                if fixed[name] not in (None, False, [], {}):
                    yield place
            elif name not in fixed:
                yield place
            else:
                yield from find_differences(given[name], fixed[name], place)
    elif isinstance(given, list) and isinstance(fixed, list) and len(given) == len(fixed):
        for number, (one, other) in enumerate(zip(given, fixed, strict=True)):
            yield from find_differences(one, other, f"{pointer}/{number}")
    elif given != fixed or isinstance(given, bool) != isinstance(fixed, bool):
        yield pointer


def compare_sources(
    first: Sequence[Source], second: Sequence[Source]
) -> list[tuple[int, str, Source | None, Source | None]]:
    """Two lists of sources by code: suffix, what happened (`same`, `reworded`, `added`, `removed`), and both sides."""
    before, after = ({source.suffix: source for source in sources} for sources in (first, second))
    compared = []
    for suffix in sorted(before.keys() | after.keys()):
        old, new = before.get(suffix), after.get(suffix)
        if old is None or new is None:
            change = "added" if old is None else "removed"
        else:
            change = "same" if old.text == new.text else "reworded"
        compared.append((suffix, change, old, new))
    return compared
