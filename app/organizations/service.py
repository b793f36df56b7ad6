"""Use cases of organizations, units, topics and municipalities."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core import audit, clock
from app.core.etags import IfMatch
from app.core.problems import FieldError, ValidationFailed
from app.core.references import unknown_reference
from app.core.schemas import apply_changes
from app.core.security import Principal
from app.core.validity import Validity
from app.language.normalization import normalize
from app.organizations.errors import MunicipalityNotFound, OrganizationNotFound, TopicNotFound, UnitNotFound
from app.organizations.models import (
    Employee,
    Municipality,
    MunicipalityKind,
    Organization,
    OrganizationKind,
    Topic,
    Unit,
)
from app.organizations.rules import Found, Place, find_place
from app.organizations.schemas import (
    MunicipalityCreate,
    MunicipalityPatch,
    OrganizationCreate,
    OrganizationPatch,
    TopicCreate,
    TopicPatch,
    UnitCreate,
    UnitPatch,
)


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


async def create_organization(session: AsyncSession, body: OrganizationCreate, *, by: Principal) -> Organization:
    """Create an organization (O-2.2). Raises `OrganizationExists`."""
    row = Organization.model_validate(body)
    session.add(row)
    audit.record(session, by, "organization.created", "organization", row.id)
    await session.flush()  # a duplicate key raises here
    return row


async def update_organization(
    session: AsyncSession, organization_id: UUID, body: OrganizationPatch, match: IfMatch, *, by: Principal
) -> Organization:
    """Change or close an organization."""
    row = await get_organization(session, organization_id)
    match.require(row)
    changed = apply_changes(row, body)
    _require_order("closed_on", row.opened_on, row.closed_on)
    audit.record(session, by, "organization.changed", "organization", row.id, fields=changed)
    await session.flush()  # the flush increases the version
    return row


async def get_unit(session: AsyncSession, unit_id: UUID) -> Unit:
    """Return the unit. Raises `UnitNotFound`."""
    row = await session.get(Unit, unit_id)
    if row is None:
        raise UnitNotFound
    return row


async def get_open_unit(session: AsyncSession, unit_id: UUID, organization_id: UUID | None, pointer: str) -> Unit:
    """Return a unit referenced in a body. Raises 422 with the pointer unless it is open and of the organization."""
    row = await session.get(Unit, unit_id)
    is_foreign = row is not None and organization_id is not None and row.organization_id != organization_id
    if row is None or is_foreign or not Validity(last=row.closed_on).includes(clock.today()):
        raise unknown_reference(pointer)
    return row


async def create_unit(session: AsyncSession, body: UnitCreate, *, by: Principal) -> Unit:
    """Create a structural unit (O-2.4). Raises `UnitExists`."""
    if await session.get(Organization, body.organization_id) is None:
        raise unknown_reference("/organization_id")
    row = Unit.model_validate(body)
    session.add(row)
    audit.record(session, by, "unit.created", "unit", row.id)
    await session.flush()  # a duplicate name raises here
    return row


async def update_unit(session: AsyncSession, unit_id: UUID, body: UnitPatch, match: IfMatch, *, by: Principal) -> Unit:
    """Change or close a unit."""
    row = await get_unit(session, unit_id)
    match.require(row)
    changed = apply_changes(row, body)
    _require_order("closed_on", row.opened_on, row.closed_on)
    audit.record(session, by, "unit.changed", "unit", row.id, fields=changed)
    await session.flush()  # the flush increases the version
    return row


async def get_topic(session: AsyncSession, unit_id: UUID, topic_id: UUID) -> Topic:
    """Return a topic of the unit. Raises `TopicNotFound`."""
    row = await session.get(Topic, topic_id)
    if row is None or row.unit_id != unit_id:
        raise TopicNotFound
    return row


async def load_open_topics(session: AsyncSession, topic_ids: list[UUID], unit_id: UUID, pointer: str) -> None:
    """Raise 422 with the pointer unless all topics referenced in a body are open and belong to the unit."""
    requested = set(topic_ids)
    query = select(Topic.id).where(col(Topic.id).in_(requested), Topic.unit_id == unit_id, _is_open(Topic.closed_on))
    if requested and set((await session.exec(query)).all()) != requested:
        raise unknown_reference(pointer)


async def load_topics_in_force(session: AsyncSession, organization_id: UUID) -> list[Topic]:
    """Load the open topics of the organization's open units."""
    query = select(Topic).join(Unit, col(Unit.id) == col(Topic.unit_id))
    query = query.where(Unit.organization_id == organization_id, _is_open(Topic.closed_on), _is_open(Unit.closed_on))
    return list((await session.exec(query)).all())


