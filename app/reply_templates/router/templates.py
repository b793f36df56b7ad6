"""HTTP routes of templates: list, create, get, update, render."""

from uuid import UUID

from fastapi import APIRouter, Request, Response

from app.core.deps import SessionDep
from app.core.etags import IfMatchDep, conditional, versioned
from app.core.idempotency import idempotent
from app.core.pagination import Page, PageDep, paginate_rows
from app.core.problems import TransitionNotAllowed, problems
from app.reply_templates.commands import NewTemplate
from app.reply_templates.errors import TemplateExists, TemplateNotFound, TooManyExamples
from app.reply_templates.queries import ORDERS, TemplateSort, read_templates
from app.reply_templates.router.dependencies import CHANGED, FOUND, Reader, Writer, read_for
from app.reply_templates.router.filters import FiltersDep, SortQuery
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


@router.get("", response_model=Page[TemplateRead], summary="List or search templates")
async def list_templates(
    by: Reader, session: SessionDep, page: PageDep, filters: FiltersDep, sort: SortQuery = TemplateSort.NEWEST
) -> Page[TemplateRead]:
    """List the templates of the caller's unit and the templates that other units share with it (O-6.2.6)."""
    query = await filters.query(session, by, sort=sort)
    order, descending = ORDERS[sort]
    rows, cursor, count = await paginate_rows(session, query, page, order=order, descending=descending)
    return Page(items=await read_templates(session, rows, by), next_cursor=cursor, count=count)


@router.post(
    "", status_code=201, response_model=TemplateRead, responses=problems(TemplateExists), summary="Create a template"
)
@idempotent
async def create_template(body: TemplateCreate, by: Writer, session: SessionDep) -> Response:
    """Create a draft template in the knowledge base of the caller's unit (O-6.2.6)."""
    row = await templates.create_template(session, body.to_command(NewTemplate), by=by)
    return await versioned(session, row, read_for(by), 201)


@router.get("/placeholders", response_model=PlaceholdersRead, summary="List placeholders")
async def list_placeholders(by: Reader) -> PlaceholdersRead:
    """List the placeholder names that a template may use in braces, with the kind of value each one takes."""
    return PlaceholdersRead(
        items=[
            PlaceholderRead(name=name, kind=kind, wanted=VALUE_REQUIREMENTS[kind][0], example=EXAMPLES[kind])
            for name, kind in PLACEHOLDERS.items()
        ]
    )


@router.get("/{template_id:uuid}", response_model=TemplateRead, responses=FOUND, summary="Get a template")
async def get_template(template_id: UUID, by: Reader, session: SessionDep, request: Request) -> Response:
    """Get a template in its newest version. Another unit's shared template is returned in its published version."""
    return await conditional(request, session, await get_visible_template(session, template_id, by), read_for(by))


@router.patch("/{template_id:uuid}", response_model=TemplateRead, responses=CHANGED, summary="Update a template")
async def edit_template(
    template_id: UUID, body: TemplatePatch, by: Writer, session: SessionDep, match: IfMatchDep
) -> Response:
    """Update a template. A content change creates a new draft version.

    The published version stays in use until the new one is published. `shared_unit_ids` and `review_days` take effect
    at once and create no version.
    """
    row = await templates.edit_template(session, template_id, body.changes(), match, by=by)
    return await versioned(session, row, read_for(by))


@router.post(
    "/{template_id:uuid}/examples",
    response_model=TemplateRead,
    responses=problems(TemplateNotFound, TransitionNotAllowed, TooManyExamples),
    summary="Add a typical message",
)
async def add_template_example(
    template_id: UUID, body: ExampleCreate, by: Writer, session: SessionDep, match: IfMatchDep
) -> Response:
    """Add a typical message to the newest and the published version of a template (O-6.2.6).

    Possible personal data is masked. A duplicate changes nothing.
    """
    row = await templates.add_example(session, template_id, body.text, match, by=by)
    return await versioned(session, row, read_for(by))


@router.post("/{template_id:uuid}/render", response_model=RenderRead, responses=FOUND, summary="Render a template")
async def render_template(template_id: UUID, body: TemplateRender, by: Reader, session: SessionDep) -> RenderRead:
    """Render a template with the given values and its defaults, and list missing placeholders. Nothing is stored."""
    number, channel = body.version, body.channel
    return await rendering.render_template(session, template_id, body.values, number=number, channel=channel, by=by)
