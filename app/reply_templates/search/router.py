"""HTTP routes of template suggestions and synonym groups."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from sqlmodel import col

from app.core.deps import DatabaseDep, SessionDep
from app.core.etags import IfMatchDep, conditional, versioned
from app.core.idempotency import idempotent
from app.core.pagination import Page, PageDep, paginate
from app.core.problems import problems
from app.core.security import Principal, requires, requires_detached
from app.reply_templates.search.errors import SynonymGroupExists, SynonymGroupNotFound
from app.reply_templates.search.models import SynonymGroup
from app.reply_templates.search.queries import select_groups
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

Suggester = Annotated[Principal, requires_detached("templates:read")]
Reader = Annotated[Principal, requires("synonyms:read")]
Writer = Annotated[Principal, requires("synonyms:write")]

suggestions_router = APIRouter(prefix="/reply-templates", tags=["reply templates"])
synonyms_router = APIRouter(prefix="/synonym-groups", tags=["reply templates"])


@suggestions_router.post("/suggest", response_model=SuggestionsRead, summary="Suggest templates for a text")
async def suggest_templates(body: TemplateSuggest, by: Suggester, database: DatabaseDep) -> SuggestionsRead:
    """Suggest published templates that fit a text and that the caller may use, best first (O-6.2.6).

    `matched` lists the words of the text that match the template, and `reasons` explains the match. The list is empty
    when no template fits well enough.
    """
    async with database.transaction(write=False) as session:  # read-only, so that SQLite's single writer stays free
        return SuggestionsRead(items=await find_suggestions(session, body.text, by, limit=body.limit))


@synonyms_router.get("", response_model=Page[SynonymGroupRead], summary="List synonym groups")
async def list_synonym_groups(
    by: Reader,
    session: SessionDep,
    page: PageDep,
    kind: Annotated[SynonymKind | None, Query()] = None,
    with_closed: Annotated[bool, Query(description="Include closed groups.")] = False,
) -> Page[SynonymGroupRead]:
    """List the synonym groups used by search and suggestions, newest first."""
    query = select_groups(kind, with_closed=with_closed)
    return await paginate(session, query, page, SynonymGroupRead.model_validate, order=(col(SynonymGroup.id),))


@synonyms_router.post(
    "",
    status_code=201,
    response_model=SynonymGroupRead,
    responses=problems(SynonymGroupExists),
    summary="Create a synonym group",
)
@idempotent
async def create_synonym_group(body: SynonymGroupCreate, by: Writer, session: SessionDep) -> Response:
    """Create a synonym group: terms of one meaning, related terms, or terms outside the ministry's competence."""
    row = await synonyms.create_group(session, body.kind, body.name, body.terms, by=by)
    return await versioned(session, row, SynonymGroupRead, 201)


@synonyms_router.get(
    "/{group_id}",
    response_model=SynonymGroupRead,
    responses=problems(SynonymGroupNotFound),
    summary="Get a synonym group",
)
async def get_synonym_group(group_id: UUID, by: Reader, session: SessionDep, request: Request) -> Response:
    """Get a synonym group by its id."""
    return await conditional(request, session, await synonyms.get_group(session, group_id), SynonymGroupRead)


@synonyms_router.patch(
    "/{group_id}",
    response_model=SynonymGroupRead,
    responses=problems(SynonymGroupNotFound, SynonymGroupExists),
    summary="Update a synonym group",
)
async def update_synonym_group(
    group_id: UUID, body: SynonymGroupPatch, by: Writer, session: SessionDep, match: IfMatchDep
) -> Response:
    """Update a synonym group, or close it from a given day. `closed_on: null` reopens it."""
    row = await synonyms.update_group(session, group_id, body.changes(), match, by=by)
    return await versioned(session, row, SynonymGroupRead)
