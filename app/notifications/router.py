"""HTTP endpoints of notifications."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from sqlmodel import col

from app.core.deps import SessionDep
from app.core.etags import IfMatchDep, conditional, json_response, versioned
from app.core.pagination import Page, PageDep, paginate
from app.core.problems import problems
from app.core.schemas import EmptyBody
from app.core.security import Principal, requires
from app.notifications import queries, service
from app.notifications.errors import NotificationNotFound
from app.notifications.models import Notification
from app.notifications.schemas import NotificationRead, ReadAllRead, UnreadCountRead

NotificationReader = Annotated[Principal, requires("notifications:read")]

router = APIRouter(prefix="/notifications", tags=["notifications"])
# The converter `:uuid` keeps /unread-count and /read-all from matching as ids with methods that they do not support.


@router.get("", response_model=Page[NotificationRead], summary="List own notifications")
async def list_notifications(
    by: NotificationReader,
    session: SessionDep,
    page: PageDep,
    is_read: Annotated[bool | None, Query(description="Only read or only unread notifications.")] = None,
) -> Page[NotificationRead]:
    """Return the caller's notifications (O-10), newest first."""
    query = queries.select_notifications(by, is_read)
    return await paginate(session, query, page, NotificationRead.model_validate, order=(col(Notification.id),))


@router.get("/unread-count", response_model=UnreadCountRead, summary="Count unread notifications")
async def count_unread_notifications(by: NotificationReader, session: SessionDep) -> UnreadCountRead:
    """Return the number of the caller's unread notifications."""
    return UnreadCountRead(count=await service.count_unread(session, by))


@router.post("/read-all", response_model=ReadAllRead, summary="Mark all notifications as read")
async def read_all_notifications(body: EmptyBody, by: NotificationReader, session: SessionDep) -> Response:
    """Mark all notifications of the caller as read. `If-Match` is not required, since no single object is changed."""
    return json_response(ReadAllRead(read=await service.mark_all_read(session, by=by)))


@router.get(
    "/{notification_id:uuid}",
    response_model=NotificationRead,
    responses=problems(NotificationNotFound),
    summary="Get a notification",
)
async def get_notification(
    notification_id: UUID, by: NotificationReader, session: SessionDep, request: Request
) -> Response:
    """Return a notification of the caller."""
    row = await service.get_notification(session, notification_id, by)
    return await conditional(request, session, row, NotificationRead)


@router.post(
    "/{notification_id:uuid}/read",
    response_model=NotificationRead,
    responses=problems(NotificationNotFound),
    summary="Mark a notification as read",
)
async def read_notification(
    notification_id: UUID, body: EmptyBody, by: NotificationReader, session: SessionDep, match: IfMatchDep
) -> Response:
    """Mark a notification as read. A notification that is already read does not change."""
    row = await service.mark_read(session, notification_id, match, by=by)
    return await versioned(session, row, NotificationRead)
