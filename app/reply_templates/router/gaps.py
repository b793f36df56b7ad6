"""HTTP routes of knowledge base gaps."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response

from app.core.deps import SessionDep
from app.core.etags import json_response, versioned
from app.core.idempotency import idempotent
from app.core.problems import problems
from app.reply_templates.commands import TemplateDraft
from app.reply_templates.errors import GapNotFound, TemplateExists
from app.reply_templates.router.dependencies import Reader, Writer, read_for
from app.reply_templates.schemas import DraftOf, GapDismiss, GapRead, GapsRead, TemplateRead
from app.reply_templates.service import gaps

router = APIRouter(prefix="/reply-templates/gaps", tags=["reply templates"])


@router.get("", response_model=GapsRead, summary="List knowledge base gaps")
async def list_gaps(
    by: Reader,
    session: SessionDep,
    limit: Annotated[int, Query(ge=1, le=200, description="Maximum number of groups.")] = 50,
    dismissed: Annotated[bool, Query(description="Return dismissed groups instead.")] = False,
) -> GapsRead:
    """List groups of messages to the caller's unit that no template covers (O-6.2.6).

    A message is counted when no template fitted it or when the suggested template was not used. Messages are grouped by
    their words, the largest group first. Texts contain no personal data. Only the newest 1,000 messages are analyzed.
    """
    return GapsRead(items=await gaps.list_gaps(session, limit, is_dismissed=dismissed, by=by))


@router.post(
    "/{gap_id:uuid}/draft",
    status_code=201,
    response_model=TemplateRead,
    responses=problems(GapNotFound, TemplateExists),
    summary="Create a draft template from a gap",
)
@idempotent
async def draft_template_from_gap(gap_id: UUID, body: DraftOf, by: Writer, session: SessionDep) -> Response:
    """Create a draft template from a group of messages and close the gap.

    The messages become typical messages of the template. The newest reply becomes its text unless `text` is given.
    Later messages that the template does not cover open a new gap.
    """
    row = await gaps.draft_template_from_gap(session, gap_id, body.to_command(TemplateDraft), by=by)
    return await versioned(session, row, read_for(by), 201)


@router.post(
    "/{gap_id:uuid}/dismiss",
    status_code=201,
    response_model=GapRead,
    responses=problems(GapNotFound),
    summary="Dismiss a gap",
)
@idempotent
async def dismiss_gap(gap_id: UUID, body: GapDismiss, by: Writer, session: SessionDep) -> Response:
    """Record the decision that a group of messages needs no template, and remove the group from the list.

    The next message of the group puts it back on the list. Then only later messages are counted, and the earlier
    decision is shown.
    """
    return json_response(await gaps.dismiss_gap(session, gap_id, body.reason, by=by), status=201)
