"""Import of the registry (O-2.7): each row becomes the very changes that the API would make, or is refused."""

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
TOGETHER = (("act_number", "act_date", "valid_from"), ("regulation_act_number", "regulation_act_date"))


class PointImporter:
    """The importer of interaction points. A point is known by its organization and name."""

    kind = "interaction_points"

    def header_faults(self, headers: Sequence[str]) -> list[FieldError]:
        """Headers that are not known, and those that are missing."""
        unknown = [
            FieldError(f"/{header}", "unknown_column", "Такого столбца нет.", "There is no such column.")
            for header in headers
            if header not in COLUMNS
        ]
        wanted = {*REQUIRED, *(name for group in TOGETHER if set(group) & set(headers) for name in group)}
        missing = [
            FieldError(f"/{name}", "missing_column", "Нет обязательного столбца.", "A required column is missing.")
            for name in COLUMNS
            if name in wanted and name not in headers
        ]
        return unknown + missing

    async def check(self, session: AsyncSession, rows: Sequence[ImportedRow], by: Principal) -> list[RowResult]:
        """What each row would do."""
        del by  # whoever may import may change every point
        return [plan.verdict for plan in await _plans(session, rows)]

    async def apply(self, session: AsyncSession, rows: Sequence[ImportedRow], by: Principal) -> list[RowResult]:
        """Make the changes of every sound row."""
        plans = await _plans(session, rows)
        for plan in plans:
            if not plan.faults:
                await _apply(session, plan, by)
        return [plan.verdict for plan in plans]


POINTS = PointImporter()


async def _plans(session: AsyncSession, rows: Sequence[ImportedRow]) -> list[PlannedRow]:
    names = await load_names(session)
    points = await _points(session, rows)
    return [plan_row(row, names, _point_of(row, names, points)) for row in rows]


async def _points(session: AsyncSession, rows: Sequence[ImportedRow]) -> dict[tuple[UUID, str], Point]:
    query = select(Point).where(col(Point.name).in_({row.cells["name"] for row in rows}))
    return {(point.organization_id, point.name): point for point in (await session.exec(query)).all()}


def _point_of(row: ImportedRow, names: Names, points: dict[tuple[UUID, str], Point]) -> Point | None:
    organization = find_organization(row, names)
    return points.get((organization.id, row.cells["name"])) if organization else None


async def _apply(session: AsyncSession, plan: PlannedRow, by: Principal) -> None:
    point, steps = plan.point, 0
    if plan.create is not None and plan.create.organization_id is not None:
        point = service.add_point(session, plan.create, plan.create.organization_id, by=by)
    if point is None:
        return
    if plan.patch is not None:
        service.change_point(session, point, plan.patch, by=by)
    if plan.approve is not None:
        steps = len(await load_states(session, point.id)) if plan.point is not None else 0
        service.activate_point(session, point, plan.approve, steps, by=by)
    if plan.regulate is not None:
        service.put_regulation(session, point, plan.regulate, by=by)
