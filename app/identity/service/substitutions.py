"""Use cases of substitutions: a deputy has a head's rights during a period, so that approvals go on (O-10)."""

from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core import audit, clock
from app.core.etags import IfMatch
from app.core.problems import ValidationFailed
from app.core.references import unknown_reference
from app.core.security import Principal
from app.identity.commands import NewSubstitution
from app.identity.errors import SubstitutionNotFound, SubstitutionOver, SubstitutionOverlaps
from app.identity.models import Substitution
from app.identity.queries import select_substitutions
from app.identity.roles import Role
from app.identity.rules import find_period_error
from app.organizations import service as organizations


async def get_substitution(session: AsyncSession, substitution_id: UUID, by: Principal) -> Substitution:
    """Return the substitution if the caller may see it. Raises `SubstitutionNotFound`."""
    query = select_substitutions(by).where(Substitution.id == substitution_id)
    row = (await session.exec(query)).first()
    if row is None:
        raise SubstitutionNotFound
    return row


async def create_substitution(session: AsyncSession, new: NewSubstitution, *, by: Principal) -> Substitution:
    """Create a substitution. Raises `SubstitutionOverlaps`: a unit has at most one deputy on a day."""
    error = find_period_error(new.starts_on, new.ends_on, clock.today())
    if error is not None:
        raise ValidationFailed(field_errors=[error])
    head_id, unit_id = await _resolve_head_and_unit(session, new.head_id or by.id, by)
    await _require_deputy(session, new.deputy_id, unit_id)
    await _require_free_days(session, new, unit_id)
    row = Substitution.model_validate(
        new, update={"head_id": head_id, "unit_id": unit_id, "created_at": clock.now(), "created_by": by.id}
    )
    session.add(row)
    audit.record(session, by, "substitution.created", "substitution", row.id)
    return row


async def cancel_substitution(
    session: AsyncSession, substitution_id: UUID, match: IfMatch, *, by: Principal
) -> Substitution:
    """End a substitution now, or before it begins. Raises `SubstitutionOver`."""
    row = await get_substitution(session, substitution_id, by)
    match.require(row)
    if row.cancelled_at is not None or row.ends_on < clock.today():
        raise SubstitutionOver
    row.cancelled_at = clock.now()
    audit.record(session, by, "substitution.cancelled", "substitution", row.id, fields=["cancelled_at"])
    return row


async def _resolve_head_and_unit(session: AsyncSession, head_id: UUID, by: Principal) -> tuple[UUID, UUID]:
    """Return the ids of the head and their unit. Heads may name themselves only, administrators any head."""
    head = await organizations.find_employee(session, head_id)
    is_allowed = head_id == by.id or Role.ADMIN in by.roles
    if head is None or not is_allowed or head.unit_id is None or Role.UNIT_HEAD not in head.roles:
        raise unknown_reference("/head_id")
    return head.id, head.unit_id


async def _require_deputy(session: AsyncSession, deputy_id: UUID, unit_id: UUID) -> None:
    """Raise 422 unless the deputy is an enabled employee of the unit and not its head."""
    deputy = await organizations.find_employee(session, deputy_id)
    if deputy is None or deputy.unit_id != unit_id or Role.UNIT_HEAD in deputy.roles:
        raise unknown_reference("/deputy_id")


async def _require_free_days(session: AsyncSession, new: NewSubstitution, unit_id: UUID) -> None:
    # The lock on the unit's row serializes concurrent requests; a weak lock still allows new references to the unit.
    await organizations.lock_unit(session, unit_id)
    overlapping = select(Substitution.id).where(
        Substitution.unit_id == unit_id,
        col(Substitution.cancelled_at).is_(None),
        col(Substitution.starts_on) <= new.ends_on,
        col(Substitution.ends_on) >= new.starts_on,
    )
    if (await session.exec(overlapping)).first() is not None:
        raise SubstitutionOverlaps
