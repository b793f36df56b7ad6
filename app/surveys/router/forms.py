"""HTTP of survey forms."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response
from sqlmodel import col, select

from app.core.deps import PublicUrl, SessionDep
from app.core.etags import IfMatchDep, conditional_response, is_not_modified, json_response
from app.core.idempotency import IdempotencyDep, IdempotencyKeyMalformed, IdempotencyKeyReused
from app.core.pagination import Page, PageDep, paginate_rows
from app.core.problems import (
    MethodNotAllowed,
    PreconditionFailed,
    PreconditionRequired,
    TransitionNotAllowed,
    ValidationFailed,
    problems,
)
from app.core.schemas import EmptyBody
from app.core.security import OptionalCaller, Principal, requires
from app.core.types import Day, Id, Key, Label
from app.surveys import form_pdf, queries
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
from app.surveys.models import FormState, SurveyForm
from app.surveys.schemas import FormComparison, FormCreate, FormPatch, FormPublish, FormRead
from app.surveys.service import forms
from app.surveys.service.submissions import require_client_centricity_unit

router = APIRouter(prefix="/survey-forms", tags=["survey forms"])


async def _writer(by: Annotated[Principal, requires("forms:write")], session: SessionDep) -> Principal:
    await require_client_centricity_unit(session, by)
    return by


Writer = Annotated[Principal, Depends(_writer)]
OPTIONAL_TOKEN: dict[str, Any] = {"security": [{}]}
Number = Annotated[int, Query(ge=1, le=2_147_483_647, description="Number of a version.")]
CHANGES = (
    FormNotFound,
    FormIsPublished,
    NotClientCentricityUnit,
    ValidationFailed,
    PreconditionFailed,
    PreconditionRequired,
)


@router.get(
    "",
    response_model=Page[FormRead],
    responses=problems(ValidationFailed),
    openapi_extra=OPTIONAL_TOKEN,
    summary="List survey forms",
)
async def list_forms(
    by: OptionalCaller,
    session: SessionDep,
    page: PageDep,
    key: Annotated[Key | None, Query()] = None,
    organization_id: Annotated[Id | None, Query(description="Only the versions of this organization.")] = None,
    state: Annotated[FormState | None, Query()] = None,
) -> Page[FormRead]:
    """The versions of all forms, newest first. No token; drafts are shown to those who make them."""
    query = select(SurveyForm).where(queries.visible_forms(by))
    for name, value in {"key": key, "organization_id": organization_id, "state": state}.items():
        if value is not None:
            query = query.where(getattr(SurveyForm, name) == value)
    rows, cursor, count = await paginate_rows(session, query, page, order=(col(SurveyForm.id),))
    return Page(items=[queries.read_form(row) for row in rows], next_cursor=cursor, count=count)


@router.post(
    "",
    status_code=201,
    response_model=FormRead,
    responses=problems(
        FormExists,
        FormNotFound,
        NotClientCentricityUnit,
        ValidationFailed,
        IdempotencyKeyReused,
        IdempotencyKeyMalformed,
    ),
    summary="Make a version of a form",
)
async def create_form(body: FormCreate, by: Writer, session: SessionDep, idempotency: IdempotencyDep) -> Response:
    """Make a new version as a draft, with its own list of sources (A-1): for one organization, or for all without one.

    The wording is the order's: it may be sent along, and a difference is 422 `wording_fixed` with its pointer.
    """

    async def work() -> Response:
        row = await forms.create_form(session, body, by=by)
        return json_response(queries.read_form(row), version=row.version, status=201)

    return await idempotency(session, by, work)


@router.get(
    "/compare",
    response_model=FormComparison,
    responses=problems(FormNotFound, ValidationFailed),
    openapi_extra=OPTIONAL_TOKEN,
    summary="Compare two versions by codes",
)
async def compare_forms(
    by: OptionalCaller, session: SessionDep, key: Annotated[Key, Query()], first: Number, second: Number
) -> FormComparison:
    """Two versions of a form by codes: what stayed, was reworded, added or removed. A code is one source for good."""
    return await forms.compare_forms(session, key, first, second, by)


@router.get(
    "/{form_id:uuid}",
    response_model=FormRead,
    responses=problems(FormNotFound, ValidationFailed),
    openapi_extra=OPTIONAL_TOKEN,
    summary="Get a version of a form",
)
async def get_form_version(form_id: UUID, by: OptionalCaller, session: SessionDep, request: Request) -> Response:
    """One version by its id. No token; drafts are shown to those who make them."""
    row = await forms.get_form(session, form_id, by)
    return conditional_response(request, queries.read_form(row), version=row.version)


@router.get(
    "/{key}",
    response_model=FormRead,
    responses=problems(FormNotFound, ValidationFailed),
    summary="Get the current form",
)
async def get_form(
    key: Label,
    session: SessionDep,
    request: Request,
    organization_id: Annotated[Id | None, Query(description="The ministry unless given.")] = None,
    on_date: Annotated[Day | None, Query(description="Today unless given.")] = None,
) -> Response:
    """The version in force, in the exact wording of Appendix 1, with its sources and codes (A-1). No token."""
    row = await forms.current_form(session, key, organization_id, on_date)
    return conditional_response(request, queries.read_form(row), version=row.version)


@router.patch(
    "/{form_id:uuid}",
    response_model=FormRead,
    responses=problems(*CHANGES, MethodNotAllowed),  # what is no id is the key of a form, which nothing changes
    summary="Change a draft of a form",
)
async def update_form(form_id: UUID, body: FormPatch, match: IfMatchDep, by: Writer, session: SessionDep) -> Response:
    """Change a draft's sources or days. A published version never changes (409)."""
    row = await forms.update_form(session, form_id, body, match, by=by)
    return json_response(queries.read_form(row), version=row.version)


