"""HTTP routes that change the state of a template: submit, publish, return, archive."""

from uuid import UUID

from fastapi import APIRouter, Response

from app.core.deps import SessionDep
from app.core.etags import IfMatchDep
from app.core.problems import problems
from app.core.schemas import EmptyBody
from app.reply_templates.errors import FourEyes
from app.reply_templates.router.dependencies import CHANGES, Publisher, Writer, template_response
from app.reply_templates.schemas import TemplateRead, TemplateReturn
from app.reply_templates.service import publishing

router = APIRouter(prefix="/reply-templates", tags=["reply templates"])


@router.post(
    "/{template_id:uuid}/submit",
    response_model=TemplateRead,
    responses=problems(*CHANGES),
    summary="Submit a template for review",
)
async def submit_template(
    template_id: UUID, body: EmptyBody, by: Writer, session: SessionDep, match: IfMatchDep
) -> Response:
    """Submit the newest version of a template to the head for review."""
    return await template_response(session, await publishing.submit_template(session, template_id, match, by=by), by)


@router.post(
    "/{template_id:uuid}/publish",
    response_model=TemplateRead,
    responses=problems(*CHANGES, FourEyes),
    summary="Publish a template",
)
async def publish_template(
    template_id: UUID, body: EmptyBody, by: Publisher, session: SessionDep, match: IfMatchDep
) -> Response:
    """Publish the newest version. An author of any version since the last published one cannot publish it."""
    return await template_response(session, await publishing.publish_template(session, template_id, match, by=by), by)


@router.post(
    "/{template_id:uuid}/return",
    response_model=TemplateRead,
    responses=problems(*CHANGES),
    summary="Return a template to its author",
)
async def return_template(
    template_id: UUID, body: TemplateReturn, by: Publisher, session: SessionDep, match: IfMatchDep
) -> Response:
    """Return the newest version of a template to its author and record the reason."""
    row = await publishing.return_template(session, template_id, body.reason, match, by=by)
    return await template_response(session, row, by)


@router.post(
    "/{template_id:uuid}/archive",
    response_model=TemplateRead,
    responses=problems(*CHANGES),
    summary="Archive a template",
)
async def archive_template(
    template_id: UUID, body: EmptyBody, by: Publisher, session: SessionDep, match: IfMatchDep
) -> Response:
    """Archive a template. It is no longer suggested or used, but nothing is deleted."""
    return await template_response(session, await publishing.archive_template(session, template_id, match, by=by), by)
