"""HTTP API of control notes."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from sqlmodel import col

from app.core.deps import SessionDep
from app.core.etags import IfMatchDep, conditional, versioned
from app.core.idempotency import idempotent
from app.core.pagination import Page, PageDep, paginate
from app.core.problems import problems
from app.core.security import Principal, requires
from app.core.types import Id
from app.monitoring.errors import ControlNoteNotFound, ControlNoteResolved
from app.monitoring.models import ControlNote, NotedType
from app.monitoring.queries.control_notes import select_notes
from app.monitoring.schemas.control import ControlNoteCreate, ControlNoteRead, ControlNoteResolve
from app.monitoring.service import control_notes

Reader = Annotated[Principal, requires("control:read")]
Head = Annotated[Principal, requires("control:note")]
FOUND = problems(ControlNoteNotFound)

router = APIRouter(prefix="/control-notes", tags=["control"])


@router.get("", response_model=Page[ControlNoteRead], summary="List control notes")
async def list_control_notes(
    by: Reader,
    session: SessionDep,
    page: PageDep,
    object_type: Annotated[NotedType | None, Query()] = None,
    object_id: Annotated[Id | None, Query()] = None,
    is_resolved: Annotated[bool | None, Query()] = None,
) -> Page[ControlNoteRead]:
    """List the control notes of the caller's unit, newest first (O-10)."""
    query = select_notes(by, object_type=object_type, object_id=object_id, is_resolved=is_resolved)
    return await paginate(session, query, page, ControlNoteRead.model_validate, order=(col(ControlNote.id),))


@router.post("", status_code=201, response_model=ControlNoteRead, summary="Create a control note")
@idempotent
async def create_control_note(body: ControlNoteCreate, by: Head, session: SessionDep) -> Response:
    """Create a note on a message, reply, template or target of the caller's unit, or on a survey submission.

    A note on a submission needs the right to read submissions. Notes are never deleted.
    """
    row = await control_notes.create_note(session, body.object_type, body.object_id, body.text, by=by)
    return await versioned(session, row, ControlNoteRead, 201)


@router.get("/{note_id}", response_model=ControlNoteRead, responses=FOUND, summary="Get a control note")
async def get_control_note(note_id: UUID, by: Reader, session: SessionDep, request: Request) -> Response:
    """Return one control note."""
    return await conditional(request, session, await control_notes.get_note(session, note_id, by), ControlNoteRead)


@router.post(
    "/{note_id}/resolve",
    response_model=ControlNoteRead,
    responses=problems(ControlNoteNotFound, ControlNoteResolved),
    summary="Resolve a control note",
)
async def resolve_control_note(
    note_id: UUID, body: ControlNoteResolve, by: Reader, session: SessionDep, match: IfMatchDep
) -> Response:
    """Record what was done about a note. The note and its resolution stay on the record."""
    row = await control_notes.resolve_note(session, note_id, body.resolution, match, by=by)
    return await versioned(session, row, ControlNoteRead)
