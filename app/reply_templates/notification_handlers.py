"""Who is notified of templates that have to be looked through. The worker calls these (O-6.2.6, O-10)."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.outbox import Event, Handler
from app.identity.queries import load_heads
from app.notifications.models import NotificationKind
from app.notifications.service import notify
from app.organizations.service import find_employee
from app.reply_templates.events import TemplateReviewNear, TemplateReviewOverdue
from app.reply_templates.models import ReplyTemplate
from app.reply_templates.queries import select_version

SHOWN_OF_A_TITLE = 200


async def notify_of_near_review(session: AsyncSession, payload: Mapping[str, Any]) -> None:
    """A review is near: the heads of the unit should look, and who wrote the template."""
    day = date.fromisoformat(payload["next_review_on"])
    kind, said = NotificationKind.TEMPLATE_REVIEW_NEAR, f"пора проверить до {day:%d.%m.%Y} включительно"
    await _tell(session, payload, kind, said)


async def notify_of_overdue_review(session: AsyncSession, payload: Mapping[str, Any]) -> None:
    """A template was not confirmed in time: the heads should look, and who wrote it."""
    day = date.fromisoformat(payload["next_review_on"])
    kind, said = NotificationKind.TEMPLATE_REVIEW_OVERDUE, f"не проверен вовремя: срок был {day:%d.%m.%Y}"
    await _tell(session, payload, kind, said)


async def _tell(session: AsyncSession, payload: Mapping[str, Any], kind: NotificationKind, said: str) -> None:
    row = await session.get_one(ReplyTemplate, UUID(payload["template_id"]))
    version = await select_version(session, row.id, row.published_version or row.latest_version)
    title = version.title if version else row.key
    shown = title if len(title) <= SHOWN_OF_A_TITLE else title[: SHOWN_OF_A_TITLE - 1] + "…"
    who = set(await load_heads(session, row.unit_id))
    author = await find_employee(session, version.author_id) if version and version.author_id else None
    if author is not None and author.unit_id == row.unit_id:  # who left the unit keeps its templates no more
        who.add(author.id)
    key = f"{kind.value}:{row.id}:{payload['next_review_on']}"
    await notify(session, sorted(who), kind, f"Шаблон «{shown}» {said}", "reply_template", row.id, key)


HANDLERS: Mapping[type[Event], Sequence[Handler]] = {
    TemplateReviewNear: [notify_of_near_review],
    TemplateReviewOverdue: [notify_of_overdue_review],
}
