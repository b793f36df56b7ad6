"""HTTP of one-time links to the survey."""

from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Response

from app.core.deps import PublicUrl, SessionDep
from app.core.etags import json_response
from app.core.idempotency import IdempotencyDep, IdempotencyKeyMalformed, IdempotencyKeyReused
from app.core.problems import ValidationFailed, problems
from app.core.security import Principal, requires
from app.surveys.errors import NotClientCentricityUnit
from app.surveys.schemas import LinksCreate, LinksRead
from app.surveys.service import links
from app.surveys.service.submissions import require_client_centricity_unit

router = APIRouter(prefix="/survey-links", tags=["survey forms"])


async def _maker(by: Annotated[Principal, requires("links:write")], session: SessionDep) -> Principal:
    await require_client_centricity_unit(session, by)
    return by


Maker = Annotated[Principal, Depends(_maker)]


@router.post(
    "",
    status_code=201,
    response_model=LinksRead,
    responses=problems(NotClientCentricityUnit, ValidationFailed, IdempotencyKeyReused, IdempotencyKeyMalformed),
    summary="Make one-time links to a form",
)
async def create_survey_links(
    body: LinksCreate, by: Maker, session: SessionDep, idempotency: IdempotencyDep, public_url: PublicUrl
) -> Response:
    """Make links that take one filled-in form each. They are in this answer and never again: a replay has null there.

    A used link is deleted with nothing left of it, so no answer can be tied to whoever got the link.
    """
    made: list[str] = []

    async def work() -> Response:
        told = await links.create_links(session, body, by=by)
        point = {"point": body.came_from_point_id} if body.came_from_point_id else {}
        made.extend(f"{public_url}/survey/{body.form}?{urlencode({'link': t, **point})}" for t in told.tokens)
        read = LinksRead(
            form=body.form,
            organization_id=told.organization_id,
            count=body.count,
            expires_on=told.expires_on,
            links=None,
        )
        return json_response(read, status=201)

    kept = await idempotency(session, by, work)
    if not made:
        return kept
    read = LinksRead.model_validate_json(bytes(kept.body)).model_copy(update={"links": made})
    return json_response(read, status=201)
