"""Steps shared by the use cases: load a template, record a change."""

from datetime import timedelta
from uuid import UUID

from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core import audit, clock
from app.core.outbox import emit
from app.core.security import Principal
from app.reply_templates.errors import TemplateNotFound
from app.reply_templates.events import TemplateChanged
from app.reply_templates.models import ReplyTemplate, TemplateVersion
from app.reply_templates.queries import load_version, owned_by, visible_to
from app.reply_templates.search.rules.tokenizer import select_search_words

SMALLEST_STEP = timedelta(microseconds=1)


async def get_template(session: AsyncSession, template_id: UUID, by: Principal) -> ReplyTemplate:
    """Return a template that the caller may see. Raises `TemplateNotFound`."""
    query = select(ReplyTemplate).where(ReplyTemplate.id == template_id, visible_to(by))
    row = (await session.exec(query)).first()
    if row is None:
        raise TemplateNotFound
    return row


async def get_own_template(
    session: AsyncSession, template_id: UUID, by: Principal, *, lock: bool = False
) -> ReplyTemplate:
    """Return a template of the caller's unit. Raises `TemplateNotFound`, also for a shared template of another unit."""
    query = select(ReplyTemplate).where(ReplyTemplate.id == template_id, owned_by(by))
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    row = (await session.exec(query)).first()
    if row is None:
        raise TemplateNotFound
    return row


async def get_version(session: AsyncSession, row: ReplyTemplate, number: int) -> TemplateVersion:
    """Return a version of a template. Raises `TemplateNotFound`."""
    version = await load_version(session, row.id, number)
    if version is None:
        raise TemplateNotFound
    return version


def build_search_text(version: TemplateVersion) -> str:
    """Return the text that the word search matches for a version."""
    return select_search_words(" ".join([version.title, *version.keywords, *version.examples, version.text]))


async def mark_changed(
    session: AsyncSession, row: ReplyTemplate, action: str, by: Principal, fields: list[str]
) -> ReplyTemplate:
    """Record a change in the audit log and emit `TemplateChanged`.

    `updated_at` always increases, even if the clocks of two processes differ.
    """
    row.updated_at = max(clock.now(), row.updated_at + SMALLEST_STEP)
    audit.record(session, by, action, "reply_template", row.id, fields=fields)
    await session.flush()  # the event carries the increased version
    emit(session, TemplateChanged(template_id=row.id, template_version=row.version))
    return row
