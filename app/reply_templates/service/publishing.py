"""Submit, publish, return and archive templates; an author cannot publish their own text (O-6.2.6)."""

from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from app.core import clock
from app.core.etags import IfMatch
from app.core.outbox import emit
from app.core.security import Principal
from app.reply_templates.errors import FourEyes
from app.reply_templates.events import TemplateArchived, TemplatePublished
from app.reply_templates.models import ReplyTemplate
from app.reply_templates.queries import load_versions
from app.reply_templates.rules.states import TEMPLATE_TRANSITIONS, TemplateMove
from app.reply_templates.service import review
from app.reply_templates.service.access import build_search_text, get_own_template, get_version, mark_changed


async def submit_template(session: AsyncSession, template_id: UUID, match: IfMatch, *, by: Principal) -> ReplyTemplate:
    """Submit the newest version for review."""
    row = await get_own_template(session, template_id, by)
    match.require(row)
    row.state = TEMPLATE_TRANSITIONS.require(row.state, TemplateMove.SUBMIT)
    return await mark_changed(session, row, "template.submitted", by, ["state"])


async def publish_template(session: AsyncSession, template_id: UUID, match: IfMatch, *, by: Principal) -> ReplyTemplate:
    """Publish the newest version. Raises `FourEyes` for an author of any version since the last published one."""
    row = await get_own_template(session, template_id, by)
    match.require(row)
    state = TEMPLATE_TRANSITIONS.require(row.state, TemplateMove.PUBLISH)
    versions = [v for v in await load_versions(session, row.id) if v.number > (row.published_version or 0)]
    if by.id in {version.author_id for version in versions}:
        raise FourEyes
    newest = versions[0]
    row.state, row.published_version, row.published_search_text = state, newest.number, build_search_text(newest)
    newest.approved_by, newest.published_at = by.id, clock.now()
    row.reviewed_at, row.reviewed_by = newest.published_at, by.id
    await review.compute_next_review(session, row)
    emit(session, TemplatePublished(template_id=row.id, version=newest.number))
    return await mark_changed(session, row, "template.published", by, ["state", "published_version"])


async def return_template(
    session: AsyncSession, template_id: UUID, reason: str, match: IfMatch, *, by: Principal
) -> ReplyTemplate:
    """Return the newest version to its author and record the reason."""
    row = await get_own_template(session, template_id, by)
    match.require(row)
    row.state = TEMPLATE_TRANSITIONS.require(row.state, TemplateMove.RETURN)
    (await get_version(session, row, row.latest_version)).returned_reason = reason
    return await mark_changed(session, row, "template.returned", by, ["state", "returned_reason"])


async def archive_template(session: AsyncSession, template_id: UUID, match: IfMatch, *, by: Principal) -> ReplyTemplate:
    """Archive a template. Sent replies keep their version."""
    row = await get_own_template(session, template_id, by)
    match.require(row)
    row.state = TEMPLATE_TRANSITIONS.require(row.state, TemplateMove.ARCHIVE)
    await review.compute_next_review(session, row)
    emit(session, TemplateArchived(template_id=row.id))
    return await mark_changed(session, row, "template.archived", by, ["state"])
