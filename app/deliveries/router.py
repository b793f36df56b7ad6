"""HTTP endpoints of deliveries."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response
from sqlmodel import col

from app.core.app_state import get_state
from app.core.deps import SessionDep
from app.core.etags import IfMatchDep, conditional, versioned
from app.core.pagination import Page, PageDep, paginate
from app.core.problems import TransitionNotAllowed, problems
from app.core.schemas import EmptyBody
from app.core.security import Principal, requires
from app.core.types import Label
from app.deliveries import queries, service
from app.deliveries.errors import DeliveryNotFound, DeliveryNotRetryable
from app.deliveries.models import Delivery
from app.deliveries.ports import Registry
from app.deliveries.rules import DeliveryState
from app.deliveries.schemas import DeliveryRead, DeliverySummary

DeliveryReader = Annotated[Principal, requires("deliveries:read")]
DeliveryWriter = Annotated[Principal, requires("deliveries:write")]


def get_registry(request: Request) -> Registry:
    """Return the registry of adapters and handlers."""
    return get_state(request).get(Registry)


RegistryDep = Annotated[Registry, Depends(get_registry)]

router = APIRouter(prefix="/deliveries", tags=["deliveries"])


@router.get("", response_model=Page[DeliverySummary], summary="List deliveries")
async def list_deliveries(
    by: DeliveryReader,
    session: SessionDep,
    page: PageDep,
    state: Annotated[DeliveryState | None, Query()] = None,
    target: Annotated[Label | None, Query(description="The receiving system, such as `feedback_platform`.")] = None,
) -> Page[DeliverySummary]:
    """List outgoing deliveries, newest first. Texts and personal data are not included."""
    query = queries.select_deliveries(state, target)
    return await paginate(session, query, page, queries.to_summary, order=(col(Delivery.id),))


@router.get(
    "/{delivery_id}", response_model=DeliveryRead, responses=problems(DeliveryNotFound), summary="Get a delivery"
)
async def get_delivery(delivery_id: UUID, by: DeliveryReader, session: SessionDep, request: Request) -> Response:
    """Return one delivery with its attempts and last error. Texts and personal data are not included."""
    return await conditional(request, session, await service.get_delivery(session, delivery_id), queries.read_delivery)


@router.post(
    "/{delivery_id}/retry",
    response_model=DeliveryRead,
    responses=problems(DeliveryNotFound, DeliveryNotRetryable, TransitionNotAllowed),
    summary="Retry a delivery",
)
async def retry_delivery(
    delivery_id: UUID,
    body: EmptyBody,
    by: DeliveryWriter,
    session: SessionDep,
    match: IfMatchDep,
    registry: RegistryDep,
) -> Response:
    """Queue a failed or uncertain delivery again, with the same idempotency key.

    `uncertain` means that the call was interrupted and the receiving system cannot tell whether the delivery arrived.
    Check the channel first, otherwise the client may receive it twice. The author of a reply can also send it again
    with `POST …/replies/{reply_id}/send`.
    """
    row = await service.retry_delivery(session, delivery_id, match, registry, by=by)
    return await versioned(session, row, queries.read_delivery)
