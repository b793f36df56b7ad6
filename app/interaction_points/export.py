"""The registry as a table: its columns, and each point as a row that can be imported again."""

import contextlib
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession
from sqlmodel.sql.expression import SelectOfScalar

from app.core.db import Database
from app.documents.tables.writer import Row
from app.interaction_points.models import ChannelKind, Point
from app.legal_acts.models import LegalAct, LegalActKind
from app.organizations.models import Organization, OrganizationKind, Unit

COLUMNS = (
    "organization",
    "name",
    "format",
    "channel",
    "audience",
    "unit",
    "address",
    "is_official_page",
    "service",
    "working_hours",
    "status",
    "act_kind",
    "act_number",
    "act_date",
    "valid_from",
    "valid_to",
    "regulation_act_kind",
    "regulation_act_number",
    "regulation_act_date",
    "regulation_clause",
    "regulation_text",
)
"""Row 1 of the export; the import takes them in any order."""

EXAMPLE = (
    "name;format;channel;audience;unit;act_number;act_date;valid_from\r\n"
    "Горячая линия;offline;phone;external;Отдел инвестиционной политики;27;2024-02-15;2026-12-01\r\n"
)
PAGE = 500
UUID_LENGTH = 36


@dataclass(frozen=True, slots=True)
class Names:
    """What the names in a table stand for; each table of reference data is read once for a page of rows."""

    organizations: dict[UUID, Organization]
    organization_keys: dict[str, Organization]
    units: dict[UUID, Unit]
    unit_names: dict[tuple[UUID, str], Unit]
    acts: dict[UUID, LegalAct]
    channels: frozenset[str]

    def organization(self, key: str) -> Organization | None:
        """By key; the empty one means the ministry."""
        if key:
            return self.organization_keys.get(key)
        return next((row for row in self.organizations.values() if row.kind is OrganizationKind.MINISTRY), None)

    def unit(self, name_or_id: str, organization_id: UUID) -> Unit | None:
        """By exact name or id, within an organization."""
        named = self.unit_names.get((organization_id, name_or_id))
        if named is None and len(name_or_id) == UUID_LENGTH:
            with contextlib.suppress(ValueError):
                named = self.units.get(UUID(name_or_id))
        return named if named is not None and named.organization_id == organization_id else None

    def acts_of(self, kind: LegalActKind | None, number: str, signed_on: date) -> list[LegalAct]:
        """By number and date, and kind if that is given."""
        return [
            act
            for act in self.acts.values()
            if (act.number, act.signed_on) == (number, signed_on) and kind in (None, act.kind)
        ]


async def load_names(session: AsyncSession) -> Names:
    """The reference data as it is now."""
    organizations = (await session.exec(select(Organization))).all()
    units = (await session.exec(select(Unit))).all()
    acts = (await session.exec(select(LegalAct))).all()
    channels = (await session.exec(select(ChannelKind.key))).all()
    return Names(
        {row.id: row for row in organizations},
        {row.key: row for row in organizations},
        {row.id: row for row in units},
        {(row.organization_id, row.name): row for row in units},
        {row.id: row for row in acts},
        frozenset(channels),
    )


async def export_pages(database: Database, query: SelectOfScalar[Point]) -> AsyncIterator[Iterable[Row]]:
    """The points of a query as rows, a page in a transaction of its own: a slow reader holds no connection."""
    after = UUID(int=0)
    while True:
        async with database.transaction(write=False) as session:
            page = query.where(col(Point.id) > after).order_by(col(Point.id)).limit(PAGE)
            points = (await session.exec(page)).all()
            names = await load_names(session)
        yield [_row(point, names) for point in points]
        if len(points) < PAGE:
            return
        after = points[-1].id


def _row(point: Point, names: Names) -> Row:
    return (
        names.organizations[point.organization_id].key,
        point.name,
        point.format.value,
        point.channel,
        point.audience.value,
        names.units[point.unit_id].name,
        point.address,
        "true" if point.is_official_page else "false",
        point.service,
        point.working_hours,
        point.status.value,
        *_act(point.approval_act_id, names),
        _day(point.valid_from),
        _day(point.valid_to),
        *_act(point.regulation_act_id, names),
        point.regulation_clause,
        point.regulation_text,
    )


def _day(day: date | None) -> str | None:
    return day.isoformat() if day else None


def _act(act_id: UUID | None, names: Names) -> Row:
    if act_id is None:
        return (None, None, None)
    act = names.acts[act_id]
    return (act.kind.value, act.number, act.signed_on.isoformat())
