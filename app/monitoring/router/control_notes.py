"""HTTP API of control notes."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from sqlmodel import col, select

from app.core.deps import SessionDep
from app.core.etags import IfMatchDep, conditional_response, json_response
from app.core.idempotency import IdempotencyDep, IdempotencyKeyMalformed, IdempotencyKeyReused
from app.core.pagination import Page, PageDep, paginate
from app.core.problems import PreconditionFailed, PreconditionRequired, ValidationFailed, problems
from app.core.security import Principal, requires
from app.core.types import Id
from app.monitoring.errors import ControlNoteNotFound, ControlNoteResolved
from app.monitoring.models import ControlNote, NotedType
from app.monitoring.schemas.control import ControlNoteCreate, ControlNoteRead, ControlNoteResolve
from app.monitoring.service import control_notes

Reader = Annotated[Principal, requires("control:read")]
Head = Annotated[Principal, requires("control:note")]

router = APIRouter(prefix="/control-notes", tags=["control"])


@router.get(
    "", response_model=Page[ControlNoteRead], responses=problems(ValidationFailed), summary="List control notes"
)
async def list_control_notes(
    by: Reader,
    session: SessionDep,
    page: PageDep,
    object_type: Annotated[NotedType | None, Query()] = None,
    object_id: Annotated[Id | None, Query()] = None,
    is_resolved: Annotated[bool | None, Query()] = None,
) -> Page[ControlNoteRead]:
    """List the control notes of the caller's unit, newest first (O-10)."""
    query = select(ControlNote).where(control_notes.visible_to(by))
    if object_type is not None:
        query = query.where(ControlNote.object_type == object_type)
    if object_id is not None:
        query = query.where(ControlNote.object_id == object_id)
    if is_resolved is not None:
        resolved_at = col(ControlNote.resolved_at)
        query = query.where(resolved_at.is_not(None) if is_resolved else resolved_at.is_(None))
    return await paginate(session, query, page, ControlNoteRead.model_validate, order=(col(ControlNote.id),))


@router.post(
    "",
    status_code=201,
    response_model=ControlNoteRead,
    responses=problems(ValidationFailed, IdempotencyKeyReused, IdempotencyKeyMalformed),
    summary="Create a control note",
)
async def create_control_note(
    body: ControlNoteCreate, by: Head, session: SessionDep, idempotency: IdempotencyDep
) -> Response:
    """Create a note on a message, reply, template or target of the caller's unit, or on a survey submission.

    A note on a submission needs the right to read submissions. Notes are never deleted.
    """

    async def work() -> Response:
        row = await control_notes.create_note(session, body, by=by)
        return json_response(ControlNoteRead.model_validate(row), version=row.version, status=201)

    return await idempotency(session, by, work)


@router.get(
    "/{note_id}",
    response_model=ControlNoteRead,
    responses=problems(ControlNoteNotFound, ValidationFailed),
    summary="Get a control note",
)
async def get_control_note(note_id: UUID, by: Reader, session: SessionDep, request: Request) -> Response:
    """Return one control note."""
    row = await control_notes.get_note(session, note_id, by)
    return conditional_response(request, ControlNoteRead.model_validate(row), version=row.version)


@router.post(
    "/{note_id}/resolve",
    response_model=ControlNoteRead,
    responses=problems(
        ControlNoteNotFound, ValidationFailed, PreconditionFailed, PreconditionRequired, ControlNoteResolved
    ),
    summary="Resolve a control note",
)
async def resolve_control_note(
    note_id: UUID, body: ControlNoteResolve, by: Reader, session: SessionDep, match: IfMatchDep
) -> Response:
    """Record what was done about a note. The note and its resolution stay on the record."""
    row = await control_notes.resolve_note(session, note_id, body.resolution, match, by=by)
    return json_response(ControlNoteRead.model_validate(row), version=row.version)