@router.post(
    "/{form_id:uuid}/publish",
    response_model=FormRead,
    responses=problems(FormBeginsAlready, FormDaysAnswered, SourceCodeTaken, *CHANGES),
    summary="Publish a version of a form",
)
async def publish_form(
    form_id: UUID, body: FormPublish, match: IfMatchDep, by: Writer, session: SessionDep
) -> Response:
    """Publish a draft from a day on: the version before ends the day before, and this one never changes again (A-1).

    Every source of an organization's own list is an interaction point approved on that day (O-3).
    """
    row = await forms.publish_form(session, form_id, body, match, by=by)
    return json_response(queries.read_form(row), version=row.version)


@router.post(
    "/{form_id:uuid}/withdraw",
    response_model=FormRead,
    responses=problems(
        FormNotFound,
        FormHasBegun,
        TransitionNotAllowed,
        NotClientCentricityUnit,
        ValidationFailed,
        PreconditionFailed,
        PreconditionRequired,
    ),
    summary="Withdraw a version before it begins",
)
async def withdraw_form(form_id: UUID, body: EmptyBody, match: IfMatchDep, by: Writer, session: SessionDep) -> Response:
    """Withdraw a published version whose first day is still to come; the version before takes its days back.

    The codes of its sources stay theirs.
    """
    row = await forms.withdraw_form(session, form_id, match, by=by)
    return json_response(queries.read_form(row), version=row.version)


@router.delete(
    "/{form_id:uuid}",
    status_code=204,
    response_class=Response,
    responses=problems(*CHANGES, MethodNotAllowed),
    summary="Delete a draft of a form",
)
async def delete_form(form_id: UUID, match: IfMatchDep, by: Writer, session: SessionDep) -> None:
    """Delete a draft. A published version stays on the record (409): withdraw it before it begins, or end it."""
    await forms.delete_form(session, form_id, match, by=by)


@router.get(
    "/{form_id:uuid}/print",
    response_class=Response,
    responses={
        **problems(FormNotFound, ValidationFailed),
        200: {
            "content": {"application/pdf": {"schema": {"type": "string", "format": "binary"}}},
            "description": "The form as PDF",
        },
        304: {"description": "The caller has this very file already (`If-None-Match`)"},
    },
    openapi_extra=OPTIONAL_TOKEN,
    summary="Print a version of a form",
)
async def print_form(
    form_id: UUID,
    by: OptionalCaller,
    session: SessionDep,
    request: Request,
    public_url: PublicUrl,
    organization_id: Annotated[Id | None, Query(description="Of a common version: the ministry unless given.")] = None,
    point_id: Annotated[Id | None, Query(description="The approved point where it is handed out.")] = None,
) -> Response:
    """A version of the form on paper (PDF), in the exact wording with the codes in brackets (A-1.fn). No token.

    The QR code leads to the page of the survey and tells it the point, so that answers say where people came from.
    """
    row = await forms.get_form(session, form_id, by)
    told = await form_pdf.load_form_data(session, row, public_url, organization_id, point_id)
    headers = {"ETag": form_pdf.compute_tag(told), "Cache-Control": "private, no-cache"}
    if is_not_modified(request, headers["ETag"]):
        return Response(status_code=304, headers=headers)
    headers["Content-Disposition"] = f'inline; filename="{row.key}-{row.form_version}.pdf"'
    return Response(await form_pdf.render_form_pdf(told), headers=headers, media_type="application/pdf")
