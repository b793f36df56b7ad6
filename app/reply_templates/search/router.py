"""HTTP of finding: suggestions for a text, and the table of synonyms."""

from typing import Annotated
from uuid import UUID

import sqlalchemy as sa
from fastapi import APIRouter, Query, Request, Response
from sqlmodel import col, select

from app.core import clock
from app.core.deps import DatabaseDep, SessionDep
from app.core.etags import IfMatchDep, conditional_response, json_response
from app.core.idempotency import IdempotencyDep, IdempotencyKeyMalformed, IdempotencyKeyReused
from app.core.pagination import Page, PageDep, paginate
from app.core.problems import PreconditionFailed, PreconditionRequired, ValidationFailed, problems
from app.core.security import Principal, requires, requires_detached
from app.reply_templates.search.errors import SynonymGroupExists, SynonymGroupNotFound
from app.reply_templates.search.models import SynonymGroup
from app.reply_templates.search.rules.synonyms import SynonymKind
from app.reply_templates.search.schemas import (
    SuggestionsRead,
    SynonymGroupCreate,
    SynonymGroupPatch,
    SynonymGroupRead,
    TemplateSuggest,
)
from app.reply_templates.search.service import synonyms
from app.reply_templates.search.service.suggestions import find_suggestions

Asker = Annotated[Principal, requires_detached("templates:read")]
Reader = Annotated[Principal, requires("synonyms:read")]
Writer = Annotated[Principal, requires("synonyms:write")]

suggestions_router = APIRouter(prefix="/reply-templates", tags=["reply templates"])
synonyms_router = APIRouter(prefix="/synonym-groups", tags=["reply templates"])


@suggestions_router.post(
    "/suggest",
    response_model=SuggestionsRead,
    responses=problems(ValidationFailed),
    summary="Suggest templates for a text",
)
async def suggest_templates(body: TemplateSuggest, by: Asker, database: DatabaseDep) -> SuggestionsRead:
    """The published templates that fit a text, best first, of those that the caller may use (O-6.2.6).

    `matched` names the words of the text that speak for a template, `reasons` tell why in words. Where nothing fits
    well enough, nothing is offered: silence is better than a wrong template.
    """
    async with database.transaction(write=False) as session:  # a question writes nothing: SQLite's writer stays free
        return SuggestionsRead(items=await find_suggestions(session, body.text, by, limit=body.limit))


@synonyms_router.get(
    "", response_model=Page[SynonymGroupRead], responses=problems(ValidationFailed), summary="List groups of synonyms"
)
async def list_synonym_groups(
    by: Reader,
    session: SessionDep,
    page: PageDep,
    kind: Annotated[SynonymKind | None, Query()] = None,
    with_closed: Annotated[bool, Query(description="Those that do not count any more too.")] = False,
) -> Page[SynonymGroupRead]:
    """What search and suggestions take for the same, for near, and for other bodies' subjects, newest first."""
    query = select(SynonymGroup)
    if kind is not None:
        query = query.where(SynonymGroup.kind == kind)
    if not with_closed:
        closed_on = col(SynonymGroup.closed_on)
        query = query.where(sa.or_(closed_on.is_(None), closed_on > clock.today()))
    return await paginate(session, query, page, SynonymGroupRead.model_validate, order=(col(SynonymGroup.id),))


@synonyms_router.post(
    "",
    status_code=201,
    response_model=SynonymGroupRead,
    responses=problems(SynonymGroupExists, ValidationFailed, IdempotencyKeyReused, IdempotencyKeyMalformed),
    summary="Add a group of synonyms",
)
async def create_synonym_group(
    body: SynonymGroupCreate, by: Writer, session: SessionDep, idempotency: IdempotencyDep
) -> Response:
    """Add a group: other names of the same thing, near things, or words of other bodies' subjects."""

    async def work() -> Response:
        row = await synonyms.create_group(session, body, by=by)
        return json_response(SynonymGroupRead.model_validate(row), version=row.version, status=201)

    return await idempotency(session, by, work)


@synonyms_router.get(
    "/{group_id}",
    response_model=SynonymGroupRead,
    responses=problems(SynonymGroupNotFound, ValidationFailed),
    summary="Get a group of synonyms",
)
async def get_synonym_group(group_id: UUID, by: Reader, session: SessionDep, request: Request) -> Response:
    """One group of synonyms."""
    row = await synonyms.get_group(session, group_id)
    return conditional_response(request, SynonymGroupRead.model_validate(row), version=row.version)


@synonyms_router.patch(
    "/{group_id}",
    response_model=SynonymGroupRead,
    responses=problems(
        SynonymGroupNotFound, SynonymGroupExists, ValidationFailed, PreconditionFailed, PreconditionRequired
    ),
    summary="Change a group of synonyms",
)
async def update_synonym_group(
    group_id: UUID, body: SynonymGroupPatch, by: Writer, session: SessionDep, match: IfMatchDep
) -> Response:
    """Change a group, or close it from a day on; `closed_on: null` opens it again."""
    row = await synonyms.update_group(session, group_id, body, match, by=by)
    return json_response(SynonymGroupRead.model_validate(row), version=row.version)
