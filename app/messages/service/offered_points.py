"""Interaction points that a reply offers or names; they must be in force when it is sent (O-3, O-6.2.3b)."""

from collections.abc import Sequence
from itertools import islice
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.problems import FieldError, ValidationFailed
from app.core.references import unknown_reference
from app.interaction_points import service as points
from app.interaction_points.rules import Audience
from app.messages.errors import OfferedPointNotInForce
from app.messages.models import Reply
from app.messages.rules.enums import ReplyKind
from app.messages.rules.offered_points import find_address_ranges
from app.text_check.rules.findings import MOST_OF_A_RULE, POINT_NOT_IN_FORCE, Finding, Severity


async def validate_offered_points(session: AsyncSession, kind: ReplyKind, point_ids: Sequence[UUID]) -> None:
    """Raise 422 unless a channel transfer offers points in force and open to clients, and an answer none (O-6.2.3b)."""
    if (kind is ReplyKind.CHANNEL_TRANSFER) != bool(point_ids):
        ru = "Для перехода в другой канал укажите от одной до пяти точек; для ответа точки не указываются."
        en = "A channel transfer offers one to five points; an answer offers none."
        raise ValidationFailed(field_errors=[FieldError("/offered_point_ids", "offered_points", ru, en)])
    if point_ids:
        open_to_clients = await _load_open_point_ids(session)
        for index, point_id in enumerate(point_ids):
            if point_id not in open_to_clients:
                raise unknown_reference(f"/offered_point_ids/{index}")


async def require_points_in_force(session: AsyncSession, reply: Reply) -> None:
    """Raise `OfferedPointNotInForce` for offered points that are no longer in force."""
    if closed := await _find_inactive_offers(session, reply):
        raise OfferedPointNotInForce(closed)


async def can_send(session: AsyncSession, reply: Reply) -> bool:
    """Return whether every point that a reply offers or names is still in force."""
    return not await _find_inactive_offers(session, reply) and not await find_named_closed_points(session, reply.text)


async def find_named_closed_points(session: AsyncSession, text: str) -> list[Finding]:
    """Return the findings for addresses in a text whose points are no longer in force."""
    return [
        Finding(
            POINT_NOT_IN_FORCE,
            Severity.ERROR,
            start,
            end,
            f"Точка взаимодействия больше не действует: {point.name}.",
            None,
        )
        for point in await points.list_inactive_points(session)
        for start, end in islice(find_address_ranges(point.address or "", text), MOST_OF_A_RULE)
    ]


async def _find_inactive_offers(session: AsyncSession, reply: Reply) -> list[tuple[int, str]]:
    """Return the positions of the offers that are not in force today, with the names of their points."""
    if not reply.offered_point_ids:
        return []
    open_to_clients = await _load_open_point_ids(session)
    offered = [(index, UUID(point_id)) for index, point_id in enumerate(reply.offered_point_ids)]
    closed = [(index, point_id) for index, point_id in offered if point_id not in open_to_clients]
    return [(index, (await points.get_point(session, point_id, None)).name) for index, point_id in closed]


async def _load_open_point_ids(session: AsyncSession) -> set[UUID]:
    approved = await points.list_approved_points(session)
    return {point.id for point in approved if point.audience is not Audience.INTERNAL}
