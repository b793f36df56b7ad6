"""HTTP routes of templates: list, create, get, update, render."""

from uuid import UUID

from fastapi import APIRouter, Request, Response
from sqlmodel import col

from app.core.deps import SessionDep
from app.core.etags import IfMatchDep, conditional_response
from app.core.idempotency import IdempotencyDep, IdempotencyKeyMalformed, IdempotencyKeyReused
from app.core.pagination import Page, PageDep, paginate_rows
from app.core.problems import ValidationFailed, problems
from app.reply_templates import queries
from app.reply_templates.errors import TemplateExists, TemplateNotFound, TooManyExamples
from app.reply_templates.models import ReplyTemplate
from app.reply_templates.router.dependencies import CHANGES, Reader, Writer, template_response
from app.reply_templates.router.filters import ORDERS, FiltersDep, SortQuery, TemplateSort
from app.reply_templates.rules.placeholders import EXAMPLES, PLACEHOLDERS, VALUE_REQUIREMENTS
from app.reply_templates.schemas import (
    ExampleCreate,
    PlaceholderRead,
    PlaceholdersRead,
    RenderRead,
    TemplateCreate,
    TemplatePatch,
    TemplateRead,
    TemplateRender,
)
from app.reply_templates.service import rendering, templates
from app.reply_templates.service.access import get_template as get_visible_template

router = APIRouter(prefix="/reply-templates", tags=["reply templates"])
# `:uuid` prevents a path such as /export from matching as a template id for methods it does not support.


@router.get(
    "", response_model=Page[TemplateRead], responses=problems(ValidationFailed), summary="List or search templates"
)
async def list_templates(
    by: Reader, session: SessionDep, page: PageDep, filters: FiltersDep, sort: SortQuery = TemplateSort.NEWEST
) -> Page[TemplateRead]:
    """List the templates of the caller's unit and the templates that other units share with it (O-6.2.6)."""
    query = await filters.query(session, by)
    if sort is TemplateSort.NEXT_REVIEW_ON:
        query = query.where(col(ReplyTemplate.next_review_on).is_not(None))
    order, descending = ORDERS[sort]
    rows, cursor, count = await paginate_rows(session, query, page, order=order, descending=descending)
    return Page(items=await queries.read_templates(session, rows, by), next_cursor=cursor, count=count)


@router.post(
    "",
    status_code=201,
    response_model=TemplateRead,
    responses=problems(TemplateExists, ValidationFailed, IdempotencyKeyReused, IdempotencyKeyMalformed),
    summary="Create a template",
)
async def create_template(
    body: TemplateCreate, by: Writer, session: SessionDep, idempotency: IdempotencyDep
) -> Response:
    """Create a draft template in the knowledge base of the caller's unit (O-6.2.6)."""

    async def work() -> Response:
        return await template_response(session, await templates.create_template(session, body, by=by), by, 201)

    return await idempotency(session, by, work)


@router.get(
    "/placeholders",
    response_model=PlaceholdersRead,
    responses=problems(ValidationFailed),
    summary="List placeholders",
)
async def list_placeholders(by: Reader) -> PlaceholdersRead:
    """List the placeholder names that a template may use in braces, with the kind of value each one takes."""
    del by  # only checks the scope
    return PlaceholdersRead(
        items=[
            PlaceholderRead(name=name, kind=kind, wanted=VALUE_REQUIREMENTS[kind][0], example=EXAMPLES[kind])
            for name, kind in PLACEHOLDERS.items()
        ]
    )


@router.get(
    "/{template_id:uuid}",
    response_model=TemplateRead,
    responses=problems(TemplateNotFound, ValidationFailed),
    summary="Get a template",
)
async def get_template(template_id: UUID, by: Reader, session: SessionDep, request: Request) -> Response:
    """Get a template in its newest version. Another unit's shared template is returned in its published version."""
    row = await get_visible_template(session, template_id, by)
    return conditional_response(request, (await queries.read_templates(session, [row], by))[0], version=row.version)


@router.patch(
    "/{template_id:uuid}",
    response_model=TemplateRead,
    responses=problems(*CHANGES),
    summary="Update a template",
)
async def edit_template(
    template_id: UUID, body: TemplatePatch, by: Writer, session: SessionDep, match: IfMatchDep
) -> Response:
    """Update a template. A content change creates a new draft version.

    The published version stays in use until the new one is published. `shared_unit_ids` and `review_days` take effect
    at once and create no version.
    """
    return await template_response(session, await templates.edit_template(session, template_id, body, match, by=by), by)


@router.post(
    "/{template_id:uuid}/examples",
    response_model=TemplateRead,
    responses=problems(*CHANGES, TooManyExamples),
    summary="Add a typical message",
)
async def add_template_example(
    template_id: UUID, body: ExampleCreate, by: Writer, session: SessionDep, match: IfMatchDep
) -> Response:
    """Add a typical message to the newest and the published version of a template (O-6.2.6).

    Possible personal data is masked. A duplicate changes nothing.
    """
    row = await templates.add_example(session, template_id, body.text, match, by=by)
    return await template_response(session, row, by)


@router.post(
    "/{template_id:uuid}/render",
    response_model=RenderRead,
    responses=problems(TemplateNotFound, ValidationFailed),
    summary="Render a template",
)
async def render_template(template_id: UUID, body: TemplateRender, by: Reader, session: SessionDep) -> RenderRead:
    """Render a template with the given values and its defaults, and list missing placeholders. Nothing is stored."""
    return await rendering.render_template(session, template_id, body, by=by)
