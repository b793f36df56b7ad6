"""HTTP endpoints of the reply check."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query, Request, Response
from sqlmodel import col, select

from app.core import clock
from app.core.deps import SessionDep
from app.core.etags import IfMatchDep, conditional_response, json_response
from app.core.idempotency import IdempotencyDep, IdempotencyKeyMalformed, IdempotencyKeyReused
from app.core.pagination import Page, PageDep, paginate
from app.core.problems import PreconditionFailed, PreconditionRequired, ValidationFailed, problems
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

router = APIRouter(prefix="/reply-check", tags=["reply check"])


@router.post("", response_model=TextCheckRead, responses=problems(ValidationFailed), summary="Check a text")
async def check_text(body: TextCheck, by: Writer, session: SessionDep) -> TextCheckRead:
    """Return the findings and readability of a text (O-6.2.3b, O-6.2.4, O-6.2.5). Nothing is stored.

    Errors block sending, warnings do not. At most 20 findings of each code are returned.
    """
    return await service.check_text(session, body)


@router.get(
    "/entries",
    response_model=Page[CheckEntryRead],
    responses=problems(ValidationFailed),
    summary="List dictionary entries",
)
async def list_check_entries(
    by: Reader,
    session: SessionDep,
    page: PageDep,
    kind: Annotated[EntryKind | None, Query()] = None,
    with_closed: Annotated[bool, Query(description="Include closed entries.")] = False,
) -> Page[CheckEntryRead]:
    """List the entries of the check dictionary (phrases, abbreviations, positive emoji), newest first."""
    query = select(CheckEntry)
    if kind is not None:
        query = query.where(CheckEntry.kind == kind)
    if not with_closed:
        query = query.where(queries.is_open_on(clock.today()))
    return await paginate(session, query, page, CheckEntryRead.model_validate, order=(col(CheckEntry.id),))


@router.post(
    "/entries",
    status_code=201,
    response_model=CheckEntryRead,
    responses=problems(CheckEntryExists, ValidationFailed, IdempotencyKeyReused, IdempotencyKeyMalformed),
    summary="Create a dictionary entry",
)
async def create_check_entry(
    body: CheckEntryCreate, by: Editor, session: SessionDep, idempotency: IdempotencyDep
) -> Response:
    """Create a phrase with its plain replacement, an abbreviation or a positive emoji; the next check uses it."""

    async def work() -> Response:
        row = await service.create_entry(session, body, by=by)
        return json_response(CheckEntryRead.model_validate(row), version=row.version, status=201)

    return await idempotency(session, by, work)


@router.get(
    "/entries/{entry_id}",
    response_model=CheckEntryRead,
    responses=problems(CheckEntryNotFound, ValidationFailed),
    summary="Get a dictionary entry",
)
async def get_check_entry(entry_id: UUID, by: Reader, session: SessionDep, request: Request) -> Response:
    """Return a dictionary entry."""
    row = await service.get_entry(session, entry_id)
    return conditional_response(request, CheckEntryRead.model_validate(row), version=row.version)


@router.patch(
    "/entries/{entry_id}",
    response_model=CheckEntryRead,
    responses=problems(CheckEntryNotFound, ValidationFailed, PreconditionFailed, PreconditionRequired),
    summary="Update a dictionary entry",
)
async def update_check_entry(
    entry_id: UUID, body: CheckEntryPatch, by: Editor, session: SessionDep, match: IfMatchDep
) -> Response:
    """Change the replacement of an entry, close it or reopen it; the next check uses the change."""
    row = await service.update_entry(session, entry_id, body, match, by=by)
    return json_response(CheckEntryRead.model_validate(row), version=row.version)


@router.get(
    "/rules", response_model=Page[CheckRuleRead], responses=problems(ValidationFailed), summary="List reply check rules"
)
async def list_check_rules(by: Reader, session: SessionDep) -> Page[CheckRuleRead]:
    """List all rules with their severity and settings, in one page."""
    rows = await service.list_rules(session)
    return Page(items=[queries.to_rule_read(row) for row in rows], next_cursor=None, count=None)


@router.get(
    "/rules/{code}",
    response_model=CheckRuleRead,
    responses=problems(CheckRuleNotFound, ValidationFailed),
    summary="Get a reply check rule",
)
async def get_check_rule(code: Code, by: Reader, session: SessionDep, request: Request) -> Response:
    """Return a rule with its severity and settings."""
    row = await service.get_rule(session, code)
    return conditional_response(request, queries.to_rule_read(row), version=row.version)


@router.patch(
    "/rules/{code}",
    response_model=CheckRuleRead,
    responses=problems(CheckRuleNotFound, ValidationFailed, PreconditionFailed, PreconditionRequired),
    summary="Update a reply check rule",
)
async def update_check_rule(
    code: Code, body: CheckRulePatch, by: Editor, session: SessionDep, match: IfMatchDep
) -> Response:
    """Switch a rule on or off, everywhere or by channel, and set its threshold and values; the next check uses it."""
    row = await service.update_rule(session, code, body, match, by=by)
    return json_response(queries.to_rule_read(row), version=row.version)
