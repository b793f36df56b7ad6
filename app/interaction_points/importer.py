"""Import of the registry (O-2.7): each row makes the same changes as the API, or is rejected."""

from collections.abc import Sequence
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.problems import FieldError
from app.core.security import Principal
from app.imports.ports import ImportedRow, RowResult
from app.interaction_points import service
from app.interaction_points.export import COLUMNS, Names, load_names
from app.interaction_points.import_rows import PlannedRow, find_organization, plan_row
from app.interaction_points.models import Point
from app.interaction_points.queries import load_states

REQUIRED = ("name", "format", "channel", "audience", "unit")
REQUIRED_TOGETHER = (("act_number", "act_date", "valid_from"), ("regulation_act_number", "regulation_act_date"))


class PointImporter:
    """The importer of interaction points; a point is identified by its organization and name."""

    kind = "interaction_points"

    def header_faults(self, headers: Sequence[str]) -> list[FieldError]:
        """Return the errors of unknown and missing columns."""
        unknown = [
            FieldError(f"/{header}", "unknown_column", "Неизвестный столбец.", "The column is unknown.")
            for header in headers
            if header not in COLUMNS
        ]
        required = {*REQUIRED, *(name for group in REQUIRED_TOGETHER if set(group) & set(headers) for name in group)}
        missing = [
            FieldError(
                f"/{name}", "missing_column", "Отсутствует обязательный столбец.", "A required column is missing."
            )
            for name in COLUMNS
            if name in required and name not in headers
        ]
        return unknown + missing

    async def check(self, session: AsyncSession, rows: Sequence[ImportedRow], by: Principal) -> list[RowResult]:
        """Return the result that each row would have."""
        del by  # the import scopes allow changing every point
        return [plan.result for plan in await _plan_rows(session, rows)]

    async def apply(self, session: AsyncSession, rows: Sequence[ImportedRow], by: Principal) -> list[RowResult]:
        """Apply the changes of every row without errors."""
        plans = await _plan_rows(session, rows)
        for plan in plans:
            if not plan.errors:
                await _apply(session, plan, by)
        return [plan.result for plan in plans]


POINTS = PointImporter()


async def _plan_rows(session: AsyncSession, rows: Sequence[ImportedRow]) -> list[PlannedRow]:
    names = await load_names(session)
    points = await _load_points(session, rows)
    return [plan_row(row, names, _find_point(row, names, points)) for row in rows]


async def _load_points(session: AsyncSession, rows: Sequence[ImportedRow]) -> dict[tuple[UUID, str], Point]:
    query = select(Point).where(col(Point.name).in_({row.cells["name"] for row in rows}))
    return {(point.organization_id, point.name): point for point in (await session.exec(query)).all()}


def _find_point(row: ImportedRow, names: Names, points: dict[tuple[UUID, str], Point]) -> Point | None:
    organization = find_organization(row, names)
    return points.get((organization.id, row.cells["name"])) if organization else None


async def _apply(session: AsyncSession, plan: PlannedRow, by: Principal) -> None:
    point, step_count = plan.point, 0
    if plan.create is not None and plan.create.organization_id is not None:
        point = service.add_point(session, plan.create, plan.create.organization_id, by=by)
    if point is None:
        return
    if plan.patch is not None:
        service.change_point(session, point, plan.patch, by=by)
    if plan.approve is not None:
        step_count = len(await load_states(session, point.id)) if plan.point is not None else 0
        service.activate_point(session, point, plan.approve, step_count, by=by)
    if plan.regulate is not None:
        service.put_regulation(session, point, plan.regulate, by=by)
