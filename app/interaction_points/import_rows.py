"""What a row of an imported registry asks for, told by the bodies that the API takes; pure, for it only compares."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, TypeVar
from uuid import UUID

from pydantic import ValidationError

from app.core import clock
from app.core.schemas import Input
from app.core.validation_errors import to_field_error
from app.imports.ports import CellError, ImportedRow, RowResult
from app.imports.rules import Outcome
from app.interaction_points.export import Names
from app.interaction_points.models import Point, RegulationKind
from app.interaction_points.rules import PointStatus, can_become
from app.interaction_points.schemas import PointApprove, PointCreate, PointPatch, RegulationPut
from app.interaction_points.service import find_approval_errors
from app.legal_acts.models import LegalAct, LegalActKind
from app.organizations.models import Organization
from app.organizations.rules import is_valid_on

YES = ("true", "да", "1", "истина")
NO = ("false", "нет", "0", "ложь", "")
ANY_ACT = UUID(int=0)
"""Stands for an act that is not known, so that the other cells of the row are judged all the same."""
RUSSIAN_DAY = re.compile(r"(\d{2})\.(\d{2})\.(\d{4})")

Body = TypeVar("Body", bound=Input)


@dataclass(slots=True)
class PlannedRow:
    """What a row asks for: a new point or changes of one, an approval, a regulation; or what is wrong with it."""

    identity: str
    point: Point | None
    create: PointCreate | None = None
    patch: PointPatch | None = None
    approve: PointApprove | None = None
    regulate: RegulationPut | None = None
    faults: list[CellError] = field(default_factory=list)

    @property
    def verdict(self) -> RowResult:
        """The plan as the report tells it."""
        if self.create is not None:
            return RowResult(Outcome.CREATED, self.faults, self.identity)
        is_changed = any(part is not None for part in (self.patch, self.approve, self.regulate))
        return RowResult(Outcome.CHANGED if is_changed else Outcome.UNCHANGED, self.faults, self.identity)

    def refuse(self, column: str | None, code: str, detail: str) -> None:
        """Note a fault."""
        self.faults.append(CellError(column, code, detail))

    def read(self, body: type[Body], values: Mapping[str, Any], columns: Mapping[str, str]) -> Body | None:
        """The body that the values make, None with a fault for each that is wrong; `columns` renames fields."""
        try:
            return body.model_validate({name: value for name, value in values.items() if value != ""})
        except ValidationError as error:
            for raw in error.errors(include_url=False, include_input=False):
                told = to_field_error(raw)
                name = told.pointer.removeprefix("/")
                self.refuse(columns.get(name, name), told.code, told.ru)
            return None


def find_organization(row: ImportedRow, names: Names) -> Organization | None:
    """The organization that a row names by its key; the ministry when it names none."""
    return names.organization(row.cells.get("organization", ""))


def plan_row(row: ImportedRow, names: Names, point: Point | None) -> PlannedRow:
    """Judge a row against the point that it is about, None for a new one."""
    cells = row.cells
    organization = find_organization(row, names)
    plan = PlannedRow(f"{organization.id if organization else ''}/{cells['name']}", point)
    if organization is None:
        plan.refuse("organization", "unknown_reference", "Организации с таким ключом нет.")
        return plan
    if point is None and not is_valid_on(None, organization.closed_on, clock.today()):
        plan.refuse("organization", "unknown_reference", "Организация закрыта.")
    _plan_fields(plan, cells, names, organization)
    _plan_approval(plan, cells, names)
    _plan_regulation(plan, cells, names)
    _require_status(plan, cells)
    return plan


def _plan_fields(plan: PlannedRow, cells: Mapping[str, str], names: Names, organization: Organization) -> None:
    point = plan.point
    values: dict[str, Any] = {name: cells[name] for name in ("name", "format", "channel", "audience")}
    for name in ("address", "service", "working_hours"):
        values[name] = (cells[name] or None) if name in cells else point and getattr(point, name)
    unit = names.unit(cells["unit"], organization.id)
    is_kept = unit is not None and point is not None and unit.id == point.unit_id
    if not cells["unit"]:
        plan.refuse("unit", "missing", "Обязательное поле не заполнено.")
    elif unit is None or not (is_kept or is_valid_on(None, unit.closed_on, clock.today())):
        plan.refuse("unit", "unknown_reference", "Такого подразделения в организации нет, или оно закрыто.")
    if cells["channel"] and cells["channel"] not in names.channels:
        plan.refuse("channel", "unknown_reference", "Такого вида канала нет.")
    values["is_official_page"] = _official(plan, cells)
    values |= {"organization_id": organization.id, "unit_id": unit.id if unit else organization.id}
    body = plan.read(PointCreate, values, {"unit_id": "unit", "organization_id": "organization"})
    if body is None or plan.faults:
        return
    if point is None:
        plan.create = body
        return
    changed = {name for name in PointPatch.model_fields if getattr(body, name) != getattr(point, name)}
    if changed:
        plan.patch = PointPatch.model_validate(body.model_dump(include=changed))


def _official(plan: PlannedRow, cells: Mapping[str, str]) -> bool:
    if "is_official_page" not in cells:
        return plan.point.is_official_page if plan.point else False
    told = cells["is_official_page"].strip().lower()
    if told not in YES + NO:
        plan.refuse("is_official_page", "bool_parsing", "Нужно true или false.")
    return told in YES


def _plan_approval(plan: PlannedRow, cells: Mapping[str, str], names: Names) -> None:
    if "act_number" not in cells:
        return
    point = plan.point
    if not any(cells.get(name) for name in ("act_kind", "act_number", "act_date", "valid_from", "valid_to")):
        if point is not None and point.approval_act_id is not None:
            plan.refuse("act_number", "approval_stays", "Утверждение не снять таблицей: приостановите точку.")
        return
    act = _act(plan, cells, names, "")
    kept = point.valid_to if point is not None and "valid_to" not in cells else None
    values = {"valid_from": _day(cells["valid_from"]), "valid_to": _day(cells.get("valid_to", "")) or kept}
    body = plan.read(
        PointApprove, values | {"legal_act_id": act.id if act else ANY_ACT}, {"legal_act_id": "act_number"}
    )
    if act is None or body is None:
        return
    for fault in find_approval_errors(body):
        plan.refuse("valid_to", fault.code, fault.ru)
    now = (point.approval_act_id, point.valid_from, point.valid_to) if point is not None else None
    if (body.legal_act_id, body.valid_from, body.valid_to) == now:
        return
    if point is not None and not can_become(point.status, PointStatus.APPROVED):
        plan.refuse("act_number", "move_not_allowed", "Исключённую точку утвердить нельзя.")
    plan.approve = body


def _plan_regulation(plan: PlannedRow, cells: Mapping[str, str], names: Names) -> None:
    point = plan.point
    act_told = any(cells.get(f"regulation_{name}") for name in ("act_kind", "act_number", "act_date"))
    text = cells.get("regulation_text", "")
    if not (act_told or text or cells.get("regulation_clause")):
        shown = {RegulationKind.LEGAL_ACT: "regulation_act_number", RegulationKind.OWN_TEXT: "regulation_text"}
        if point is not None and point.regulation_kind is not None and shown[point.regulation_kind] in cells:
            plan.refuse(shown[point.regulation_kind], "regulation_stays", "Регулирование можно заменить, но не снять.")
        return
    if act_told == bool(text):
        plan.refuse("regulation_text", "regulation_whole", "Укажите либо акт, либо свой текст.")
        return
    act = _act(plan, cells, names, "regulation_") if act_told else None
    if act_told and act is None:
        return
    kept = point.regulation_clause if point is not None and "regulation_clause" not in cells else None
    values = {
        "kind": RegulationKind.LEGAL_ACT if act_told else RegulationKind.OWN_TEXT,
        "legal_act_id": act.id if act else None,
        "clause": cells.get("regulation_clause") or kept,
        "text": text or None,
    }
    body = plan.read(RegulationPut, values, {"clause": "regulation_clause", "text": "regulation_text"})
    if body is None:
        return
    now = (
        (point.regulation_kind, point.regulation_act_id, point.regulation_clause, point.regulation_text)
        if point
        else ()
    )
    if (body.kind, body.legal_act_id, body.clause, body.text) != now:
        plan.regulate = body


def _require_status(plan: PlannedRow, cells: Mapping[str, str]) -> None:
    """The column is there to be read; a value that is not the status after the import would promise too much."""
    told = cells.get("status", "")
    if not told or plan.faults:
        return
    now = plan.point.status if plan.point is not None else PointStatus.DRAFT
    allowed = {now} if plan.approve is None else {PointStatus.APPROVED, *({now} & {PointStatus.DRAFT})}
    if told not in allowed:
        plan.refuse("status", "status_moves_apart", "Статус меняют утверждение, приостановка и исключение точки.")


def _act(plan: PlannedRow, cells: Mapping[str, str], names: Names, prefix: str) -> LegalAct | None:
    """The act that a row names by number and date, and by its kind where that is not enough."""
    number, told_day, told_kind = (cells.get(f"{prefix}{name}", "") for name in ("act_number", "act_date", "act_kind"))
    if told_kind and told_kind not in set(LegalActKind):
        plan.refuse(f"{prefix}act_kind", "enum", f"Недопустимое значение; возможные: {', '.join(LegalActKind)}.")
        return None
    for column, told in ((f"{prefix}act_number", number), (f"{prefix}act_date", told_day)):
        if not told:
            plan.refuse(column, "missing", "Обязательное поле не заполнено.")
    if not number or not told_day:
        return None
    try:
        day = date.fromisoformat(_day(told_day))
    except ValueError:
        plan.refuse(f"{prefix}act_date", "date_parsing", "Нужна дата ГГГГ-ММ-ДД.")
        return None
    found = names.acts_of(LegalActKind(told_kind) if told_kind else None, number, day)
    if not found:
        plan.refuse(f"{prefix}act_number", "unknown_reference", "Акта с таким номером и датой нет в списке актов.")
    elif len(found) > 1:
        plan.refuse(f"{prefix}act_kind", "ambiguous_act", "Таких актов несколько: укажите вид.")
    return found[0] if len(found) == 1 else None


def _day(told: str) -> str:
    """A date as the API takes it; spreadsheets in Russian write 15.02.2024."""
    return RUSSIAN_DAY.sub(r"\3-\2-\1", told) if RUSSIAN_DAY.fullmatch(told) else told
