"""HTTP routes that change the state of a template: submit, publish, return, archive, review."""

from uuid import UUID

from fastapi import APIRouter, Response

from app.core.deps import SessionDep
from app.core.etags import IfMatchDep, versioned
from app.core.problems import TransitionNotAllowed, problems
from app.core.schemas import EmptyBody
from app.reply_templates.errors import FourEyes, TemplateNotFound
from app.reply_templates.router.dependencies import CHANGED, Publisher, Writer, read_for
from app.reply_templates.schemas import TemplateRead, TemplateReturn, TemplateReviewCreate
from app.reply_templates.service import publishing, review

router = APIRouter(prefix="/reply-templates/{template_id:uuid}", tags=["reply templates"])


@router.post("/submit", response_model=TemplateRead, responses=CHANGED, summary="Submit a template for review")
async def submit_template(
    template_id: UUID, body: EmptyBody, by: Writer, session: SessionDep, match: IfMatchDep
) -> Response:
    """Submit the newest version of a template to the head for review."""
    return await versioned(session, await publishing.submit_template(session, template_id, match, by=by), read_for(by))


@router.post(
    "/publish",
    response_model=TemplateRead,
    responses=problems(TemplateNotFound, TransitionNotAllowed, FourEyes),
    summary="Publish a template",
)
async def publish_template(
    template_id: UUID, body: EmptyBody, by: Publisher, session: SessionDep, match: IfMatchDep
) -> Response:
    """Publish the newest version. An author of any version since the last published one cannot publish it."""
    return await versioned(session, await publishing.publish_template(session, template_id, match, by=by), read_for(by))


@router.post("/return", response_model=TemplateRead, responses=CHANGED, summary="Return a template to its author")
async def return_template(
    template_id: UUID, body: TemplateReturn, by: Publisher, session: SessionDep, match: IfMatchDep
) -> Response:
    """Return the newest version of a template to its author and record the reason."""
    row = await publishing.return_template(session, template_id, body.reason, match, by=by)
    return await versioned(session, row, read_for(by))


@router.post("/archive", response_model=TemplateRead, responses=CHANGED, summary="Archive a template")
async def archive_template(
    template_id: UUID, body: EmptyBody, by: Publisher, session: SessionDep, match: IfMatchDep
) -> Response:
    """Archive a template. It is no longer suggested or used, but nothing is deleted."""
    return await versioned(session, await publishing.archive_template(session, template_id, match, by=by), read_for(by))


@router.post("/review", response_model=TemplateRead, responses=CHANGED, summary="Confirm that a template is current")
async def review_template(
    template_id: UUID, body: TemplateReviewCreate, by: Publisher, session: SessionDep, match: IfMatchDep
) -> Response:
    """Confirm that the published version is current. The employee, the time and the note are recorded (O-6.2.6)."""
    row = await review.confirm_template(session, template_id, body.note, match, by=by)
    return await versioned(session, row, read_for(by))
