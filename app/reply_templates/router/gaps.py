"""HTTP of what the knowledge base lacks."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response

from app.core.deps import SessionDep
from app.core.etags import json_response
from app.core.idempotency import IdempotencyDep, IdempotencyKeyMalformed, IdempotencyKeyReused
from app.core.problems import ValidationFailed, problems
from app.reply_templates.errors import GapNotFound, TemplateExists
from app.reply_templates.router.dependencies import Reader, Writer, template_response
from app.reply_templates.schemas import DraftOf, GapDismiss, GapRead, GapsRead, TemplateRead
from app.reply_templates.service import gaps

router = APIRouter(prefix="/reply-templates/gaps", tags=["reply templates"])


@router.get("", response_model=GapsRead, responses=problems(ValidationFailed), summary="What the knowledge base lacks")
async def list_gaps(
    by: Reader,
    session: SessionDep,
    limit: Annotated[int, Query(ge=1, le=200, description="How many groups at most.")] = 50,
    dismissed: Annotated[bool, Query(description="Those instead that were found to want no template.")] = False,
) -> GapsRead:
    """Typical messages to the caller's unit that had no fitting template, or whose suggestion was not taken (O-6.2.6).

    They are grouped by their words, the largest group first: what to write next. Texts are without personal data. The
    newest 1,000 are looked at.
    """
    return GapsRead(items=await gaps.list_gaps(session, limit, is_dismissed=dismissed, by=by))


@router.post(
    "/{gap_id:uuid}/draft",
    status_code=201,
    response_model=TemplateRead,
    responses=problems(GapNotFound, TemplateExists, ValidationFailed, IdempotencyKeyReused, IdempotencyKeyMalformed),
    summary="Draft a template of a gap",
)
async def draft_template_from_gap(
    gap_id: UUID, body: DraftOf, by: Writer, session: SessionDep, idempotency: IdempotencyDep
) -> Response:
    """Turn a group into a draft: its messages become typical ones, the newest answer its text unless one is given.

    Then it is no gap any more. What comes later and is not answered with the template opens a new one.
    """

    async def work() -> Response:
        return await template_response(
            session, await gaps.draft_template_from_gap(session, gap_id, body, by=by), by, 201
        )

    return await idempotency(session, by, work)


@router.post(
    "/{gap_id:uuid}/dismiss",
    status_code=201,
    response_model=GapRead,
    responses=problems(GapNotFound, ValidationFailed, IdempotencyKeyReused, IdempotencyKeyMalformed),
    summary="Decide that a gap wants no template",
)
async def dismiss_gap(
    gap_id: UUID, body: GapDismiss, by: Writer, session: SessionDep, idempotency: IdempotencyDep
) -> Response:
    """Take a group off the list by a decision on the record: who, when and why. It comes back with the next message.

    Then only what came later is counted, beside the earlier decision.
    """

    async def work() -> Response:
        return json_response(await gaps.dismiss_gap(session, gap_id, body.reason, by=by), status=201)

    return await idempotency(session, by, work)
