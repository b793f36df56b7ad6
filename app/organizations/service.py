"""Organizations, units, topics, employees and municipalities, as the other domains read them."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core import clock
from app.core.references import unknown_reference
from app.core.validity import Validity
from app.language.normalization import normalize
from app.organizations.errors import MunicipalityNotFound, OrganizationNotFound, TopicNotFound, UnitNotFound
from app.organizations.models import Employee, Municipality, Organization, Topic, Unit
from app.organizations.queries import is_open, select_topics
from app.organizations.rules import Found, MunicipalityKind, OrganizationKind, Place, find_place


async def get_organization(session: AsyncSession, organization_id: UUID) -> Organization:
    """Return the organization. Raises `OrganizationNotFound`."""
    row = await session.get(Organization, organization_id)
    if row is None:
        raise OrganizationNotFound
    return row


async def get_referenced_organization(
    session: AsyncSession, organization_id: UUID, pointer: str = "/organization_id"
) -> Organization:
    """Return an organization referenced in a body. Raises 422 with the pointer if it does not exist."""
    row = await session.get(Organization, organization_id)
    if row is None:
        raise unknown_reference(pointer)
    return row


async def list_organizations(session: AsyncSession) -> list[Organization]:
    """Return all organizations by name."""
    return list((await session.exec(select(Organization).order_by(Organization.name, col(Organization.id)))).all())


async def load_organization_names(session: AsyncSession, ids: Iterable[UUID | None] | None = None) -> dict[UUID, str]:
    """Load the names of organizations by id (without `ids`: of all)."""
    return await _load_names(session, Organization, ids)


async def load_organizations_by_name(session: AsyncSession) -> dict[str, Organization]:
    """Load all organizations by key, id and name; a name shared by several organizations is left out."""
    rows = (await session.exec(select(Organization))).all()
    name_counts = Counter(row.name for row in rows)
    by_name = {row.name: row for row in rows if name_counts[row.name] == 1}
    return by_name | {identifier: row for row in rows for identifier in (row.key, str(row.id))}


async def get_ministry(session: AsyncSession) -> Organization:
    """Return the ministry. Raises `OrganizationNotFound`."""
    row = (await session.exec(select(Organization).where(Organization.kind == OrganizationKind.MINISTRY))).first()
    if row is None:
        raise OrganizationNotFound
    return row


async def lock_organization(session: AsyncSession, organization_id: UUID) -> None:
    """Let concurrent changes to what an organization owns wait; rows that refer to it can still be added."""
    query = select(Organization.id).where(Organization.id == organization_id)
    await session.exec(query.with_for_update(key_share=True))


async def get_unit(session: AsyncSession, unit_id: UUID) -> Unit:
    """Return the unit. Raises `UnitNotFound`."""
    row = await session.get(Unit, unit_id)
    if row is None:
        raise UnitNotFound
    return row


async def find_unit(session: AsyncSession, unit_id: UUID | None) -> Unit | None:
    """Return the unit, or None if there is none."""
    return None if unit_id is None else await session.get(Unit, unit_id)


async def get_open_unit(session: AsyncSession, unit_id: UUID, organization_id: UUID | None, pointer: str) -> Unit:
    """Return a unit referenced in a body. Raises 422 with the pointer unless it is open and of the organization."""
    row = await session.get(Unit, unit_id)
    is_foreign = row is not None and organization_id is not None and row.organization_id != organization_id
    if row is None or is_foreign or not Validity(last=row.closed_on).includes(clock.today()):
        raise unknown_reference(pointer)
    return row


async def list_units(session: AsyncSession) -> list[Unit]:
    """Return all units, oldest first."""
    return list((await session.exec(select(Unit).order_by(col(Unit.id)))).all())


async def load_unit_names(session: AsyncSession, ids: Iterable[UUID | None] | None = None) -> dict[UUID, str]:
    """Load the names of units by id (without `ids`: of all)."""
    return await _load_names(session, Unit, ids)


async def get_topic(session: AsyncSession, unit_id: UUID, topic_id: UUID) -> Topic:
    """Return a topic of the unit. Raises `TopicNotFound`."""
    row = await session.get(Topic, topic_id)
    if row is None or row.unit_id != unit_id:
        raise TopicNotFound
    return row


async def list_topics(session: AsyncSession, unit_id: UUID) -> list[Topic]:
    """Return the topics of a unit, oldest first."""
    return list((await session.exec(select_topics(unit_id).order_by(col(Topic.id)))).all())


async def load_topic_names(session: AsyncSession, ids: Iterable[UUID | None] | None = None) -> dict[UUID, str]:
    """Load the names of topics by id (without `ids`: of all)."""
    return await _load_names(session, Topic, ids)


async def load_open_topics(session: AsyncSession, topic_ids: list[UUID], unit_id: UUID, pointer: str) -> None:
    """Raise 422 with the pointer unless all topics referenced in a body are open and belong to the unit."""
    requested = set(topic_ids)
    query = select(Topic.id).where(col(Topic.id).in_(requested), Topic.unit_id == unit_id, is_open(Topic.closed_on))
    if requested and set((await session.exec(query)).all()) != requested:
        raise unknown_reference(pointer)


async def load_topics_in_force(session: AsyncSession, organization_id: UUID) -> list[Topic]:
    """Load the open topics of the organization's open units."""
    query = select(Topic).join(Unit, col(Unit.id) == col(Topic.unit_id))
    query = query.where(Unit.organization_id == organization_id, is_open(Topic.closed_on), is_open(Unit.closed_on))
    return list((await session.exec(query)).all())


