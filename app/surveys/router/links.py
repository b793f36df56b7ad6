"""HTTP routes of one-time links to the survey."""

from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Response

from app.core.deps import PublicUrl, SessionDep
from app.core.etags import json_response
from app.core.idempotency import IdempotencyDep, IdempotencyKeyMalformed, IdempotencyKeyReused
from app.core.problems import ValidationFailed, problems
from app.core.security import Principal, requires
from app.surveys.errors import NotClientCentricityUnit
from app.surveys.schemas.links import LinksCreate, LinksRead
from app.surveys.service import links
from app.surveys.service.submissions import require_client_centricity_unit

router = APIRouter(prefix="/survey-links", tags=["survey forms"])


async def _authorize_link_creator(by: Annotated[Principal, requires("links:write")], session: SessionDep) -> Principal:
    await require_client_centricity_unit(session, by)
    return by


LinkCreator = Annotated[Principal, Depends(_authorize_link_creator)]


@router.post(
    "",
    status_code=201,
    response_model=LinksRead,
    responses=problems(NotClientCentricityUnit, ValidationFailed, IdempotencyKeyReused, IdempotencyKeyMalformed),
    summary="Create one-time links",
)
async def create_survey_links(
    body: LinksCreate, by: LinkCreator, session: SessionDep, idempotency: IdempotencyDep, public_url: PublicUrl
) -> Response:
    """Create one-time links; each accepts one submission.

    The links are returned only once: a replay of the request has null instead. A used link is deleted completely, so
    that no submission can be traced to the person who received the link.
    """
    urls: list[str] = []

    async def work() -> Response:
        created = await links.create_links(session, body, by=by)
        point = {"point": body.came_from_point_id} if body.came_from_point_id else {}
        urls.extend(f"{public_url}/survey/{body.form}?{urlencode({'link': t, **point})}" for t in created.tokens)
        read = LinksRead(
            form=body.form,
            organization_id=created.organization_id,
            count=body.count,
            expires_on=created.expires_on,
            links=None,
        )
        return json_response(read, status=201)

    response = await idempotency(session, by, work)
    if not urls:
        return response
    read = LinksRead.model_validate_json(bytes(response.body)).model_copy(update={"links": urls})
    return json_response(read, status=201)
