"""Bulk actions on messages, with a result for each message (O-10)."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.exc import SQLAlchemyError
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.database_errors import to_problem
from app.core.db import Database
from app.core.etags import ANY_VERSION
from app.core.problems import FieldError, Problem, ValidationFailed
from app.core.security import Principal
from app.messages.commands import BulkChange
from app.messages.models import Message
from app.messages.rules.enums import BulkAction
from app.messages.schemas.bulk import BulkItemRead, BulkRead
from app.messages.service import closing, triage

BATCH_SIZE = 25
"""The number of messages per transaction; other writers proceed between batches."""


async def act_on_many(database: Database, change: BulkChange, *, by: Principal) -> BulkRead:
    """Apply the action to each message in its own savepoint and return the results.

    Each batch is committed separately: after an interruption the same call can be repeated.
    """
    _validate(change)
    ids = list(dict.fromkeys(change.ids))
    items: list[BulkItemRead] = []
    for first in range(0, len(ids), BATCH_SIZE):
        items += await _process_batch(database, ids[first : first + BATCH_SIZE], change, by)
    return BulkRead(done=sum(item.code is None for item in items), items=items)


async def _process_batch(
    database: Database, ids: Sequence[UUID], change: BulkChange, by: Principal
) -> list[BulkItemRead]:
    try:
        async with database.transaction() as session:
            # One order prevents a deadlock of two batches that share messages.
            done = {message_id: await _process_message(session, message_id, change, by) for message_id in sorted(ids)}
            return [done[message_id] for message_id in ids]
    except Problem as problem:
        return [_build_refusal(message_id, problem) for message_id in ids]
    except SQLAlchemyError as error:
        return [_build_refusal(message_id, to_problem(error)) for message_id in ids]


async def _process_message(session: AsyncSession, message_id: UUID, change: BulkChange, by: Principal) -> BulkItemRead:
    try:
        async with session.begin_nested():
            row = await _apply_action(session, message_id, change, by)
        return BulkItemRead(id=message_id, status=200, code=None, title=None, state=row.state)
    except Problem as problem:
        return _build_refusal(message_id, problem)
    except SQLAlchemyError as error:
        return _build_refusal(message_id, to_problem(error))


async def _apply_action(session: AsyncSession, message_id: UUID, change: BulkChange, by: Principal) -> Message:
    match change.action:
        case BulkAction.ASSIGN:
            return await triage.assign_message(
                session, message_id, ANY_VERSION, assignee_id=change.assignee_id, unit_id=change.unit_id, by=by
            )
        case BulkAction.SPAM:
            return await closing.mark_spam(session, message_id, change.reason, ANY_VERSION, by=by)
        case BulkAction.CLOSE:
            return await closing.close_message(session, message_id, change.reason or "", None, ANY_VERSION, by=by)


def _build_refusal(message_id: UUID, problem: Problem) -> BulkItemRead:
    return BulkItemRead(id=message_id, status=problem.status, code=problem.code, title=problem.title_ru, state=None)


def _validate(change: BulkChange) -> None:
    """Raise 422 for a missing field or one that the action does not accept."""
    is_assign = change.action is BulkAction.ASSIGN
    field_errors = []
    if is_assign and change.assignee_id is None and change.unit_id is None:
        ru, en = "Укажите исполнителя или подразделение.", "Specify an assignee or a unit."
        field_errors.append(FieldError("/assignee_id", "missing", ru, en))
    if change.action is BulkAction.CLOSE and change.reason is None:
        field_errors.append(FieldError("/reason", "missing", "Укажите причину.", "Specify the reason."))
    for name in ("reason",) if is_assign else ("assignee_id", "unit_id"):
        if getattr(change, name) is not None:
            ru, en = "Для этого действия поле не заполняется.", "The action does not accept this field."
            field_errors.append(FieldError(f"/{name}", "not_taken", ru, en))
    if field_errors:
        raise ValidationFailed(field_errors=field_errors)
