"""HTTP of the knowledge bases."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.concurrency import MatchDep, answer, conditional
from app.core.deps import SessionDep
from app.core.idempotency import KeyMalformed, KeyReused, OnceDep
from app.core.pagination import Page, PageDep, paginate_rows
from app.core.problems import Invalid, MoveNotAllowed, PreconditionRequired, Stale, problems
from app.core.schemas import Empty
from app.core.security import Principal, requires
from app.core.types import Id, Key, Search
from app.reply_templates import queries, service
from app.reply_templates.errors import FourEyes, TemplateExists, TemplateNotFound
from app.reply_templates.finding.service.searching import has_words
from app.reply_templates.models import ReplyTemplate
from app.reply_templates.rules import TemplateState
from app.reply_templates.schemas import (
    RenderRead,
    TemplateCreate,
    TemplatePatch,
    TemplateRead,
    TemplateRender,
    TemplateReturn,
    TemplateVersionRead,
)

Reader = Annotated[Principal, requires("templates:read")]
Writer = Annotated[Principal, requires("templates:write")]
Publisher = Annotated[Principal, requires("templates:publish")]

router = APIRouter(prefix="/reply-templates", tags=["reply templates"])

CHANGES = (TemplateNotFound, Invalid, Stale, PreconditionRequired, MoveNotAllowed)


async def _answer(session: AsyncSession, row: ReplyTemplate, status: int = 200) -> Response:
    return answer((await queries.read_templates(session, [row]))[0], version=row.version, status=status)


@router.get("", response_model=Page[TemplateRead], responses=problems(Invalid), summary="List or search templates")
async def list_templates(
    by: Reader,
    session: SessionDep,
    page: PageDep,
    state: Annotated[TemplateState | None, Query()] = None,
    unit_id: Annotated[Id | None, Query()] = None,
    key: Annotated[Key | None, Query()] = None,
    q: Annotated[
        Search | None, Query(description="Words that all stand in the template, in any form or in part; ё = е.")
    ] = None,
) -> Page[TemplateRead]:
    """The knowledge base of the caller's unit (O-6.2.6), newest first."""
    query = select(ReplyTemplate).where(queries.visible_to(by))
    if state is not None:
        query = query.where(ReplyTemplate.state == state)
    if unit_id is not None:
        query = query.where(ReplyTemplate.unit_id == unit_id)
    if key is not None:
        query = query.where(ReplyTemplate.key == key)
    if q is not None:
        query = query.where(*await has_words(session, q))
    rows, cursor, count = await paginate_rows(session, query, page, order=(col(ReplyTemplate.id),))
    return Page(items=await queries.read_templates(session, rows), next_cursor=cursor, count=count)


@router.post(
    "",
    status_code=201,
    response_model=TemplateRead,
    responses=problems(TemplateExists, Invalid, KeyReused, KeyMalformed),
    summary="Add a template",
)
async def create_template(body: TemplateCreate, by: Writer, session: SessionDep, once: OnceDep) -> Response:
    """Add a template to the knowledge base of one's own unit, as a draft (O-6.2.6)."""

    async def work() -> Response:
        return await _answer(session, await service.create_template(session, body, by=by), 201)

    return await once(session, by, work)


@router.get(
    "/{template_id}",
    response_model=TemplateRead,
    responses=problems(TemplateNotFound, Invalid),
    summary="Get a template",
)
async def get_template(template_id: UUID, by: Reader, session: SessionDep, request: Request) -> Response:
    """A template with its newest version."""
    row = await service.get_template(session, template_id, by)
    return conditional(request, (await queries.read_templates(session, [row]))[0], version=row.version)


@router.patch(
    "/{template_id}",
    response_model=TemplateRead,
    responses=problems(*CHANGES),
    summary="Make a new version of a template",
)
async def edit_template(
    template_id: UUID, body: TemplatePatch, by: Writer, session: SessionDep, match: MatchDep
) -> Response:
    """Make a new version. A published one stays in use until the new one is published."""
    return await _answer(session, await service.edit_template(session, template_id, body, match, by=by))


@router.get(
    "/{template_id}/versions",
    response_model=Page[TemplateVersionRead],
    responses=problems(TemplateNotFound, Invalid),
    summary="List the versions of a template",
)
async def list_template_versions(template_id: UUID, by: Reader, session: SessionDep) -> Page[TemplateVersionRead]:
    """All versions, newest first; a reply already sent keeps its version. Always one page."""
    rows = await service.list_versions(session, template_id, by)
    return Page(items=[queries.read_version(row) for row in rows], next_cursor=None, count=None)


@router.post(
    "/{template_id}/submit",
    response_model=TemplateRead,
    responses=problems(*CHANGES),
    summary="Hand a template in for review",
)
async def submit_template(template_id: UUID, body: Empty, by: Writer, session: SessionDep, match: MatchDep) -> Response:
    """Hand the newest version in for review by the head."""
    return await _answer(session, await service.submit_template(session, template_id, match, by=by))


@router.post(
    "/{template_id}/publish",
    response_model=TemplateRead,
    responses=problems(*CHANGES, FourEyes),
    summary="Publish a template",
)
async def publish_template(
    template_id: UUID, body: Empty, by: Publisher, session: SessionDep, match: MatchDep
) -> Response:
    """Put the newest version into use. Its author does not publish."""
    return await _answer(session, await service.publish_template(session, template_id, match, by=by))


@router.post(
    "/{template_id}/return",
    response_model=TemplateRead,
    responses=problems(*CHANGES),
    summary="Return a template to its author",
)
async def return_template(
    template_id: UUID, body: TemplateReturn, by: Publisher, session: SessionDep, match: MatchDep
) -> Response:
    """Give the newest version back, with the reason on record."""
    return await _answer(session, await service.return_template(session, template_id, body.reason, match, by=by))


@router.post(
    "/{template_id}/archive",
    response_model=TemplateRead,
    responses=problems(*CHANGES),
    summary="Archive a template",
)
async def archive_template(
    template_id: UUID, body: Empty, by: Publisher, session: SessionDep, match: MatchDep
) -> Response:
    """Offer the template no longer; nothing is deleted."""
    return await _answer(session, await service.archive_template(session, template_id, match, by=by))


@router.post(
    "/{template_id}/render",
    response_model=RenderRead,
    responses=problems(TemplateNotFound, Invalid),
    summary="Fill a template with values",
)
async def render_template(template_id: UUID, body: TemplateRender, by: Reader, session: SessionDep) -> RenderRead:
    """The text with the values put in, each once, what is missing, and what the check finds. Nothing is stored."""
    return await service.render_template(session, template_id, body, by=by)
