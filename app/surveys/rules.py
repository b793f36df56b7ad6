"""Rules of the form of Appendix 1 and of valid answers to it (A-1, A-1.23x).

Answers come by key (`{"satisfaction": 1, "source_usage": {"vk": 3, …}, …}`) or by the codes of the form
(`{"21": 1, "22.3": 3, …}`); both are parsed into the same cells, and every error has its place.
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
class Form:
    """The parts of a form version that answers need."""

    key: str
    version: int
    questions: tuple[Question, ...]
    sources: tuple[Source, ...]
    follow_up: Question
    """The question whose low scores allow a comment."""


@dataclass(frozen=True, slots=True)
class AnswerError:
    """An error in an answer: an RFC 6901 pointer into the body, a stable code and texts."""

    pointer: str
    code: str
    ru: str
    en: str


@dataclass(slots=True)
class Answers:
    """Parsed answers: cells by (question key, source key or ""), comments by source key, and 11, 12, 13 as given."""

    cells: dict[tuple[str, str], int] = field(default_factory=dict)
    comments: dict[str, str] = field(default_factory=dict)
    comment_pointers: dict[str, str] = field(default_factory=dict)
    statistical: dict[str, Any] = field(default_factory=dict)
    errors: list[AnswerError] = field(default_factory=list)


def parse_form(data: Mapping[str, Any]) -> Form:
    """Parse a form from its stored definition (the shape of `data/information-access-v1.yaml`)."""
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
    """Return a code without the final dot that the form writes in some places: «23.3.» → `23.3`."""
    return code.strip().rstrip(".")


def parse_answers(form: Form, raw: Mapping[str, Any]) -> Answers:
    """Parse answers by key or by code and collect every error, missing answers included."""
    answers = Answers()
    by_key = {question.key: question for question in form.questions}
    cells = _map_cells_by_code(form)
    comments = {f"{form.follow_up.code}.{source.suffix}.comment": source.key for source in form.sources}
    for name, value in raw.items():
        pointer = _build_pointer(name)
        code = normalize_code(name)
        if name in by_key:
            _parse_question_answers(form, by_key[name], value, pointer, answers)
        elif name == "comments":
            _parse_comments(form, value, pointer, answers)
        elif code in STATISTICAL:
            _set_once(answers.statistical, code, value, pointer, answers)
        elif code in cells:
            _parse_cell(cells[code][0], cells[code][1], value, pointer, answers)
        elif code in comments:
            _parse_comment(comments[code], value, pointer, answers)
        else:
            answers.errors.append(AnswerError(pointer, "unknown_code", "Код не найден.", "The code is unknown."))
    uses_codes = not any(name in by_key or name == "comments" for name in raw)
    _validate_complete(form, answers, uses_codes=uses_codes)
    _validate_comments(form, answers)
    return answers


def to_answers_by_key(form: Form, answers: Answers) -> dict[str, Any]:
    """Return the answers by key."""
    by_key: dict[str, Any] = {}
    for question in form.questions:
        if question.per_source:
            by_key[question.key] = {source.key: answers.cells[question.key, source.key] for source in form.sources}
        else:
            by_key[question.key] = answers.cells[question.key, ""]
    by_key["comments"] = {s.key: answers.comments[s.key] for s in form.sources if s.key in answers.comments}
    return by_key


def to_codes(form: Form, by_key: Mapping[str, Any]) -> dict[str, Any]:
    """Return answers by key as flat codes: 21, 22.N, 23.N and 23.N.comment."""
    codes: dict[str, Any] = {}
    for question in form.questions:
        answer = by_key[question.key]
        if question.per_source:
            codes |= {f"{question.code}.{s.suffix}": answer[s.key] for s in form.sources}
        else:
            codes[question.code] = answer
    comments = by_key.get("comments", {})
    codes |= {f"{form.follow_up.code}.{s.suffix}.comment": comments[s.key] for s in form.sources if s.key in comments}
    return codes


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


def compute_content_hash(
    form: Form, organization_id: UUID, municipality: str | None, filled_at: datetime | None, by_key: Mapping[str, Any]
) -> str:
    """Return the SHA-256 of a submission's form and normalized codes, independent of its notation."""
    moment = filled_at.astimezone(UTC).isoformat() if filled_at else None
    content = [form.key, form.version, str(organization_id), municipality, moment, to_codes(form, by_key)]
    return sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def compute_identity(content: str, occurrence: int) -> str:
    """Return the identity of a table row: its content and its number among rows with the same content."""
    return sha256(f"{content} {occurrence}".encode()).hexdigest()


