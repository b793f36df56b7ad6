"""Plan the changes that a row of an imported knowledge base makes, validated by the API schemas. No database."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from uuid import UUID

from pydantic import ValidationError

from app.core.validation_errors import to_field_error
from app.imports.ports import CellError, ImportedRow, RowResult
from app.imports.rules import Outcome
from app.reply_templates.commands import NewTemplate
from app.reply_templates.models import ReplyTemplate, TemplateVersion
from app.reply_templates.rules.list_cells import parse_keywords, parse_lines, restore_escapes
from app.reply_templates.rules.states import TemplateState
from app.reply_templates.schemas import TemplateCreate
from app.reply_templates.service.rendering import find_value_errors
from app.reply_templates.service.templates import find_text_errors

if TYPE_CHECKING:
    from app.organizations.models import Topic, Unit

COLUMN_OF = {"topic_ids": "topics", "shared_unit_ids": "shared_with", "unit_id": "unit"}
UNKNOWN_NAMES = {
    "topics": "Открытая тема с таким названием не найдена.",
    "shared_with": "Другое действующее подразделение с таким названием не найдено.",
}
MAX_DIGITS = 9


@dataclass(frozen=True, slots=True)
class KnownTemplates:
    """An existing template with its newest version and the units it is shared with."""

    template: ReplyTemplate
    version: TemplateVersion
    shared_unit_ids: frozenset[UUID]


@dataclass(frozen=True, slots=True)
class Names:
    """The topics and units that the names in a table refer to."""

    unit: "Unit"
    topics: "Mapping[str, Topic]"
    """The topics of the unit, by name."""
    units: "Mapping[str, Unit]"
    """The other units, by name and by id; of several with one name, the one in the caller's organization."""
    open_ids: frozenset[UUID]
    """The open topics and units; a closed one may be kept but not added."""


@dataclass(slots=True)
class PlannedRow:
    """The plan for a row: a new template, changes to an existing one, or errors."""

    identity: str
    known: KnownTemplates | None
    create: NewTemplate | None = None
    changes: dict[str, Any] = field(default_factory=dict)
    errors: list[CellError] = field(default_factory=list)

    @property
    def result(self) -> RowResult:
        """Return the plan as a row of the import report."""
        if self.create is not None:
            return RowResult(Outcome.CREATED, self.errors, self.identity)
        return RowResult(Outcome.CHANGED if self.changes else Outcome.UNCHANGED, self.errors, self.identity)

    def add_error(self, column: str | None, code: str, detail: str) -> None:
        """Add an error to the row."""
        self.errors.append(CellError(column, code, detail))


def plan_row(row: ImportedRow, names: Names, known: KnownTemplates | None) -> PlannedRow:
    """Return the plan for a row; `known` is its existing template, None for a new one."""
    cells = row.cells
    plan = PlannedRow(cells["key"], known)
    if cells.get("unit", "") not in ("", names.unit.name, str(names.unit.id)):
        plan.add_error("unit", "unknown_reference", "Загружать можно только шаблоны своего подразделения.")
    values = _parse_cells(plan, cells, names)
    body = _validate_body(plan, _get_present_values(known) | values | {"unit_id": names.unit.id, "key": cells["key"]})
    bad_columns = {error.column for error in plan.errors}  # report every bad cell, but only its first cause
    for error in (
        *find_text_errors(values.get("text", "")),
        *find_value_errors(values.get("defaults", {}), "/defaults"),
    ):
        if (column := error.pointer.split("/")[1]) not in bad_columns:
            plan.add_error(column, error.code, error.ru)
    if body is None or plan.errors:
        return plan
    if known is None:
        plan.create = body.to_command(NewTemplate)
        return plan
    changed = {name: value for name in values if not _is_same(value := getattr(body, name), known, name)}
    if changed and known.template.state is TemplateState.ARCHIVED:
        plan.add_error("key", "move_not_allowed", "Шаблон в архиве, изменить его нельзя.")
    elif changed:
        plan.changes = changed
    return plan


