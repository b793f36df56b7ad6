"""Points that a reply sends its client to: in force when it is drafted, and still when it goes out (O-3, O-6.2.3b)."""

from collections.abc import Sequence
from itertools import islice
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.problems import FieldError, ValidationFailed
from app.core.references import unknown_reference
from app.interaction_points import service as points
from app.interaction_points.models import Audience
from app.messages.errors import OfferedPointNotInForce
from app.messages.models import Reply, ReplyKind
from app.messages.rules.offered_points import find_places
from app.text_check.rules.findings import MOST_OF_A_RULE, POINT_NOT_IN_FORCE, Finding, Severity


async def require_offers(session: AsyncSession, kind: ReplyKind, point_ids: Sequence[UUID]) -> None:
    """A channel transfer offers points that are in force and open to clients; an answer offers none (O-6.2.3b)."""
    if (kind is ReplyKind.CHANNEL_TRANSFER) != bool(point_ids):
        ru = "Предложите от одной до пяти точек для перехода; для ответа они не указываются."
        en = "A channel transfer offers one to five points; an answer offers none."
        raise ValidationFailed(field_errors=[FieldError("/offered_point_ids", "offered_points", ru, en)])
    if point_ids:
        open_to_clients = await _open_to_clients(session)
        for place, point_id in enumerate(point_ids):
            if point_id not in open_to_clients:
                raise unknown_reference(f"/offered_point_ids/{place}")


async def require_still_offered(session: AsyncSession, reply: Reply) -> None:
    """Raise `OfferedPointNotInForce` for points that were switched off since the reply was drafted."""
    if closed := await _closed_offers(session, reply):
        raise OfferedPointNotInForce(closed)


async def can_send(session: AsyncSession, reply: Reply) -> bool:
    """Whether every point that a reply offers or names is still in force."""
    return not await _closed_offers(session, reply) and not await find_named_closed_points(session, reply.text)


async def find_named_closed_points(session: AsyncSession, text: str) -> list[Finding]:
    """The places where a text, a template's words included, sends a client to a point that is in force no more."""
    return [
        Finding(POINT_NOT_IN_FORCE, Severity.ERROR, start, end, f"Точка больше не действует: {point.name}.", None)
        for point in await points.list_inactive_points(session)
        for start, end in islice(find_places(point.address or "", text), MOST_OF_A_RULE)
    ]


async def _closed_offers(session: AsyncSession, reply: Reply) -> list[tuple[int, str]]:
    """The places of a reply's offers that are not in force today, with the names of their points."""
    if not reply.offered_point_ids:
        return []
    open_to_clients = await _open_to_clients(session)
    offered = [(place, UUID(told)) for place, told in enumerate(reply.offered_point_ids)]
    closed = [(place, point_id) for place, point_id in offered if point_id not in open_to_clients]
    return [(place, (await points.get_point(session, point_id, None)).name) for place, point_id in closed]


async def _open_to_clients(session: AsyncSession) -> set[UUID]:
    approved = await points.list_approved_points(session)
    return {point.id for point in approved if point.audience is not Audience.INTERNAL}
