"""The events of a message in words."""

from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.security import Principal
from app.messages.queries.deadlines import find_outcome, load_completed_deadlines
from app.messages.rules.enums import RevisionKind
from app.messages.rules.states import STEPS_RU
from app.messages.schemas.messages import MessageRead, TimelineEntryRead


async def build_timeline(session: AsyncSession, read: MessageRead, by: Principal) -> list[TimelineEntryRead]:
    """Return the events of a message, earliest first: thread, steps, deadlines, revisions.

    An API client sees messages and sent replies only.
    """
    found = [TimelineEntryRead(at=entry.at, kind=entry.kind, what=entry.text, by=None) for entry in read.thread]
    for step in read.history:
        text = STEPS_RU[step.what] + (f": {step.note}" if step.note else "")
        found.append(TimelineEntryRead(at=step.at, kind="step", what=text, by=step.by))
    for revision in read.revisions:
        action = "Удалено" if revision.kind is RevisionKind.DELETED else "Изменено"
        text = f"{action} клиентом. Прежний текст: {revision.text}"
        found.append(TimelineEntryRead(at=revision.changed_at, kind="revision", what=text, by=None))
    if by.kind == "employee":
        for row in await load_completed_deadlines(session, read.id):
            if row.ended_at is not None:
                text = f"{row.term['name']}: {find_outcome(row).lower()}"
                found.append(TimelineEntryRead(at=row.ended_at, kind="deadline", what=text, by=None))
    return sorted(found, key=lambda entry: entry.at)
