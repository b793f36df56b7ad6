"""HTTP routes of survey forms."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.deps import DatabaseDep, PublicUrl, SessionDep
from app.core.etags import IfMatchDep, conditional, is_not_modified, versioned
from app.core.idempotency import idempotent
from app.core.pagination import Page, PageDep, paginate_rows
from app.core.problems import MethodNotAllowed, TransitionNotAllowed, problems
from app.core.schemas import EmptyBody
from app.core.security import DetachedCaller, OptionalCaller
from app.core.types import Day, Id, Key, Label
from app.surveys import form_pdf, queries
from app.surveys.commands import FormSource, NewForm
from app.surveys.errors import (
    FormBeginsAlready,
    FormDaysAnswered,
    FormExists,
    FormHasBegun,
    FormIsPublished,
    FormNotFound,
    NotClientCentricityUnit,
    SourceCodeTaken,
)
from app.surveys.models.forms import SurveyForm
from app.surveys.router.access import FormWriter
from app.surveys.rules.form import FormState
from app.surveys.schemas.forms import FormComparison, FormCreate, FormPatch, FormPublish, FormRead
from app.surveys.service import form_publication, forms

router = APIRouter(prefix="/survey-forms", tags=["survey forms"])

OPTIONAL_TOKEN: dict[str, Any] = {"security": [{}]}
Number = Annotated[int, Query(ge=1, le=2_147_483_647, description="Version number.")]
CREATION = problems(FormExists, FormNotFound, NotClientCentricityUnit)
FOUND = problems(FormNotFound)
CHANGES = (FormNotFound, FormIsPublished, NotClientCentricityUnit)
DRAFT_CHANGE = problems(*CHANGES, MethodNotAllowed)  # the path of a form key has neither PATCH nor DELETE
PUBLICATION = problems(FormBeginsAlready, FormDaysAnswered, SourceCodeTaken, *CHANGES)
WITHDRAWAL = problems(FormNotFound, FormHasBegun, TransitionNotAllowed, NotClientCentricityUnit)
PDF_RESPONSES: dict[int | str, dict[str, Any]] = problems(FormNotFound) | {
    200: {
        "content": {"application/pdf": {"schema": {"type": "string", "format": "binary"}}},
        "description": "The form as a PDF",
    },
    304: {"description": "The caller's copy is current (`If-None-Match`)"},
}


async def read_form(_: AsyncSession, row: SurveyForm) -> FormRead:
    """Return the response with a version."""
    return queries.read_form(row)


def to_sources(body: FormCreate | FormPatch) -> dict[str, Any]:
    """Return the sources that a body names as commands."""
    sources = body.changes().get("sources")
    return {"sources": [source.to_command(FormSource) for source in sources]} if sources else {}


@router.get("", response_model=Page[FormRead], openapi_extra=OPTIONAL_TOKEN, summary="List survey forms")
async def list_forms(
    by: OptionalCaller,
    session: SessionDep,
    page: PageDep,
    key: Annotated[Key | None, Query()] = None,
    organization_id: Annotated[Id | None, Query(description="Only versions of this organization.")] = None,
    state: Annotated[FormState | None, Query()] = None,
) -> Page[FormRead]:
    """List the versions of all forms, newest first. No token is needed; drafts are listed only for form editors."""
    query = queries.select_forms(by, key=key, organization_id=organization_id, state=state)
    rows, cursor, count = await paginate_rows(session, query, page, order=(col(SurveyForm.id),))
    return Page(items=[queries.read_form(row) for row in rows], next_cursor=cursor, count=count)


@router.post("", status_code=201, response_model=FormRead, responses=CREATION, summary="Create a form version")
@idempotent
async def create_form(body: FormCreate, by: FormWriter, session: SessionDep) -> Response:
    """Create a new version of a form as a draft with its own list of sources (A-1).

    The version is for one organization, or for all organizations without their own when `organization_id` is null.
    The wording is fixed by the order: it may be sent, and a difference is 422 `wording_fixed` with its pointer.
    """
    row = await forms.create_form(session, body.to_command(NewForm, **to_sources(body)), by=by)
    return await versioned(session, row, read_form, 201)


@router.get(
    "/compare",
    response_model=FormComparison,
    responses=FOUND,
    openapi_extra=OPTIONAL_TOKEN,
    summary="Compare two form versions",
)
async def compare_forms(
    by: OptionalCaller, session: SessionDep, key: Annotated[Key, Query()], first: Number, second: Number
) -> FormComparison:
    """Compare two versions of a form by codes: each source is the same, reworded, added or removed.

    A code belongs to one source permanently.
    """
    return await forms.compare_forms(session, key, first, second, by)


@router.get(
    "/{form_id:uuid}",
    response_model=FormRead,
    responses=FOUND,
    openapi_extra=OPTIONAL_TOKEN,
    summary="Get a form version",
)
async def get_form_version(form_id: UUID, by: OptionalCaller, session: SessionDep, request: Request) -> Response:
    """Return one version of a form by its id. No token is needed; drafts are returned only to form editors."""
    return await conditional(request, session, await forms.get_form(session, form_id, by), read_form)


@router.get("/{key}", response_model=FormRead, responses=FOUND, summary="Get the form in force")
async def get_form(
    key: Label,
    session: SessionDep,
    request: Request,
    organization_id: Annotated[Id | None, Query(description="The organization; the ministry by default.")] = None,
    on_date: Annotated[Day | None, Query(description="The date; today by default.")] = None,
) -> Response:
    """Return the version in force, in the exact wording of Appendix 1, with its sources and codes (A-1). No token."""
    row = await forms.current_form(session, key, organization_id, on_date)
    return await conditional(request, session, row, read_form)


@router.patch("/{form_id:uuid}", response_model=FormRead, responses=DRAFT_CHANGE, summary="Update a draft form version")
async def update_form(
    form_id: UUID, body: FormPatch, match: IfMatchDep, by: FormWriter, session: SessionDep
) -> Response:
    """Change the sources or dates of a draft. A published version cannot be changed (409 `form_is_published`)."""
    row = await forms.update_form(session, form_id, match, changes=body.changes() | to_sources(body), by=by)
    return await versioned(session, row, read_form)


@router.post(
    "/{form_id:uuid}/publish", response_model=FormRead, responses=PUBLICATION, summary="Publish a form version"
)
async def publish_form(
    form_id: UUID, body: FormPublish, match: IfMatchDep, by: FormWriter, session: SessionDep
) -> Response:
    """Publish a draft from its start date: the previous version ends the day before (A-1).

    A published version cannot be changed. Every source of an organization's own list has to be an interaction point
    approved on the start date (O-3).
    """
    row = await form_publication.publish_form(session, form_id, match, changes=body.changes(), by=by)
    return await versioned(session, row, read_form)


@router.post(
    "/{form_id:uuid}/withdraw", response_model=FormRead, responses=WITHDRAWAL, summary="Withdraw a form version"
)
async def withdraw_form(
    form_id: UUID, body: EmptyBody, match: IfMatchDep, by: FormWriter, session: SessionDep
) -> Response:
    """Withdraw a published version that has not begun yet; the previous version gets its days back.

    The codes of its sources remain reserved.
    """
    return await versioned(session, await form_publication.withdraw_form(session, form_id, match, by=by), read_form)


@router.delete(
    "/{form_id:uuid}",
    status_code=204,
    response_class=Response,
    responses=DRAFT_CHANGE,
    summary="Delete a draft form version",
)
async def delete_form(form_id: UUID, match: IfMatchDep, by: FormWriter, session: SessionDep) -> None:
    """Delete a draft. A published version is kept (409): withdraw it before it begins, or publish a newer one."""
    await forms.delete_form(session, form_id, match, by=by)


@router.get(
    "/{form_id:uuid}/print",
    response_class=Response,
    responses=PDF_RESPONSES,
    openapi_extra=OPTIONAL_TOKEN,
    summary="Print a form version",
)
async def print_form(
    form_id: UUID,
    by: DetachedCaller,
    database: DatabaseDep,
    request: Request,
    public_url: PublicUrl,
    organization_id: Annotated[
        Id | None, Query(description="The organization to print a common version for; the ministry by default.")
    ] = None,
    point_id: Annotated[
        Id | None, Query(description="The approved interaction point where the form is handed out.")
    ] = None,
) -> Response:
    """Return a version of the form as a PDF, in the exact wording with the codes in brackets (A-1.fn). No token.

    The QR code leads to the survey page. With `point_id` its address names the interaction point, and submissions
    record where respondents came from.
    """
    async with database.transaction(write=False) as session:
        row = await forms.get_form(session, form_id, by)
        printed = await form_pdf.load_printed_form(session, row, public_url, organization_id, point_id)
    data = form_pdf.build_data(printed)
    headers = {"ETag": form_pdf.compute_tag(data), "Cache-Control": "private, no-cache"}
    if is_not_modified(request, headers["ETag"]):
        return Response(status_code=304, headers=headers)
    headers["Content-Disposition"] = f'inline; filename="{row.key}-{row.form_version}.pdf"'
    return Response(await form_pdf.render_form_pdf(data), headers=headers, media_type="application/pdf")
