"""Rows of an imported registry, converted to the commands that they amount to."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any, TypeVar
from uuid import UUID

from pydantic import ValidationError

from app.core import clock
from app.core.schemas import Input
from app.core.validation_errors import to_field_error
from app.core.validity import Validity
from app.imports.ports import CellError, ImportedRow, RowResult
from app.imports.rules import Outcome
from app.interaction_points.commands import Approval, NewPoint, Regulation
from app.interaction_points.export import Names
from app.interaction_points.models import Point
from app.interaction_points.rules import (
    POINT_TRANSITIONS,
    PointMove,
    PointStatus,
    RegulationKind,
    find_approval_errors,
)
from app.interaction_points.schemas import PointApprove, PointCreate, PointPatch, RegulationPut
from app.legal_acts.rules import LegalActKind

if TYPE_CHECKING:
    from app.legal_acts.models import LegalAct
    from app.organizations.models import Organization

YES = ("true", "да", "1", "истина")
NO = ("false", "нет", "0", "ложь", "")
ANY_ACT = UUID(int=0)
"""A placeholder for an unknown act, so that the other cells of the row are still validated."""
RUSSIAN_DAY = re.compile(r"(\d{2})\.(\d{2})\.(\d{4})")

Body = TypeVar("Body", bound=Input)


@dataclass(slots=True)
class PlannedRow:
    """The changes that a row makes (create or patch, approve, regulate) and its errors."""

    identity: str
    point: Point | None
    create: NewPoint | None = None
    patch: dict[str, Any] | None = None
    approve: Approval | None = None
    regulate: Regulation | None = None
    errors: list[CellError] = field(default_factory=list)

    @property
    def result(self) -> RowResult:
        """The result of the row for the import report."""
        if self.create is not None:
            return RowResult(Outcome.CREATED, self.errors, self.identity)
        is_changed = any(part is not None for part in (self.patch, self.approve, self.regulate))
        return RowResult(Outcome.CHANGED if is_changed else Outcome.UNCHANGED, self.errors, self.identity)

    def add_error(self, column: str | None, code: str, detail: str) -> None:
        """Add an error."""
        self.errors.append(CellError(column, code, detail))

    def build(self, body: type[Body], values: Mapping[str, Any], columns: Mapping[str, str]) -> Body | None:
        """Build a body from values, or add the errors and return None; `columns` maps fields to columns."""
        try:
            return body.model_validate({name: value for name, value in values.items() if value != ""})
        except ValidationError as error:
            for raw in error.errors(include_url=False, include_input=False):
                field_error = to_field_error(raw)
                name = field_error.pointer.removeprefix("/")
                self.add_error(columns.get(name, name), field_error.code, field_error.ru)
            return None


def find_organization(row: ImportedRow, names: Names) -> Organization | None:
    """Return the organization of a row by its key; the ministry if the row has none."""
    return names.organization(row.cells.get("organization", ""))


def plan_row(row: ImportedRow, names: Names, point: Point | None) -> PlannedRow:
    """Compare a row with its point, None for a new one."""
    cells = row.cells
    organization = find_organization(row, names)
    plan = PlannedRow(f"{organization.id if organization else ''}/{cells['name']}", point)
    if organization is None:
        plan.add_error("organization", "unknown_reference", "Организация с таким ключом не найдена.")
        return plan
    if point is None and not Validity(last=organization.closed_on).includes(clock.today()):
        plan.add_error("organization", "unknown_reference", "Организация закрыта.")
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
        plan.add_error("unit", "missing", "Обязательное поле не заполнено.")
    elif unit is None or not (is_kept or Validity(last=unit.closed_on).includes(clock.today())):
        plan.add_error("unit", "unknown_reference", "Подразделение не найдено в этой организации или закрыто.")
    if cells["channel"] and cells["channel"] not in names.channels:
        plan.add_error("channel", "unknown_reference", "Вид канала не найден.")
    values["is_official_page"] = _parse_is_official_page(plan, cells)
    values |= {"organization_id": organization.id, "unit_id": unit.id if unit else organization.id}
    body = plan.build(PointCreate, values, {"unit_id": "unit", "organization_id": "organization"})
    if body is None or plan.errors:
        return
    if point is None:
        plan.create = body.to_command(NewPoint)
        return
    changed = {name: getattr(body, name) for name in PointPatch.model_fields}
    plan.patch = {name: value for name, value in changed.items() if value != getattr(point, name)} or None


def _parse_is_official_page(plan: PlannedRow, cells: Mapping[str, str]) -> bool:
    if "is_official_page" not in cells:
        return plan.point.is_official_page if plan.point else False
    value = cells["is_official_page"].strip().lower()
    if value not in YES + NO:
        plan.add_error("is_official_page", "bool_parsing", "Укажите «да» или «нет».")
    return value in YES


def _plan_approval(plan: PlannedRow, cells: Mapping[str, str], names: Names) -> None:
    if "act_number" not in cells:
        return
    point = plan.point
    if not any(cells.get(name) for name in ("act_kind", "act_number", "act_date", "valid_from", "valid_to")):
        if point is not None and point.approval_act_id is not None:
            plan.add_error(
                "act_number",
                "approval_stays",
                "Утверждение нельзя отменить через таблицу: приостановите точку взаимодействия.",
            )
        return
    act = _find_act(plan, cells, names, "")
    current_end = point.valid_to if point is not None and "valid_to" not in cells else None
    values = {
        "valid_from": _normalize_day(cells["valid_from"]),
        "valid_to": _normalize_day(cells.get("valid_to", "")) or current_end,
    }
    body = plan.build(
        PointApprove, values | {"legal_act_id": act.id if act else ANY_ACT}, {"legal_act_id": "act_number"}
    )
    if act is None or body is None:
        return
    for error in find_approval_errors(body.valid_from, body.valid_to):
        plan.add_error("valid_to", error.code, error.ru)
    current = (point.approval_act_id, point.valid_from, point.valid_to) if point is not None else None
    if (body.legal_act_id, body.valid_from, body.valid_to) == current:
        return
    if point is not None and POINT_TRANSITIONS.find(point.status, PointMove.APPROVE) is None:
        plan.add_error("act_number", "move_not_allowed", "Исключённую точку взаимодействия нельзя утвердить.")
    plan.approve = body.to_command(Approval)


def _plan_regulation(plan: PlannedRow, cells: Mapping[str, str], names: Names) -> None:
    point = plan.point
    has_act = any(cells.get(f"regulation_{name}") for name in ("act_kind", "act_number", "act_date"))
    text = cells.get("regulation_text", "")
    if not (has_act or text or cells.get("regulation_clause")):
        columns = {RegulationKind.LEGAL_ACT: "regulation_act_number", RegulationKind.OWN_TEXT: "regulation_text"}
        if point is not None and point.regulation_kind is not None and columns[point.regulation_kind] in cells:
            plan.add_error(
                columns[point.regulation_kind], "regulation_stays", "Регулирование можно заменить, но нельзя удалить."
            )
        return
    if has_act == bool(text):
        plan.add_error("regulation_text", "regulation_whole", "Укажите либо нормативный акт, либо собственный текст.")
        return
    act = _find_act(plan, cells, names, "regulation_") if has_act else None
    if has_act and act is None:
        return
    current_clause = point.regulation_clause if point is not None and "regulation_clause" not in cells else None
    values = {
        "kind": RegulationKind.LEGAL_ACT if has_act else RegulationKind.OWN_TEXT,
        "legal_act_id": act.id if act else None,
        "clause": cells.get("regulation_clause") or current_clause,
        "text": text or None,
    }
    body = plan.build(RegulationPut, values, {"clause": "regulation_clause", "text": "regulation_text"})
    if body is None:
        return
    current = (
        (point.regulation_kind, point.regulation_act_id, point.regulation_clause, point.regulation_text)
        if point
        else ()
    )
    if (body.kind, body.legal_act_id, body.clause, body.text) != current:
        plan.regulate = body.to_command(Regulation)


def _require_status(plan: PlannedRow, cells: Mapping[str, str]) -> None:
    """Require the status column, which is read-only, to match the status after the import."""
    value = cells.get("status", "")
    if not value or plan.errors:
        return
    current = plan.point.status if plan.point is not None else PointStatus.DRAFT
    allowed = {current} if plan.approve is None else {PointStatus.APPROVED, *({current} & {PointStatus.DRAFT})}
    if value not in allowed:
        plan.add_error(
            "status", "status_moves_apart", "Статус меняется только при утверждении, приостановке или исключении точки."
        )


def _find_act(plan: PlannedRow, cells: Mapping[str, str], names: Names, prefix: str) -> LegalAct | None:
    """Find the act of a row by number and date, and by kind if these are ambiguous."""
    number, raw_day, raw_kind = (cells.get(f"{prefix}{name}", "") for name in ("act_number", "act_date", "act_kind"))
    if raw_kind and raw_kind not in set(LegalActKind):
        known_kinds = ", ".join(f"«{kind}»" for kind in LegalActKind)
        plan.add_error(f"{prefix}act_kind", "enum", f"Недопустимое значение. Допустимые значения: {known_kinds}.")
        return None
    for column, value in ((f"{prefix}act_number", number), (f"{prefix}act_date", raw_day)):
        if not value:
            plan.add_error(column, "missing", "Обязательное поле не заполнено.")
    if not number or not raw_day:
        return None
    try:
        day = date.fromisoformat(_normalize_day(raw_day))
    except ValueError:
        plan.add_error(f"{prefix}act_date", "date_parsing", "Укажите дату в формате ГГГГ-ММ-ДД.")
        return None
    acts = names.find_acts(LegalActKind(raw_kind) if raw_kind else None, number, day)
    if not acts:
        plan.add_error(f"{prefix}act_number", "unknown_reference", "Нормативный акт с таким номером и датой не найден.")
    elif len(acts) > 1:
        plan.add_error(f"{prefix}act_kind", "ambiguous_act", "Найдено несколько нормативных актов: укажите вид акта.")
    return acts[0] if len(acts) == 1 else None


def _normalize_day(value: str) -> str:
    """Convert a Russian date such as 15.02.2024 to ISO 8601."""
    return RUSSIAN_DAY.sub(r"\3-\2-\1", value) if RUSSIAN_DAY.fullmatch(value) else value
