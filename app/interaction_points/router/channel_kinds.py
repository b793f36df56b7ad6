"""HTTP endpoints of channel kinds."""

from fastapi import APIRouter, Response
from sqlmodel import col

from app.core.deps import SessionDep
from app.core.etags import json_response
from app.core.idempotency import idempotent
from app.core.pagination import Page, PageDep, paginate
from app.core.problems import problems
from app.interaction_points import queries, service
from app.interaction_points.errors import ChannelKindExists
from app.interaction_points.models import ChannelKind
from app.interaction_points.router.points import Reader, Writer
from app.interaction_points.schemas import ChannelKindCreate, ChannelKindRead

router = APIRouter(prefix="/interaction-points/channel-kinds", tags=["interaction points"])


@router.get("", response_model=Page[ChannelKindRead], summary="List channel kinds")
async def list_channel_kinds(by: Reader, session: SessionDep, page: PageDep) -> Page[ChannelKindRead]:
    """List the channel kinds that a point can have, oldest first."""
    query, order = queries.select_channel_kinds(), (col(ChannelKind.id),)
    return await paginate(session, query, page, ChannelKindRead.model_validate, order=order, descending=False)


@router.post(
    "",
    status_code=201,
    response_model=ChannelKindRead,
    responses=problems(ChannelKindExists),
    summary="Create a channel kind",
)
@idempotent
async def create_channel_kind(body: ChannelKindCreate, by: Writer, session: SessionDep) -> Response:
    """Create a channel kind; points can use it at once."""
    row = await service.create_channel_kind(session, key=body.key, name=body.name, is_social=body.is_social, by=by)
    return json_response(ChannelKindRead.model_validate(row), status=201)
