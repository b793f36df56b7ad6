"""What every change of a template does: find it, ask the rules, tell who follows it."""

from datetime import timedelta
from uuid import UUID

from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core import audit, clock
from app.core.outbox import emit
from app.core.problems import TransitionNotAllowed
from app.core.security import Principal
from app.reply_templates.errors import TemplateNotFound
from app.reply_templates.events import TemplateChanged
from app.reply_templates.models import ReplyTemplate, TemplateVersion
from app.reply_templates.queries import owned_by, select_version, visible_to
from app.reply_templates.rules.states import TEMPLATE_TRANSITIONS, TemplateMove, TemplateState
from app.reply_templates.search.rules.tokenizer import select_search_words

NEXT_MOMENT = timedelta(microseconds=1)


async def get_template(session: AsyncSession, template_id: UUID, by: Principal) -> ReplyTemplate:
    """The template if the caller may see it, or `TemplateNotFound`."""
    query = select(ReplyTemplate).where(ReplyTemplate.id == template_id, visible_to(by))
    row = (await session.exec(query)).first()
    if row is None:
        raise TemplateNotFound
    return row


async def get_own_template(
    session: AsyncSession, template_id: UUID, by: Principal, *, lock: bool = False
) -> ReplyTemplate:
    """The template if it is the caller's unit's, or `TemplateNotFound`: what others share is read and used only."""
    query = select(ReplyTemplate).where(ReplyTemplate.id == template_id, owned_by(by))
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    row = (await session.exec(query)).first()
    if row is None:
        raise TemplateNotFound
    return row


async def get_version(session: AsyncSession, row: ReplyTemplate, number: int) -> TemplateVersion:
    """A version of the template, or `TemplateNotFound`."""
    version = await select_version(session, row.id, number)
    if version is None:
        raise TemplateNotFound
    return version


def apply_transition(row: ReplyTemplate, move: TemplateMove) -> TemplateState:
    """The state that the move leads to, or `TransitionNotAllowed`."""
    state = TEMPLATE_TRANSITIONS[row.state].get(move)
    if state is None:
        raise TransitionNotAllowed(row.state.value, move.value)
    return state


def build_search_text(version: TemplateVersion) -> str:
    """What a search by words looks at."""
    return select_search_words(" ".join([version.title, *version.keywords, *version.examples, version.text]))


async def mark_changed(
    session: AsyncSession, row: ReplyTemplate, action: str, by: Principal, fields: list[str]
) -> ReplyTemplate:
    """Tell of a change. `updated_at` only ever grows, whatever the clocks of two processes say."""
    row.updated_at = max(clock.now(), row.updated_at + NEXT_MOMENT)
    audit.record(session, by, action, "reply_template", row.id, fields=fields)
    await session.flush()  # the version is counted at the flush
    emit(session, TemplateChanged(template_id=row.id, template_version=row.version))
    return row
