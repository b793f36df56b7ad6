"""Event handlers that notify employees of template reviews; the worker calls them (O-6.2.6, O-10)."""

from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.outbox import Handlers
from app.identity.queries import load_heads
from app.notifications.rules import NotificationKind
from app.notifications.service import notify
from app.organizations.service import find_employee
from app.reply_templates.events import TemplateReviewNear, TemplateReviewOverdue
from app.reply_templates.models import ReplyTemplate
from app.reply_templates.queries import load_version

MAX_TITLE_LENGTH = 200


async def notify_of_near_review(session: AsyncSession, event: TemplateReviewNear) -> None:
    """Notify the heads of the unit and the author of the template that its review is due soon."""
    day = event.next_review_on
    kind, text = NotificationKind.TEMPLATE_REVIEW_NEAR, f"нужно проверить до {day:%d.%m.%Y} включительно"
    await _notify(session, event, kind, text)


async def notify_of_overdue_review(session: AsyncSession, event: TemplateReviewOverdue) -> None:
    """Notify the heads of the unit and the author of the template that its review is overdue."""
    day = event.next_review_on
    kind, text = NotificationKind.TEMPLATE_REVIEW_OVERDUE, f"не проверен в срок (до {day:%d.%m.%Y})"
    await _notify(session, event, kind, text)


async def _notify(
    session: AsyncSession, event: TemplateReviewNear | TemplateReviewOverdue, kind: NotificationKind, text: str
) -> None:
    row = await session.get_one(ReplyTemplate, event.template_id)
    version = await load_version(session, row.id, row.published_version or row.latest_version)
    title = version.title if version else row.key
    short_title = title if len(title) <= MAX_TITLE_LENGTH else title[: MAX_TITLE_LENGTH - 1] + "…"
    recipients = set(await load_heads(session, row.unit_id))
    author = await find_employee(session, version.author_id) if version and version.author_id else None
    if author is not None and author.unit_id == row.unit_id:  # an author who left the unit is not notified
        recipients.add(author.id)
    key = f"{kind.value}:{row.id}:{event.next_review_on}"
    await notify(session, sorted(recipients), kind, f"Шаблон «{short_title}» {text}", "reply_template", row.id, key)


HANDLERS: Handlers = {
    TemplateReviewNear: [notify_of_near_review],
    TemplateReviewOverdue: [notify_of_overdue_review],
}
