"""HTTP routes of one-time links to the survey."""

from dataclasses import asdict
from urllib.parse import urlencode

from fastapi import APIRouter, Response

from app.core.deps import PublicUrl, SessionDep
from app.core.etags import json_response
from app.core.idempotency import IdempotencyDep
from app.core.problems import problems
from app.surveys.commands import NewLinks
from app.surveys.errors import NotClientCentricityUnit
from app.surveys.router.access import LinkCreator
from app.surveys.schemas.links import LinksCreate, LinksRead
from app.surveys.service import links

router = APIRouter(prefix="/survey-links", tags=["survey forms"])


@router.post(
    "",
    status_code=201,
    response_model=LinksRead,
    responses=problems(NotClientCentricityUnit),
    summary="Create one-time links",
)
async def create_survey_links(
    body: LinksCreate, by: LinkCreator, session: SessionDep, idempotency: IdempotencyDep, public_url: PublicUrl
) -> Response:
    """Create one-time links; each accepts one submission.

    The links are returned only once: a replay of the request has null instead. A used link is deleted completely, so
    that no submission can be traced to the person who received the link.
    """
    new: list[LinksRead] = []

    async def work() -> Response:
        created = await links.create_links(session, body.to_command(NewLinks), by=by)
        point = {"point": body.came_from_point_id} if body.came_from_point_id else {}
        urls = [f"{public_url}/survey/{body.form}?{urlencode({'link': t, **point})}" for t in created.tokens]
        new.append(LinksRead.model_validate({**body.model_dump(), **asdict(created), "links": urls}))
        return json_response(new[0].model_copy(update={"links": None}), status=201)

    stored = await idempotency(session, by, work)  # the stored response has no links
    return json_response(new[0], status=201) if new else stored
