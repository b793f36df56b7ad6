"""HTTP endpoints of the reply check."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query, Request, Response
from sqlmodel import col

from app.core.deps import SessionDep
from app.core.etags import IfMatchDep, conditional, versioned
from app.core.idempotency import idempotent
from app.core.pagination import Page, PageDep, paginate
from app.core.problems import problems
from app.core.security import Principal, requires
from app.text_check import queries, service
from app.text_check.errors import CheckEntryExists, CheckEntryNotFound, CheckRuleNotFound
from app.text_check.models import CheckEntry, EntryKind
from app.text_check.schemas import (
    CheckEntryCreate,
    CheckEntryPatch,
    CheckEntryRead,
    CheckRulePatch,
    CheckRuleRead,
    TextCheck,
    TextCheckRead,
)

Writer = Annotated[Principal, requires("replies:write")]
Reader = Annotated[Principal, requires("reply_check:read")]
Editor = Annotated[Principal, requires("reply_check:write")]
Code = Annotated[str, Path(max_length=64)]
ENTRY, RULE = problems(CheckEntryNotFound), problems(CheckRuleNotFound)

router = APIRouter(prefix="/reply-check", tags=["reply check"])


@router.post("", response_model=TextCheckRead, summary="Check a text")
async def check_text(body: TextCheck, by: Writer, session: SessionDep) -> TextCheckRead:
    """Return the findings and readability of a text (O-6.2.3b, O-6.2.4, O-6.2.5). Nothing is stored.

    Errors block sending, warnings do not. At most 20 findings of each code are returned.
    """
    return await service.check_text(session, body.text, channel=body.channel, is_public=body.is_public)


@router.get("/entries", response_model=Page[CheckEntryRead], summary="List dictionary entries")
async def list_check_entries(
    by: Reader,
    session: SessionDep,
    page: PageDep,
    kind: Annotated[EntryKind | None, Query()] = None,
    with_closed: Annotated[bool, Query(description="Include closed entries.")] = False,
) -> Page[CheckEntryRead]:
    """List the entries of the check dictionary (phrases, abbreviations, positive emoji), newest first."""
    query = queries.select_entries(kind, with_closed=with_closed)
    return await paginate(session, query, page, CheckEntryRead.model_validate, order=(col(CheckEntry.id),))


@router.post(
    "/entries",
    status_code=201,
    response_model=CheckEntryRead,
    responses=problems(CheckEntryExists),
    summary="Create a dictionary entry",
)
@idempotent
async def create_check_entry(body: CheckEntryCreate, by: Editor, session: SessionDep) -> Response:
    """Create a phrase with its plain replacement, an abbreviation or a positive emoji; the next check uses it."""
    row = await service.create_entry(session, body.kind, body.text, body.replacement, by=by)
    return await versioned(session, row, CheckEntryRead, 201)


@router.get("/entries/{entry_id}", response_model=CheckEntryRead, responses=ENTRY, summary="Get a dictionary entry")
async def get_check_entry(entry_id: UUID, by: Reader, session: SessionDep, request: Request) -> Response:
    """Return a dictionary entry."""
    return await conditional(request, session, await service.get_entry(session, entry_id), CheckEntryRead)


@router.patch(
    "/entries/{entry_id}", response_model=CheckEntryRead, responses=ENTRY, summary="Update a dictionary entry"
)
async def update_check_entry(
    entry_id: UUID, body: CheckEntryPatch, by: Editor, session: SessionDep, match: IfMatchDep
) -> Response:
    """Change the replacement of an entry, close it or reopen it; the next check uses the change."""
    row = await service.update_entry(session, entry_id, body.changes(), match, by=by)
    return await versioned(session, row, CheckEntryRead)


@router.get("/rules", response_model=Page[CheckRuleRead], summary="List reply check rules")
async def list_check_rules(by: Reader, session: SessionDep) -> Page[CheckRuleRead]:
    """List all rules with their severity and settings, in one page."""
    rows = await service.list_rules(session)
    return Page(items=[CheckRuleRead.model_validate(row) for row in rows], next_cursor=None, count=None)


@router.get("/rules/{code}", response_model=CheckRuleRead, responses=RULE, summary="Get a reply check rule")
async def get_check_rule(code: Code, by: Reader, session: SessionDep, request: Request) -> Response:
    """Return a rule with its severity and settings."""
    return await conditional(request, session, await service.get_rule(session, code), CheckRuleRead)


@router.patch("/rules/{code}", response_model=CheckRuleRead, responses=RULE, summary="Update a reply check rule")
async def update_check_rule(
    code: Code, body: CheckRulePatch, by: Editor, session: SessionDep, match: IfMatchDep
) -> Response:
    """Switch a rule on or off, everywhere or by channel, and set its threshold and values; the next check uses it."""
    row = await service.update_rule(session, code, body.changes(), match, by=by)
    return await versioned(session, row, CheckRuleRead)
