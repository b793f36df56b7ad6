"""Use cases of legal acts."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core import audit
from app.core.data_files import load_yaml
from app.core.etags import IfMatch
from app.core.references import unknown_reference
from app.core.schemas import apply_changes
from app.core.security import Principal
from app.legal_acts.commands import NewAct
from app.legal_acts.errors import LegalActNotFound
from app.legal_acts.models import LegalAct
from app.legal_acts.rules import LegalActKind


async def get_act(session: AsyncSession, act_id: UUID) -> LegalAct:
    """Return the legal act. Raises `LegalActNotFound`."""
    row = await session.get(LegalAct, act_id)
    if row is None:
        raise LegalActNotFound
    return row


async def get_referenced_act(session: AsyncSession, act_id: UUID, pointer: str) -> LegalAct:
    """Return a legal act referenced in a body. Raises 422 with the pointer if it does not exist."""
    row = await session.get(LegalAct, act_id)
    if row is None:
        raise unknown_reference(pointer)
    return row


async def find_act(session: AsyncSession, kind: LegalActKind, number: str, signed_on: date) -> LegalAct | None:
    """Return the legal act with a kind, number and date, or None."""
    query = select(LegalAct).where(LegalAct.kind == kind, LegalAct.number == number, LegalAct.signed_on == signed_on)
    return (await session.exec(query)).first()


async def create_act(session: AsyncSession, new: NewAct, *, by: Principal) -> LegalAct:
    """Create a legal act. The flush raises `LegalActExists`."""
    row = LegalAct.model_validate(new)
    session.add(row)
    audit.record(session, by, "legal_act.created", "legal_act", row.id)
    return row


async def update_act(
    session: AsyncSession, act_id: UUID, changes: Mapping[str, Any], match: IfMatch, *, by: Principal
) -> LegalAct:
    """Change a legal act, or set its last day."""
    row = await get_act(session, act_id)
    match.require(row)
    changed = apply_changes(row, changes)
    audit.record(session, by, "legal_act.changed", "legal_act", row.id, fields=changed)
    return row


async def load_reference(session: AsyncSession) -> None:
    """Insert missing legal acts: the orders that the ministry's order refers to, and the related laws."""
    for raw in load_yaml(__file__, "legal_acts.yaml")["legal_acts"]:
        kind, signed_on = LegalActKind(raw["kind"]), date.fromisoformat(raw["signed_on"])
        if await find_act(session, kind, raw["number"], signed_on) is None:
            session.add(LegalAct.model_validate(raw, update={"kind": kind, "signed_on": signed_on}))
    await session.flush()  # interaction points refer to the rows


async def load_acts(session: AsyncSession, ids: Iterable[UUID | None] | None = None) -> dict[UUID, LegalAct]:
    """Load legal acts by id (without `ids`: all). The title shown to people is `short_title`."""
    query = select(LegalAct)
    if ids is not None:
        requested = {act_id for act_id in ids if act_id is not None}
        if not requested:
            return {}
        query = query.where(col(LegalAct.id).in_(requested))
    return {act.id: act for act in (await session.exec(query)).all()}
