"""Use cases of an administrator: create and change organizations, units, topics and municipalities."""

from collections.abc import Mapping
from datetime import date
from typing import Any
from uuid import UUID

from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core import audit
from app.core.db import VersionedTable
from app.core.etags import IfMatch
from app.core.problems import FieldError, ValidationFailed
from app.core.references import unknown_reference
from app.core.schemas import apply_changes
from app.core.security import Principal
from app.organizations import service
from app.organizations.commands import NewMunicipality, NewOrganization, NewUnit
from app.organizations.models import Employee, Municipality, Organization, Topic, Unit


async def create_organization(session: AsyncSession, new: NewOrganization, *, by: Principal) -> Organization:
    """Create an organization (O-2.2). The flush raises `OrganizationExists`."""
    row = Organization.model_validate(new)
    _add(session, row, row.id, by)
    return row


async def update_organization(
    session: AsyncSession, organization_id: UUID, changes: Mapping[str, Any], match: IfMatch, *, by: Principal
) -> Organization:
    """Change or close an organization."""
    row = await service.get_organization(session, organization_id)
    match.require(row)
    _change(session, row, row.id, changes, by)
    _require_order("closed_on", row.opened_on, row.closed_on)
    return row


async def create_unit(session: AsyncSession, new: NewUnit, *, by: Principal) -> Unit:
    """Create a structural unit (O-2.4). The flush raises `UnitExists`."""
    await service.get_referenced_organization(session, new.organization_id)
    row = Unit.model_validate(new)
    _add(session, row, row.id, by)
    return row


async def update_unit(
    session: AsyncSession, unit_id: UUID, changes: Mapping[str, Any], match: IfMatch, *, by: Principal
) -> Unit:
    """Change or close a unit."""
    row = await service.get_unit(session, unit_id)
    match.require(row)
    _change(session, row, row.id, changes, by)
    _require_order("closed_on", row.opened_on, row.closed_on)
    return row


async def create_topic(session: AsyncSession, unit_id: UUID, *, name: str, keywords: list[str], by: Principal) -> Topic:
    """Create a competence topic of a unit (O-2.4). The flush raises `TopicExists`."""
    await service.get_unit(session, unit_id)
    row = Topic(unit_id=unit_id, name=name, keywords=keywords)
    _add(session, row, row.id, by)
    return row


async def update_topic(
    session: AsyncSession, unit_id: UUID, topic_id: UUID, changes: Mapping[str, Any], match: IfMatch, *, by: Principal
) -> Topic:
    """Change or close a topic."""
    row = await service.get_topic(session, unit_id, topic_id)
    match.require(row)
    _change(session, row, row.id, changes, by)
    return row


def add_employee(session: AsyncSession, values: Mapping[str, Any]) -> Employee:
    """Add an employee (O-2.3); `identity` has checked the references and stores the password."""
    row = Employee.model_validate(values)
    session.add(row)
    return row


async def create_municipality(session: AsyncSession, new: NewMunicipality, *, by: Principal) -> Municipality:
    """Create a municipality. The flush raises `MunicipalityExists`."""
    await _require_successor(session, new.successor)
    _require_order("valid_to", new.valid_from, new.valid_to)
    row = Municipality.model_validate(new)
    _add(session, row, row.oktmo, by)
    return row


async def update_municipality(
    session: AsyncSession, oktmo: str, changes: Mapping[str, Any], match: IfMatch, *, by: Principal
) -> Municipality:
    """Change a municipality; a reform sets its last day and its successor."""
    row = await service.get_municipality(session, oktmo)
    match.require(row)
    await _require_successor(session, changes.get("successor"))
    _change(session, row, row.oktmo, changes, by)
    _require_order("valid_to", row.valid_from, row.valid_to)
    return row


async def _require_successor(session: AsyncSession, oktmo: str | None) -> None:
    if oktmo is None:
        return
    if (await session.exec(select(Municipality.id).where(Municipality.oktmo == oktmo))).first() is None:
        raise unknown_reference("/successor")


def _add(session: AsyncSession, row: VersionedTable, key: UUID | str, by: Principal) -> None:
    kind = type(row).__name__.lower()
    session.add(row)
    audit.record(session, by, f"{kind}.created", kind, key)


def _change(
    session: AsyncSession, row: VersionedTable, key: UUID | str, changes: Mapping[str, Any], by: Principal
) -> None:
    kind = type(row).__name__.lower()
    audit.record(session, by, f"{kind}.changed", kind, key, fields=apply_changes(row, changes))


def _require_order(name: str, first: date | None, last: date | None) -> None:
    if first is not None and last is not None and last < first:
        error = FieldError(
            f"/{name}", "dates_reversed", "Дата окончания раньше даты начала.", "The end date is before the start date."
        )
        raise ValidationFailed(field_errors=[error])