async def lock_unit(session: AsyncSession, unit_id: UUID) -> None:
    """Let concurrent changes to what a unit owns wait; rows that refer to it can still be added."""
    await session.exec(select(Unit.id).where(Unit.id == unit_id).with_for_update(key_share=True))


async def find_employee(session: AsyncSession, employee_id: UUID) -> Employee | None:
    """Return the employee, or None if there is none or the account is disabled."""
    row = await session.get(Employee, employee_id)
    return row if row is not None and not row.is_disabled else None


async def load_employee_names(session: AsyncSession, ids: Iterable[UUID | None] | None = None) -> dict[UUID, str]:
    """Load the names of employees by id (without `ids`: of all)."""
    return await _load_names(session, Employee, ids)


async def get_municipality(session: AsyncSession, oktmo: str) -> Municipality:
    """Return the municipality with an OKTMO code. Raises `MunicipalityNotFound`."""
    row = (await session.exec(select(Municipality).where(Municipality.oktmo == oktmo))).first()
    if row is None:
        raise MunicipalityNotFound
    return row


async def find_municipalities_by_name(session: AsyncSession, code_or_name: str) -> list[Municipality]:
    """Return the municipalities with an OKTMO code or exact name; a name may be reused over time."""
    query = select(Municipality).where(
        (col(Municipality.oktmo) == code_or_name) | (col(Municipality.name) == code_or_name)
    )
    return list((await session.exec(query)).all())


def get_valid_municipality(rows: Sequence[Municipality], on: date) -> Municipality | None:
    """Return the first municipality that is valid on a day, or None."""
    return next((row for row in rows if Validity(row.valid_from, row.valid_to).includes(on)), None)


async def match_municipality(session: AsyncSession, typed: str, on: date) -> Found:
    """Find the municipality by a typed name among those valid on a day, or return candidates."""
    return find_place(typed, [_to_place(row) for row in await list_municipalities(session, on, None)])


def _to_place(row: Municipality) -> Place:
    return Place(row.oktmo, row.name, row.short_name, row.kind is MunicipalityKind.URBAN_OKRUG)


async def list_municipalities(session: AsyncSession, on_date: date | None, q: str | None) -> list[Municipality]:
    """Return municipalities, filtered by a day and by part of the name or the OKTMO code."""
    rows = (await session.exec(select(Municipality))).all()
    return [
        row
        for row in rows
        if (on_date is None or Validity(row.valid_from, row.valid_to).includes(on_date))
        and (q is None or normalize(q) in normalize(row.name) or q == row.oktmo)
    ]


async def load_municipality_names(session: AsyncSession, codes: Iterable[str] | None = None) -> dict[str, str]:
    """Load the names of municipalities by OKTMO code (without `codes`: of all), by name."""
    query = select(Municipality.oktmo, Municipality.name).order_by(Municipality.name)
    if codes is not None:
        query = query.where(col(Municipality.oktmo).in_(set(codes)))
    return dict((await session.exec(query)).all())


async def load_successors(session: AsyncSession) -> dict[str, str | None]:
    """Load the OKTMO code of the successor of every municipality, None if it was not reformed."""
    return dict((await session.exec(select(Municipality.oktmo, Municipality.successor))).all())


async def _load_names(session: AsyncSession, table: Any, ids: Iterable[UUID | None] | None) -> dict[UUID, str]:
    query = select(table.id, table.name)
    if ids is not None:
        query = query.where(table.id.in_({row_id for row_id in ids if row_id is not None}))
    return dict((await session.exec(query)).all())


async def list_present_municipalities(session: AsyncSession) -> list[Municipality]:
    """Return the municipalities without a successor by name."""
    query = select(Municipality).where(col(Municipality.successor).is_(None))
    return list((await session.exec(query.order_by(Municipality.name))).all())