def _parse_cells(plan: PlannedRow, cells: Mapping[str, str], names: Names) -> dict[str, Any]:
    """Return the field values of a row's columns."""
    values: dict[str, Any] = {name: cells[name] for name in ("title", "text") if name in cells}
    if "keywords" in cells:
        values["keywords"] = parse_keywords(cells["keywords"])
    if "examples" in cells:
        values["examples"] = parse_lines(cells["examples"])
    if "topics" in cells:
        kept = {UUID(topic_id) for topic_id in plan.known.version.topic_ids} if plan.known else set()
        allowed = _select_allowed(names.topics, names.open_ids | kept)
        values["topic_ids"] = _find_ids(plan, "topics", cells["topics"], allowed)
    if "shared_with" in cells:
        kept = set(plan.known.shared_unit_ids) if plan.known else set()
        allowed = _select_allowed(names.units, names.open_ids | kept)
        values["shared_unit_ids"] = _find_ids(plan, "shared_with", cells["shared_with"], allowed)
    if "defaults" in cells:
        values["defaults"] = _parse_defaults(plan, cells["defaults"])
    if "review_days" in cells:
        values["review_days"] = _parse_number(plan, "review_days", cells["review_days"])
    return values


def _select_allowed(named: "Mapping[str, Topic] | Mapping[str, Unit]", ids: frozenset[UUID]) -> dict[str, UUID]:
    return {name: row.id for name, row in named.items() if row.id in ids}


def _find_ids(plan: PlannedRow, column: str, cell: str, known: Mapping[str, UUID]) -> list[UUID]:
    names = list(dict.fromkeys(line.strip() for line in parse_lines(cell)))
    if not known.keys() >= set(names):
        plan.add_error(column, "unknown_reference", UNKNOWN_NAMES[column])
    return [known[name] for name in names if name in known]


def _parse_defaults(plan: PlannedRow, cell: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for line in parse_lines(cell):
        name, colon, value = line.partition(":")
        if not colon or name.strip() in found:
            plan.add_error("defaults", "default_form", "Каждая строка должна иметь вид «поле: значение» без повторов.")
        else:
            found[name.strip()] = value.strip()
    return found


def _parse_number(plan: PlannedRow, column: str, cell: str) -> int | None:
    digits = cell.strip()
    if digits and not (digits.isascii() and digits.isdecimal() and len(digits) <= MAX_DIGITS):
        plan.add_error(column, "int_parsing", "Нужно целое число.")
        return None
    return int(digits) if digits else None


def _get_present_values(known: KnownTemplates | None) -> dict[str, Any]:
    """Return the present values of a template; an omitted column keeps its value."""
    if known is None:
        return {}
    kept = {name: getattr(known.version, name) for name in ("title", "text", "keywords", "examples", "defaults")}
    kept |= {"topic_ids": known.version.topic_ids, "review_days": known.template.review_days}
    return kept | {"shared_unit_ids": sorted(known.shared_unit_ids)}


def _is_same(value: Any, known: KnownTemplates, name: str) -> bool:
    if name == "shared_unit_ids":
        return set(value) == known.shared_unit_ids
    if name == "review_days":
        return bool(value == known.template.review_days)
    if name == "text":
        return restore_escapes(value) == restore_escapes(known.version.text)
    if name == "topic_ids":
        return [str(topic_id) for topic_id in value] == known.version.topic_ids
    return bool(value == getattr(known.version, name))


def _validate_body(plan: PlannedRow, values: Mapping[str, Any]) -> TemplateCreate | None:
    """Return the validated body, or None after adding an error for each invalid value."""
    try:
        return TemplateCreate.model_validate({name: value for name, value in values.items() if value != ""})
    except ValidationError as invalid:
        for raw in invalid.errors(include_url=False, include_input=False):
            field_error = to_field_error(raw)
            name = field_error.pointer.split("/")[1] if field_error.pointer else ""
            plan.add_error(COLUMN_OF.get(name, name) or None, field_error.code, field_error.ru)
        return None
