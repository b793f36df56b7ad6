"""What a row of an imported knowledge base asks for, told by the bodies that the API takes; pure: it only compares."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar
from uuid import UUID

from pydantic import ValidationError

from app.core.schemas import Input
from app.core.validation_errors import to_field_error
from app.imports.ports import CellError, ImportedRow, RowResult
from app.imports.rules import Outcome
from app.organizations.models import Topic, Unit
from app.reply_templates.models import ReplyTemplate, TemplateVersion
from app.reply_templates.rules.list_cells import parse_keywords, parse_lines, restore_escapes
from app.reply_templates.rules.states import TemplateState
from app.reply_templates.schemas import TemplateCreate, TemplatePatch
from app.reply_templates.service.rendering import find_value_errors
from app.reply_templates.service.templates import find_text_errors

COLUMN_OF = {"topic_ids": "topics", "shared_unit_ids": "shared_with", "unit_id": "unit"}
MAX_WHOLE_NUMBER = 9
Body = TypeVar("Body", bound=Input)


@dataclass(frozen=True, slots=True)
class KnownTemplates:
    """A template as it stands: its newest version, and the units that it is shared with."""

    template: ReplyTemplate
    version: TemplateVersion
    shared_unit_ids: frozenset[UUID]


@dataclass(frozen=True, slots=True)
class Names:
    """What the names in a table stand for."""

    unit: Unit
    topics: Mapping[str, Topic]
    """The unit's, by name."""
    units: Mapping[str, Unit]
    """The other units, by name and by id; of several with one name that of one's own organization."""
    open_ids: frozenset[UUID]
    """The topics and units that are open: what is closed may only be kept."""


@dataclass(slots=True)
class PlannedRow:
    """What a row asks for: a new template, or changes of one; or what is wrong with it."""

    identity: str
    known: KnownTemplates | None
    create: TemplateCreate | None = None
    patch: TemplatePatch | None = None
    faults: list[CellError] = field(default_factory=list)

    @property
    def verdict(self) -> RowResult:
        """The plan as the report tells it."""
        if self.create is not None:
            return RowResult(Outcome.CREATED, self.faults, self.identity)
        return RowResult(Outcome.CHANGED if self.patch else Outcome.UNCHANGED, self.faults, self.identity)

    def refuse(self, column: str | None, code: str, detail: str) -> None:
        """Note a fault."""
        self.faults.append(CellError(column, code, detail))


def plan_row(row: ImportedRow, names: Names, known: KnownTemplates | None) -> PlannedRow:
    """Judge a row against the template that it is about, None for a new one."""
    cells = row.cells
    plan = PlannedRow(cells["key"], known)
    if cells.get("unit", "") not in ("", names.unit.name, str(names.unit.id)):
        plan.refuse("unit", "unknown_reference", "Загружать можно только шаблоны своего подразделения.")
    values = _values(plan, cells, names)
    body = _read(plan, TemplateCreate, _kept(known) | values | {"unit_id": names.unit.id, "key": cells["key"]})
    is_bad = {fault.column for fault in plan.faults}  # every bad cell is named, and none for what follows from it
    for fault in (
        *find_text_errors(values.get("text", "")),
        *find_value_errors(values.get("defaults", {}), "/defaults"),
    ):
        if (column := fault.pointer.split("/")[1]) not in is_bad:
            plan.refuse(column, fault.code, fault.ru)
    if body is None or plan.faults:
        return plan
    if known is None:
        plan.create = body
        return plan
    changed = {name for name in values if not _is_same(getattr(body, name), known, name)}
    if changed and known.template.state is TemplateState.ARCHIVED:
        plan.refuse("key", "move_not_allowed", "Шаблон в архиве, изменить его нельзя.")
    elif changed:
        plan.patch = TemplatePatch.model_validate(body.model_dump(include=changed))
    return plan


def _values(plan: PlannedRow, cells: Mapping[str, str], names: Names) -> dict[str, Any]:
    """The fields that the row's columns tell."""
    values: dict[str, Any] = {name: cells[name] for name in ("title", "text") if name in cells}
    if "keywords" in cells:
        values["keywords"] = parse_keywords(cells["keywords"])
    if "examples" in cells:
        values["examples"] = parse_lines(cells["examples"])
    if "topics" in cells:
        kept = {UUID(topic_id) for topic_id in plan.known.version.topic_ids} if plan.known else set()
        allowed = _allowed(names.topics, names.open_ids | kept)
        values["topic_ids"] = _ids(plan, "topics", cells["topics"], allowed)
    if "shared_with" in cells:
        kept = set(plan.known.shared_unit_ids) if plan.known else set()
        allowed = _allowed(names.units, names.open_ids | kept)
        values["shared_unit_ids"] = _ids(plan, "shared_with", cells["shared_with"], allowed)
    if "defaults" in cells:
        values["defaults"] = _defaults(plan, cells["defaults"])
    if "review_days" in cells:
        values["review_days"] = _number(plan, "review_days", cells["review_days"])
    return values


def _allowed(named: Mapping[str, Topic] | Mapping[str, Unit], ids: frozenset[UUID]) -> dict[str, UUID]:
    return {name: row.id for name, row in named.items() if row.id in ids}


def _ids(plan: PlannedRow, column: str, cell: str, known: Mapping[str, UUID]) -> list[UUID]:
    told = list(dict.fromkeys(line.strip() for line in parse_lines(cell)))
    if not known.keys() >= set(told):
        plan.refuse(column, "unknown_reference", "Такой открытой темы или другого подразделения нет.")
    return [known[name] for name in told if name in known]


def _defaults(plan: PlannedRow, cell: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for line in parse_lines(cell):
        name, colon, value = line.partition(":")
        if not colon or name.strip() in found:
            plan.refuse("defaults", "default_form", "Каждая строка: «поле: значение», поле один раз.")
        else:
            found[name.strip()] = value.strip()
    return found


def _number(plan: PlannedRow, column: str, cell: str) -> int | None:
    told = cell.strip()
    if told and not (told.isascii() and told.isdecimal() and len(told) <= MAX_WHOLE_NUMBER):
        plan.refuse(column, "int_parsing", "Нужно целое число.")
        return None
    return int(told) if told else None


def _kept(known: KnownTemplates | None) -> dict[str, Any]:
    """What a template has already: a column left out keeps it."""
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


def _read(plan: PlannedRow, body: type[Body], values: Mapping[str, Any]) -> Body | None:
    """The body that the values make, None with a fault for each that is wrong."""
    try:
        return body.model_validate({name: value for name, value in values.items() if value != ""})
    except ValidationError as error:
        for raw in error.errors(include_url=False, include_input=False):
            told = to_field_error(raw)
            name = told.pointer.split("/")[1] if told.pointer else ""
            plan.refuse(COLUMN_OF.get(name, name) or None, told.code, told.ru)
        return None
