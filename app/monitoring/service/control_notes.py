"""Control notes: remarks of heads that stay on the record (O-10)."""

from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from app.core import audit, clock
from app.core.etags import IfMatch
from app.core.references import unknown_reference
from app.core.security import Principal
from app.monitoring.errors import ControlNoteNotFound, ControlNoteResolved
from app.monitoring.models import ControlNote, NotedType
from app.monitoring.queries.control_notes import find_note, is_object_visible


async def get_note(session: AsyncSession, note_id: UUID, by: Principal) -> ControlNote:
    """Return a note of the caller's unit. Raises `ControlNoteNotFound`."""
    row = await find_note(session, note_id, by)
    if row is None:
        raise ControlNoteNotFound
    return row


async def create_note(
    session: AsyncSession, object_type: NotedType, object_id: UUID, text: str, *, by: Principal
) -> ControlNote:
    """Create a note on an object that the caller may see. Raises `ValidationFailed` for any other object."""
    if by.unit_id is None or not await is_object_visible(session, object_type, object_id, by):
        raise unknown_reference("/object_id")
    row = ControlNote(
        unit_id=by.unit_id,
        object_type=object_type,
        object_id=object_id,
        text=text,
        created_at=clock.now(),
        created_by=by.id,
    )
    session.add(row)
    audit.record(session, by, "control_note.created", "control_note", row.id)
    return row


async def resolve_note(
    session: AsyncSession, note_id: UUID, resolution: str, match: IfMatch, *, by: Principal
) -> ControlNote:
    """Record what was done about a note. Raises `ControlNoteNotFound` and `ControlNoteResolved`."""
    row = await get_note(session, note_id, by)
    match.require(row)
    if row.resolved_at is not None:
        raise ControlNoteResolved
    row.resolution, row.resolved_at, row.resolved_by = resolution, clock.now(), by.id
    audit.record(session, by, "control_note.resolved", "control_note", row.id, fields=["resolution"])
    return row
