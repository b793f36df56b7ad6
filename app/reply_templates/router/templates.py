"""HTTP of templates: list, add, get, change, fill in."""

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
from app.reply_templates.rules.placeholders import EXAMPLES, PLACEHOLDERS, WANTED
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
from app.reply_templates.service.access import get_template as find_template

router = APIRouter(prefix="/reply-templates", tags=["reply templates"])
# `:uuid` keeps /export and the like from being taken for an id by methods that they do not have.


@router.get(
    "", response_model=Page[TemplateRead], responses=problems(ValidationFailed), summary="List or search templates"
)
async def list_templates(
    by: Reader, session: SessionDep, page: PageDep, filters: FiltersDep, sort: SortQuery = TemplateSort.NEWEST
) -> Page[TemplateRead]:
    """The knowledge base of the caller's unit, and what other units share with it (O-6.2.6)."""
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
    summary="Add a template",
)
async def create_template(
    body: TemplateCreate, by: Writer, session: SessionDep, idempotency: IdempotencyDep
) -> Response:
    """Add a template to the knowledge base of one's own unit, as a draft (O-6.2.6)."""

    async def work() -> Response:
        return await template_response(session, await templates.create_template(session, body, by=by), by, 201)

    return await idempotency(session, by, work)


@router.get(
    "/placeholders",
    response_model=PlaceholdersRead,
    responses=problems(ValidationFailed),
    summary="List the placeholders",
)
async def list_placeholders(by: Reader) -> PlaceholdersRead:
    """The names that a template may use in braces, each with what its value has to be."""
    del by  # whoever reads templates
    return PlaceholdersRead(
        items=[
            PlaceholderRead(name=name, kind=kind, wanted=WANTED[kind][0], example=EXAMPLES[kind])
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
    """A template with its newest version; another unit's that is shared with the caller's, with the published one."""
    row = await find_template(session, template_id, by)
    return conditional_response(request, (await queries.read_templates(session, [row], by))[0], version=row.version)


@router.patch(
    "/{template_id:uuid}",
    response_model=TemplateRead,
    responses=problems(*CHANGES),
    summary="Change a template",
)
async def edit_template(
    template_id: UUID, body: TemplatePatch, by: Writer, session: SessionDep, match: IfMatchDep
) -> Response:
    """Changes of the content make a new version, a draft; a published one stays in use until the new one is published.

    `shared_unit_ids` and `review_days` take effect at once and make no version.
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
    """Add a typical message that the template answers, to its newest and its published version (O-6.2.6).

    What may be personal data is masked; one that is there already changes nothing.
    """
    row = await templates.add_example(session, template_id, body.text, match, by=by)
    return await template_response(session, row, by)


@router.post(
    "/{template_id:uuid}/render",
    response_model=RenderRead,
    responses=problems(TemplateNotFound, ValidationFailed),
    summary="Fill a template with values",
)
async def render_template(template_id: UUID, body: TemplateRender, by: Reader, session: SessionDep) -> RenderRead:
    """The text with the values put in, defaults where none is given, and what is missing. Nothing is stored."""
    return await rendering.render_template(session, template_id, body, by=by)
