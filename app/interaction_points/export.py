"""Export of the registry: the columns of the table and a row for each point."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession
from sqlmodel.sql.expression import SelectOfScalar

from app.core.db import Database
from app.documents.tables.writer import Row
from app.interaction_points.models import ChannelKind, Point
from app.legal_acts import service as legal_acts
from app.legal_acts.rules import LegalActKind
from app.organizations import service as organizations
from app.organizations.rules import OrganizationKind

if TYPE_CHECKING:
    from app.legal_acts.models import LegalAct
    from app.organizations.models import Organization, Unit

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
"""The header of the export; the import accepts the columns in any order."""

EXAMPLE = (
    "name;format;channel;audience;unit;act_number;act_date;valid_from\r\n"
    "Горячая линия;offline;phone;external;Отдел инвестиционной политики;27;2024-02-15;2026-12-01\r\n"
)
PAGE = 500
UUID_LENGTH = 36


@dataclass(frozen=True, slots=True)
class Names:
    """Reference data by id and by name, loaded once for each page of rows."""

    organizations: dict[UUID, Organization]
    organization_keys: dict[str, Organization]
    units: dict[UUID, Unit]
    unit_names: dict[tuple[UUID, str], Unit]
    acts: dict[UUID, LegalAct]
    channels: frozenset[str]

    def organization(self, key: str) -> Organization | None:
        """Return an organization by key; an empty key means the ministry."""
        if key:
            return self.organization_keys.get(key)
        return next((row for row in self.organizations.values() if row.kind is OrganizationKind.MINISTRY), None)

    def unit(self, name_or_id: str, organization_id: UUID) -> Unit | None:
        """Return a unit of an organization by exact name or id."""
        unit = self.unit_names.get((organization_id, name_or_id))
        if unit is None and len(name_or_id) == UUID_LENGTH:
            with contextlib.suppress(ValueError):
                unit = self.units.get(UUID(name_or_id))
        return unit if unit is not None and unit.organization_id == organization_id else None

    def find_acts(self, kind: LegalActKind | None, number: str, signed_on: date) -> list[LegalAct]:
        """Return the acts with a number and date, and kind if given."""
        return [
            act
            for act in self.acts.values()
            if (act.number, act.signed_on) == (number, signed_on) and kind in (None, act.kind)
        ]


async def load_names(session: AsyncSession) -> Names:
    """Load the current reference data."""
    owners = await organizations.list_organizations(session)
    units = await organizations.list_units(session)
    return Names(
        {row.id: row for row in owners},
        {row.key: row for row in owners},
        {row.id: row for row in units},
        {(row.organization_id, row.name): row for row in units},
        await legal_acts.load_acts(session),
        frozenset((await session.exec(select(ChannelKind.key))).all()),
    )


async def export_pages(database: Database, query: SelectOfScalar[Point]) -> AsyncIterator[Iterable[Row]]:
    """Yield pages of rows, each read in its own transaction so that a slow reader holds no connection."""
    after = UUID(int=0)
    while True:
        async with database.transaction(write=False) as session:
            page = query.where(col(Point.id) > after).order_by(col(Point.id)).limit(PAGE)
            points = (await session.exec(page)).all()
            names = await load_names(session)
        yield [_to_row(point, names) for point in points]
        if len(points) < PAGE:
            return
        after = points[-1].id


def _to_row(point: Point, names: Names) -> Row:
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
        *_to_act_cells(point.approval_act_id, names),
        _format_day(point.valid_from),
        _format_day(point.valid_to),
        *_to_act_cells(point.regulation_act_id, names),
        point.regulation_clause,
        point.regulation_text,
    )


def _format_day(day: date | None) -> str | None:
    return day.isoformat() if day else None


def _to_act_cells(act_id: UUID | None, names: Names) -> Row:
    if act_id is None:
        return (None, None, None)
    act = names.acts[act_id]
    return (act.kind.value, act.number, act.signed_on.isoformat())