def identity_by_name(form: str, organization_id: UUID, external_id: str) -> str:
    """Return the identity of a table row with an id of its own in the source system."""
    return sha256(json.dumps([form, str(organization_id), external_id]).encode()).hexdigest()


def is_chosen(secret: bytes, submission_id: UUID, percent: int) -> bool:
    """Return whether a sheet is selected for a second entry; repeatable, but not predictable without the secret."""
    digest = hmac.new(secret, b"double entry " + submission_id.bytes, sha256).digest()
    return int.from_bytes(digest[:8], "big") * 100 < percent << 64


def find_entry_differences(first: Mapping[str, Any], second: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the codes that two entries of a sheet differ in; texts are compared ignoring case, ё and spaces."""
    differences = []
    for code in sorted(first.keys() | second.keys(), key=_get_code_order):
        one, other = first.get(code), second.get(code)
        if _normalize_answer(one) != _normalize_answer(other):
            differences.append({"code": code, "first": one, "second": other})
    return differences


def _normalize_answer(answer: Any) -> Any:
    return normalize(answer) if isinstance(answer, str) else answer


def _get_code_order(code: str) -> tuple[bool, list[int]]:
    """Return the sort key of a code: the order of the form, comments last."""
    return code.endswith(".comment"), [int(step) for step in code.removesuffix(".comment").split(".")]


def _build_pointer(*steps: str) -> str:
    return "".join("/" + step.replace("~", "~0").replace("/", "~1") for step in ("answers", *steps))


def _map_cells_by_code(form: Form) -> dict[str, tuple[Question, str]]:
    cells: dict[str, tuple[Question, str]] = {}
    for question in form.questions:
        if question.per_source:
            cells |= {f"{question.code}.{source.suffix}": (question, source.key) for source in form.sources}
        else:
            cells[question.code] = (question, "")
    return cells


def _set_once(known: dict[Any, Any], name: Any, value: Any, pointer: str, answers: Answers) -> None:
    if name in known:
        error = AnswerError(pointer, "given_twice", "Ответ указан дважды.", "The answer is repeated.")
        answers.errors.append(error)
    else:
        known[name] = value


def _parse_question_answers(form: Form, question: Question, value: Any, pointer: str, answers: Answers) -> None:
    if not question.per_source:
        _parse_cell(question, "", value, pointer, answers)
        return
    if not isinstance(value, Mapping):
        answers.errors.append(
            AnswerError(pointer, "dict_type", "Укажите ответы по источникам.", "An object is needed.")
        )
        for source in form.sources:  # reported once: its rows are not reported as missing too
            answers.cells.setdefault((question.key, source.key), 0)
        return
    sources = {source.key for source in form.sources}
    for key, item in value.items():
        place = f"{pointer}{_build_pointer(key).removeprefix('/answers')}"
        if key in sources:
            _parse_cell(question, key, item, place, answers)
        else:
            error = AnswerError(place, "unknown_source", "Источник не найден.", "The source is unknown.")
            answers.errors.append(error)


def _parse_cell(question: Question, source: str, value: Any, pointer: str, answers: Answers) -> None:
    if isinstance(value, bool) or not isinstance(value, int):
        error = AnswerError(pointer, "int_type", "Укажите целое число.", "An integer is needed.")
        answers.errors.append(error)
    elif value not in question.values:
        low, high = question.values[0], question.values[-1]
        answers.errors.append(
            AnswerError(
                pointer, "out_of_range", f"Допустимы значения от {low} до {high}.", f"Allowed values: {low} to {high}."
            )
        )
    else:
        _set_once(answers.cells, (question.key, source), value, pointer, answers)
        return
    # A wrong answer is reported once: it is not reported as missing too.
    answers.cells.setdefault((question.key, source), 0)


def _parse_comments(form: Form, value: Any, pointer: str, answers: Answers) -> None:
    if not isinstance(value, Mapping):
        answers.errors.append(
            AnswerError(pointer, "dict_type", "Укажите ответы по источникам.", "An object is needed.")
        )
        return
    sources = {source.key for source in form.sources}
    for key, item in value.items():
        place = f"{pointer}{_build_pointer(key).removeprefix('/answers')}"
        if key in sources:
            _parse_comment(key, item, place, answers)
        else:
            error = AnswerError(place, "unknown_source", "Источник не найден.", "The source is unknown.")
            answers.errors.append(error)


def _parse_comment(source: str, value: Any, pointer: str, answers: Answers) -> None:
    if not isinstance(value, str):
        answers.errors.append(AnswerError(pointer, "string_type", "Укажите текст.", "A string is needed."))
    elif not value.strip():
        answers.errors.append(AnswerError(pointer, "blank", "Комментарий не заполнен.", "The comment is blank."))
    elif len(value) > MAX_COMMENT:
        ru, en = f"Не более {MAX_COMMENT} знаков.", f"At most {MAX_COMMENT} characters."
        answers.errors.append(AnswerError(pointer, "string_too_long", ru, en))
    elif CONTROLS.search(value):
        error = AnswerError(
            pointer, "control_characters", "Недопустимые символы.", "The text has characters that are not allowed."
        )
        answers.errors.append(error)
    else:
        _set_once(answers.comments, source, value, pointer, answers)
        answers.comment_pointers.setdefault(source, pointer)


def _validate_complete(form: Form, answers: Answers, *, uses_codes: bool) -> None:
    suffixes = {source.key: source.suffix for source in form.sources}
    for question in form.questions:
        for source in [s.key for s in form.sources] if question.per_source else [""]:
            if (question.key, source) in answers.cells:
                continue
            if uses_codes:
                pointer = _build_pointer(f"{question.code}.{suffixes[source]}" if source else question.code)
            else:
                pointer = _build_pointer(question.key, source) if source else _build_pointer(question.key)
            answers.errors.append(AnswerError(pointer, "missing", "Нет ответа.", "The answer is missing."))


def _validate_comments(form: Form, answers: Answers) -> None:
    for source, pointer in answers.comment_pointers.items():
        if 1 <= answers.cells.get((form.follow_up.key, source), 0) <= form.follow_up.follow_up_at_most:
            continue
        ru = "Комментарий возможен только при низкой оценке (1, 2 или 3)."
        en = "A comment is allowed only with a low score (1, 2 or 3)."
        answers.errors.append(AnswerError(pointer, "comment_not_asked", ru, en))


@dataclass(frozen=True, slots=True)
class SourceError:
    """An error in a list of sources: the position in the list, the field, a stable code and texts."""

    place: int
    field: str
    code: str
    ru: str
    en: str


def number_sources(
    requested: Sequence[tuple[str, int | None]], known: Mapping[str, int]
) -> tuple[list[int], list[SourceError]]:
    """Return the suffixes of a list of sources, and the errors.

    A known key keeps its suffix; a new key gets the requested or the next free one. `requested` holds the keys with the
    requested suffixes, `known` the suffixes of keys in published versions.
    """
    errors: list[SourceError] = []
    holders = {suffix: key for key, suffix in known.items()}
    seen: set[str] = set()
    for place, (key, suffix) in enumerate(requested):
        if key in seen:
            errors.append(
                SourceError(place, "key", "given_twice", "Источник указан дважды.", "The source is repeated.")
            )
        seen.add(key)
        if suffix is None:
            continue
        if known.get(key, suffix) != suffix:
            ru, en = (
                f"Код источника – {known[key]}, изменить его нельзя.",
                f"The code is {known[key]} and cannot be changed.",
            )
            errors.append(SourceError(place, "suffix", "suffix_fixed", ru, en))
        elif holders.setdefault(suffix, key) != key:
            ru, en = "Код принадлежит другому источнику.", "The code belongs to another source."
            errors.append(SourceError(place, "suffix", "suffix_taken", ru, en))
    used = set(holders)
    suffixes: list[int] = []
    for key, suffix in requested:
        number = known.get(key, suffix)
        if number is None:
            number = max(used, default=0) + 1
            if number > MAX_SUFFIX:  # the last suffix is in use: take the first gap
                number = next(one for one in count(1) if one not in used)
            used.add(number)
        suffixes.append(number)
    return suffixes, errors


def find_differences(given: Any, fixed: Any, pointer: str) -> Iterator[str]:
    """Yield a pointer for each difference from the fixed wording; what is empty there may be omitted."""
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
    """Compare two lists of sources by suffix: suffix, `same`, `reworded`, `added` or `removed`, and both sides."""
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
