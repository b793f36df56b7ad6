"""One action on many messages: each is done or refused by itself (O-10)."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.exc import SQLAlchemyError
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.database_errors import to_problem
from app.core.db import Database
from app.core.etags import ANY_VERSION
from app.core.problems import FieldError, Problem, ValidationFailed
from app.core.security import Principal
from app.messages.models import Message
from app.messages.schemas.messages import BulkAction, BulkItemRead, BulkRead, MessageAssign, MessageBulk
from app.messages.service import closing, triage

LOT = 25
"""So many are done in one transaction: whoever else writes passes in between."""


async def act_on_many(database: Database, body: MessageBulk, *, by: Principal) -> BulkRead:
    """Do the action on every message named, each in a savepoint of its own; what became of each.

    A lot at a time is committed: killed in the middle, the lots before are done, and the same call goes on.
    """
    _require_sound(body)
    ids = list(dict.fromkeys(body.ids))
    items: list[BulkItemRead] = []
    for first in range(0, len(ids), LOT):
        items += await _lot(database, ids[first : first + LOT], body, by)
    return BulkRead(done=sum(item.code is None for item in items), items=items)


async def _lot(database: Database, ids: Sequence[UUID], body: MessageBulk, by: Principal) -> list[BulkItemRead]:
    try:
        async with database.transaction() as session:
            # In one order, whatever was asked: of two lots that share messages neither waits for one that waits for it.
            done = {message_id: await _one(session, message_id, body, by) for message_id in sorted(ids)}
            return [done[message_id] for message_id in ids]
    except Problem as problem:
        return [_refused(message_id, problem) for message_id in ids]
    except SQLAlchemyError as error:
        return [_refused(message_id, to_problem(error)) for message_id in ids]


async def _one(session: AsyncSession, message_id: UUID, body: MessageBulk, by: Principal) -> BulkItemRead:
    try:
        async with session.begin_nested():
            row = await _act(session, message_id, body, by)
        return BulkItemRead(id=message_id, status=200, code=None, title=None, state=row.state)
    except Problem as problem:
        return _refused(message_id, problem)
    except SQLAlchemyError as error:
        return _refused(message_id, to_problem(error))


async def _act(session: AsyncSession, message_id: UUID, body: MessageBulk, by: Principal) -> Message:
    match body.action:
        case BulkAction.ASSIGN:
            wanted = MessageAssign(assignee_id=body.assignee_id, unit_id=body.unit_id)
            return await triage.assign_message(session, message_id, wanted, ANY_VERSION, by=by)
        case BulkAction.SPAM:
            return await closing.mark_spam(session, message_id, body.reason, ANY_VERSION, by=by)
        case BulkAction.CLOSE:
            return await closing.close_message(session, message_id, body.reason or "", None, ANY_VERSION, by=by)


def _refused(message_id: UUID, problem: Problem) -> BulkItemRead:
    return BulkItemRead(id=message_id, status=problem.status, code=problem.code, title=problem.title_ru, state=None)


def _require_sound(body: MessageBulk) -> None:
    """What the action needs is there, and nothing that it does not take."""
    is_assign = body.action is BulkAction.ASSIGN
    faults = []
    if is_assign and body.assignee_id is None and body.unit_id is None:
        ru, en = "Укажите исполнителя или подразделение.", "Name an assignee or a unit."
        faults.append(FieldError("/assignee_id", "missing", ru, en))
    if body.action is BulkAction.CLOSE and body.reason is None:
        faults.append(FieldError("/reason", "missing", "Укажите причину.", "Give the reason."))
    for name in ("reason",) if is_assign else ("assignee_id", "unit_id"):
        if getattr(body, name) is not None:
            ru, en = "Это поле не для этого действия.", "The action takes no such field."
            faults.append(FieldError(f"/{name}", "not_taken", ru, en))
    if faults:
        raise ValidationFailed(field_errors=faults)
