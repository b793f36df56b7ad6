"""Substitutions: a head names a deputy with dates and the rights follow, so that four eyes never stop a unit (O-10)."""

from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.sql.elements import ColumnElement
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core import audit, clock
from app.core.etags import IfMatch
from app.core.problems import ValidationFailed
from app.core.references import unknown_reference
from app.core.security import Principal
from app.identity.errors import SubstitutionNotFound, SubstitutionOver, SubstitutionOverlaps
from app.identity.models import Substitution
from app.identity.roles import Role
from app.identity.rules import find_period_error
from app.identity.schemas import SubstitutionCreate
from app.organizations import service as organizations
from app.organizations.models import Unit


def visible_to(by: Principal) -> ColumnElement[bool]:
    """An administrator sees all substitutions, a head and their deputy those of their unit."""
    if Role.ADMIN in by.roles:
        return sa.true()
    return col(Substitution.unit_id) == by.unit_id if by.unit_id is not None else sa.false()


async def get_substitution(session: AsyncSession, substitution_id: UUID, by: Principal) -> Substitution:
    """The substitution, or `SubstitutionNotFound`."""
    query = select(Substitution).where(Substitution.id == substitution_id, visible_to(by))
    row = (await session.exec(query)).first()
    if row is None:
        raise SubstitutionNotFound
    return row


async def create_substitution(session: AsyncSession, body: SubstitutionCreate, *, by: Principal) -> Substitution:
    """Give a head's rights to a deputy for some days; a unit has one deputy on any day."""
    fault = find_period_error(body.starts_on, body.ends_on, clock.today())
    if fault is not None:
        raise ValidationFailed(field_errors=[fault])
    head_id, unit_id = await _head_and_unit(session, body.head_id or by.id, by)
    await _require_deputy(session, body.deputy_id, unit_id)
    await _require_free_days(session, body, unit_id)
    row = Substitution.model_validate(
        body, update={"head_id": head_id, "unit_id": unit_id, "created_at": clock.now(), "created_by": by.id}
    )
    session.add(row)
    audit.record(session, by, "substitution.created", "substitution", row.id)
    await session.flush()  # the rights hold from the next request on, and the version is counted at the flush
    return row


async def cancel_substitution(
    session: AsyncSession, substitution_id: UUID, match: IfMatch, *, by: Principal
) -> Substitution:
    """End a substitution now, or before it begins; the deputy's rights are gone with the next request."""
    row = await get_substitution(session, substitution_id, by)
    match.require(row)
    if row.cancelled_at is not None or row.ends_on < clock.today():
        raise SubstitutionOver
    row.cancelled_at = clock.now()
    audit.record(session, by, "substitution.cancelled", "substitution", row.id, fields=["cancelled_at"])
    await session.flush()  # the version is counted at the flush
    return row


async def _head_and_unit(session: AsyncSession, head_id: UUID, by: Principal) -> tuple[UUID, UUID]:
    """The head and their unit. A head speaks for themselves, an administrator for any head."""
    head = await organizations.find_employee(session, head_id)
    is_allowed = head_id == by.id or Role.ADMIN in by.roles
    if head is None or not is_allowed or head.unit_id is None or Role.UNIT_HEAD not in head.roles:
        raise unknown_reference("/head_id")
    return head.id, head.unit_id


async def _require_deputy(session: AsyncSession, deputy_id: UUID, unit_id: UUID) -> None:
    """A deputy works in the unit and is not its head, who has the rights already."""
    deputy = await organizations.find_employee(session, deputy_id)
    if deputy is None or deputy.unit_id != unit_id or Role.UNIT_HEAD in deputy.roles:
        raise unknown_reference("/deputy_id")


async def _require_free_days(session: AsyncSession, body: SubstitutionCreate, unit_id: UUID) -> None:
    # Two at once meet on the unit's row; the weaker lock lets others refer to the unit meanwhile.
    await session.exec(select(Unit.id).where(Unit.id == unit_id).with_for_update(key_share=True))
    taken = select(Substitution.id).where(
        Substitution.unit_id == unit_id,
        col(Substitution.cancelled_at).is_(None),
        col(Substitution.starts_on) <= body.ends_on,
        col(Substitution.ends_on) >= body.starts_on,
    )
    if (await session.exec(taken)).first() is not None:
        raise SubstitutionOverlaps