def _is_open(closed_on: Any) -> sa.ColumnElement[bool]:
    """Build the condition for open rows; the closing day itself is still open."""
    return Validity.condition(clock.today(), last=col(closed_on))


async def create_topic(session: AsyncSession, unit_id: UUID, body: TopicCreate, *, by: Principal) -> Topic:
    """Create a competence topic of a unit (O-2.4). Raises `TopicExists`."""
    await get_unit(session, unit_id)
    row = Topic.model_validate(body, update={"unit_id": unit_id})
    session.add(row)
    audit.record(session, by, "topic.created", "topic", row.id)
    await session.flush()  # a duplicate name raises here
    return row


async def update_topic(
    session: AsyncSession, unit_id: UUID, topic_id: UUID, body: TopicPatch, match: IfMatch, *, by: Principal
) -> Topic:
    """Change or close a topic."""
    row = await get_topic(session, unit_id, topic_id)
    match.require(row)
    changed = apply_changes(row, body)
    audit.record(session, by, "topic.changed", "topic", row.id, fields=changed)
    await session.flush()  # the flush increases the version
    return row


async def find_employee(session: AsyncSession, employee_id: UUID) -> Employee | None:
    """Return the employee, or None if there is none or the account is disabled."""
    row = await session.get(Employee, employee_id)
    return row if row is not None and not row.is_disabled else None


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


async def create_municipality(session: AsyncSession, body: MunicipalityCreate, *, by: Principal) -> Municipality:
    """Create a municipality. Raises `MunicipalityExists`."""
    await _require_successor(session, body.successor)
    _require_order("valid_to", body.valid_from, body.valid_to)
    row = Municipality.model_validate(body)
    session.add(row)
    audit.record(session, by, "municipality.created", "municipality", row.oktmo)
    await session.flush()  # a duplicate code raises here
    return row


async def update_municipality(
    session: AsyncSession, oktmo: str, body: MunicipalityPatch, match: IfMatch, *, by: Principal
) -> Municipality:
    """Change a municipality; a reform sets its last day and its successor."""
    row = await get_municipality(session, oktmo)
    match.require(row)
    await _require_successor(session, body.successor)
    changed = apply_changes(row, body)
    _require_order("valid_to", row.valid_from, row.valid_to)
    audit.record(session, by, "municipality.changed", "municipality", row.oktmo, fields=changed)
    await session.flush()  # the flush increases the version
    return row


async def _require_successor(session: AsyncSession, oktmo: str | None) -> None:
    if oktmo is None:
        return
    if (await session.exec(select(Municipality.id).where(Municipality.oktmo == oktmo))).first() is None:
        raise unknown_reference("/successor")


def _require_order(name: str, first: date | None, last: date | None) -> None:
    if first is not None and last is not None and last < first:
        error = FieldError(
            f"/{name}", "dates_reversed", "Дата окончания раньше даты начала.", "The end date is before the start date."
        )
        raise ValidationFailed(field_errors=[error])


@dataclass(frozen=True, slots=True)
class DemoUnits:
    """The units of the demo accounts."""

    first: Unit
    second: Unit
    centricity: Unit
    press: Unit
