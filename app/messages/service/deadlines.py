"""Deadlines of messages: creation by policy, pauses, completion, misses, extensions, explanations (O-6.2.2)."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.sql.elements import ColumnElement
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core import clock
from app.core.outbox import emit
from app.interaction_points.models import Point
from app.legal_acts.models import LegalAct
from app.messages.events import DeadlineMissed, DeadlineMoved, DeadlineNear
from app.messages.models import Deadline, DeadlinePolicy, Message
from app.messages.queries.calendar import load_calendar
from app.messages.queries.deadlines import find_outcome, to_deadline_values
from app.messages.rules import deadlines as rules
from app.messages.rules.calendar import WorkingCalendar
from app.messages.rules.deadlines import DeadlineState, Due, Pause, Roll, Stage, Term, TermUnit, is_late
from app.messages.rules.elapsed_time import compute_elapsed
from app.messages.rules.enums import Competence, PauseReason, StartEvent
from app.messages.rules.policies import Case, choose_policy
from app.messages.schemas.deadlines import ExplainedStage
from app.messages.service.transitions import mark_changed

MAX_LISTED_MOVES = 100
BATCH = 200
ALL_STAGES = frozenset(Stage)


async def load_deadlines(session: AsyncSession, message: Message) -> list[Deadline]:
    """Return the deadlines of the current cycle, in the order of creation."""
    query = select(Deadline).where(Deadline.message_id == message.id, Deadline.cycle == message.cycle)
    return list((await session.exec(query.order_by(col(Deadline.id)))).all())


async def create_first_deadlines(session: AsyncSession, message: Message) -> list[Deadline]:
    """Build the deadlines of a message that is not stored yet and set its earliest one."""
    calendar = await load_calendar(session, message.organization_id)
    chosen = await _load_policies(session, message, calendar)
    rows = [_build_deadline(message, policy, act, calendar) for policy, act in chosen]
    _set_due(message, rows)
    return rows


async def create_deadlines(session: AsyncSession, message: Message, *, is_recast: bool = False) -> None:
    """Create, restore or cancel the open deadlines of the cycle by its policies. Ended deadlines do not change.

    A message keeps the policies that apply already, although others were added or ended since, unless `is_recast`:
    its class or priority changed.
    """
    calendar = await load_calendar(session, message.organization_id)
    rows = await load_deadlines(session, message)
    kept = frozenset[UUID]() if is_recast else frozenset(row.policy_id for row in rows)
    applicable = {policy.id: (policy, act) for policy, act in await _load_policies(session, message, calendar, kept)}
    for row in rows:
        if row.ended_at is None and row.policy_id not in applicable:
            _end(row, clock.now(), DeadlineState.CANCELLED)
    ended = {(row.stage, row.is_target) for row in rows if row.state is not DeadlineState.CANCELLED}
    for row in rows:
        if (
            row.state is DeadlineState.CANCELLED
            and row.policy_id in applicable
            and (row.stage, row.is_target) not in ended
        ):
            row.ended_at, row.state = None, DeadlineState.RUNNING
            _compute_due(row, calendar)  # the calendar may have changed since
    known = {row.policy_id for row in rows}
    for policy, act in applicable.values():
        if (policy.stage, policy.is_target) not in ended and policy.id not in known:
            rows.append(_build_deadline(message, policy, act, calendar))
            session.add(rows[-1])
    _set_due(message, rows)


async def mark_done(session: AsyncSession, message: Message, stages: Collection[Stage], at: datetime) -> None:
    """End the open deadlines of the stages as met or missed at this moment."""
    rows = await load_deadlines(session, message)
    calendar = await load_calendar(session, message.organization_id)
    for row in rows:
        if row.ended_at is None and row.stage in stages:
            _complete(row, at, calendar)
    _set_due(message, rows)


async def cancel(session: AsyncSession, message: Message, stages: Collection[Stage] = ALL_STAGES) -> None:
    """Cancel the open deadlines of the stages. A missed one stays missed."""
    rows = await load_deadlines(session, message)
    for row in rows:
        if row.ended_at is None and row.stage in stages:
            _end(row, clock.now(), row.state if row.state is DeadlineState.MISSED else DeadlineState.CANCELLED)
    _set_due(message, rows)


async def pause(session: AsyncSession, message: Message, reason: PauseReason, at: datetime) -> None:
    """Pause the running deadlines whose policy allows this reason."""
    rows = await load_deadlines(session, message)
    for row in rows:
        if row.state is DeadlineState.RUNNING and reason in row.term["pauses"]:
            row.state = DeadlineState.PAUSED
            row.pauses = [*row.pauses, {"since": at.isoformat(), "until": None}]
    _set_due(message, rows)


async def resume(session: AsyncSession, message: Message, at: datetime) -> None:
    """Resume the paused deadlines and add the pause to their terms."""
    calendar = await load_calendar(session, message.organization_id)
    rows = await load_deadlines(session, message)
    for row in rows:
        if row.state is DeadlineState.PAUSED:
            row.state = DeadlineState.RUNNING
            row.pauses = [*row.pauses[:-1], row.pauses[-1] | {"until": at.isoformat()}]
            _compute_due(row, calendar)
    _set_due(message, rows)


async def start_cycle(session: AsyncSession, message: Message, received_at: datetime, registered_at: datetime) -> None:
    """Cancel the open deadlines and start a new cycle from these moments."""
    await cancel(session, message)
    message.cycle += 1
    message.clock_received_at, message.clock_registered_at = received_at, registered_at
    await create_deadlines(session, message)


async def recalculate(
    session: AsyncSession,
    organization_id: UUID,
    periods: Sequence[tuple[datetime, datetime]],
) -> list[dict[str, Any]]:
    """Recalculate the open deadlines of an organization in the periods, or all of them; return those that moved."""
    calendar = await load_calendar(session, organization_id)
    query = select(Deadline, Message).join(Message, col(Message.id) == col(Deadline.message_id))
    query = query.where(Message.organization_id == organization_id, col(Deadline.ended_at).is_(None))
    if periods:
        spans = [sa.and_(col(Deadline.due_at) >= since, col(Deadline.started_at) <= until) for since, until in periods]
        query = query.where(sa.or_(*spans))
    # Messages are locked before their deadlines are read, so that concurrent changes of a message are not overwritten.
    affected = col(Message.id).in_(query.with_only_columns(col(Message.id)))
    await session.exec(select(Message.id).where(affected).order_by(col(Message.id)).with_for_update(key_share=True))
    moved: list[dict[str, Any]] = []
    messages: dict[UUID, Message] = {}
    for row, message in (await session.exec(query.order_by(col(Deadline.id)))).all():
        before = row.due_at
        _compute_due(row, calendar)
        if row.due_at != before:
            messages[message.id] = message
            times = {"from": before.isoformat(), "to": row.due_at.isoformat()}
            moved.append({"message_id": str(message.id), "number": message.number, "stage": row.stage.value, **times})
    for message in messages.values():
        _set_due(message, await load_deadlines(session, message))
        mark_changed(message)
        emit(session, DeadlineMoved(message_id=message.id, message_version=message.version))
    return moved


async def remind_and_escalate(session: AsyncSession) -> int:
    """Emit each reminder and each miss of a deadline once; return how many were emitted.

    The mark of the row and the event are written in one transaction, so that a crash loses neither, and of two workers
    only one marks the row.
    """
    moment = clock.now()
    near = await _mark(session, moment, *_is_near(moment))
    for row in near:
        emit(session, DeadlineNear.model_validate(row._mapping))
    late = moment - rules.WHOLE_SECOND
    await _cancel_delay_notices(session, moment, late)
    missed = await _mark(session, moment, col(Deadline.due_at) <= late, is_miss=True)
    for row in missed:
        emit(session, DeadlineMissed.model_validate(row._mapping))
    if missed:  # a message includes its deadlines, so its version changes
        changed = col(Message.id).in_({row.message_id for row in missed})
        values = {"version": Message.version + 1, "updated_at": moment}
        await session.exec(sa.update(Message).where(changed).values(values))
    return len(near) + len(missed)


async def has_due_reminders(session: AsyncSession) -> bool:
    """Return whether `remind_and_escalate` has something to emit."""
    moment = clock.now()
    waiting = sa.or_(sa.and_(*_is_near(moment)), col(Deadline.due_at) <= moment - rules.WHOLE_SECOND)
    query = select(Deadline.id).where(col(Deadline.state) == DeadlineState.RUNNING, waiting).limit(1)
    return (await session.exec(query)).first() is not None


async def extend(session: AsyncSession, message: Message, days: int) -> list[Deadline]:
    """Extend the limits of the final reply by a number of days and return them."""
    calendar = await load_calendar(session, message.organization_id)
    rows = await load_deadlines(session, message)
    extended = [row for row in rows if can_extend(row)]
    for row in extended:
        row.extended_days = days
        _compute_due(row, calendar)
    _set_due(message, rows)
    return extended


def can_extend(row: Deadline) -> bool:
    """Return whether the row is a running, extendable and not yet extended limit of the final reply."""
    return (
        row.stage is Stage.FINAL_REPLY
        and row.state is DeadlineState.RUNNING
        and not row.is_target
        and row.term["extension_days"] is not None
        and row.extended_days == 0
        and not is_late(row.due_at, clock.now())
    )


def is_past_due(row: Deadline) -> bool:
    """Return whether the time for a delay notice has passed, even if the worker has not processed it yet."""
    is_late_now = row.state is DeadlineState.RUNNING and is_late(row.due_at, clock.now())
    return row.state is DeadlineState.CANCELLED or is_late_now


async def explain_deadlines(session: AsyncSession, message: Message) -> list[ExplainedStage]:
    """Return the deadlines of a message with the steps of their calculation, earliest first."""
    calendar = await load_calendar(session, message.organization_id)
    return [
        ExplainedStage.model_validate(to_deadline_values(row) | {"steps": _explain(row, calendar).steps})
        for row in sorted(await load_deadlines(session, message), key=lambda row: (row.due_at, row.id))
        if row.state is not DeadlineState.CANCELLED
    ]


def _explain(row: Deadline, calendar: WorkingCalendar) -> Due:
    due = rules.compute_due(_build_term(row), row.started_at, calendar, _parse_pauses(row))
    add = due.steps.append
    if row.extended_days:
        add(rules.Step(due.due_at, f"Срок продлён на {row.extended_days} дн."))
    if row.state is DeadlineState.PAUSED:
        add(
            rules.Step(
                datetime.fromisoformat(row.pauses[-1]["since"]), "Течение срока приостановлено до ответа клиента."
            )
        )
    if row.ended_at is not None:
        add(rules.Step(row.ended_at, f"{find_outcome(row)}."))
    return due


async def _load_policies(
    session: AsyncSession, message: Message, calendar: WorkingCalendar, kept: Collection[UUID] = ()
) -> list[tuple[DeadlinePolicy, LegalAct | None]]:
    """Return the policies that apply to the message, with their legal acts."""
    point = await session.get_one(Point, message.point_id)
    case = Case(
        message.point_id, message.organization_id, point.channel, message.priority, message.kind, message.message_class
    )
    query = select(DeadlinePolicy, LegalAct).outerjoin(LegalAct, col(LegalAct.id) == col(DeadlinePolicy.legal_act_id))
    acts = {policy.id: (policy, act) for policy, act in (await session.exec(query)).all()}
    day = clock.local_date(message.clock_received_at, calendar.zone)
    chosen = choose_policy([policy for policy, _ in acts.values()], case, day, kept)
    return [acts[policy.id] for policy in chosen if _is_needed(policy.stage, message)]


def _build_deadline(
    message: Message, policy: DeadlinePolicy, act: LegalAct | None, calendar: WorkingCalendar
) -> Deadline:
    is_receipt = policy.start_event is StartEvent.RECEIPT
    started_at = message.clock_received_at if is_receipt else message.clock_registered_at
    row = Deadline(
        message_id=message.id,
        cycle=message.cycle,
        stage=policy.stage,
        is_target=policy.is_target,
        policy_id=policy.id,
        term={
            "name": policy.name,
            "unit": policy.unit,
            "amount": policy.amount,
            "roll": policy.roll,
            "pauses": policy.pauses,
            "remind_hours_before": policy.remind_hours_before,
            "extension_days": policy.extension_days,
            "legal_act": act.short_title if act else None,
            "clause": policy.clause,
        },
        started_at=started_at,
        counted_on=clock.local_date(started_at, calendar.zone),
        due_at=message.clock_registered_at,
        is_provisional=False,
        state=DeadlineState.RUNNING,
        pauses=[],
    )
    _compute_due(row, calendar)
    if row.stage is Stage.REGISTRATION:
        _complete(row, message.clock_registered_at, calendar)
    return row


def _is_needed(stage: Stage, message: Message) -> bool:
    """Return whether the stage applies: no redirect within the competence, no second registration."""
    match stage:
        case Stage.REDIRECT:
            return message.competence is not Competence.WITHIN
        case Stage.REGISTRATION:
            return message.clock_registered_at in (message.registered_at, message.appeal_registered_at)
    return True


def _compute_due(row: Deadline, calendar: WorkingCalendar) -> None:
    """Set the due time and the reminder; a missed deadline that is no longer late runs again."""
    due = rules.compute_due(_build_term(row), row.started_at, calendar, _parse_pauses(row))
    row.due_at, row.is_provisional = due.due_at, due.provisional
    before, previous = row.term["remind_hours_before"], row.remind_at
    remind_at = due.due_at - timedelta(hours=before) if before is not None else None
    row.remind_at = remind_at if remind_at is not None and remind_at > row.started_at else None
    if row.remind_at is not None and row.remind_at != previous and row.remind_at > clock.now():
        row.reminded_at = None  # the earlier reminder was for another time
    if row.state is DeadlineState.MISSED and row.ended_at is None and not is_late(row.due_at, clock.now()):
        row.state, row.escalated_at = DeadlineState.RUNNING, None


def _complete(row: Deadline, at: datetime, calendar: WorkingCalendar) -> None:
    """End a deadline as met or missed and store the time taken by the current calendar."""
    _end(row, at, DeadlineState.MISSED if is_late(row.due_at, at) else DeadlineState.MET)
    elapsed = compute_elapsed(TermUnit(row.term["unit"]), row.started_at, at, calendar, _parse_pauses(row))
    row.taken_seconds = int(elapsed.total_seconds())


def _end(row: Deadline, at: datetime, state: DeadlineState) -> None:
    if row.pauses and row.pauses[-1]["until"] is None:
        row.pauses = [*row.pauses[:-1], row.pauses[-1] | {"until": at.isoformat()}]
    row.ended_at, row.state = at, state


def _set_due(message: Message, rows: Iterable[Deadline]) -> None:
    """Store the earliest running deadline in the message, so that lists can use an index."""
    waiting = [
        row.due_at
        for row in rows
        if row.ended_at is None and row.state is not DeadlineState.PAUSED and row.stage is not Stage.DELAY_NOTICE
    ]
    message.due_at = min(waiting, default=None)


def _build_term(row: Deadline) -> Term:
    term = row.term
    return Term(TermUnit(term["unit"]), term["amount"] + row.extended_days, Roll(term["roll"]))


def _parse_pauses(row: Deadline) -> list[Pause]:
    return [
        Pause(datetime.fromisoformat(pause["since"]), datetime.fromisoformat(pause["until"]))
        for pause in row.pauses
        if pause["until"] is not None
    ]


async def _cancel_delay_notices(session: AsyncSession, moment: datetime, late: datetime) -> None:
    """Cancel the delay notices that are past due: they are optional and are not missed."""
    await session.exec(
        sa.update(Deadline)
        .where(
            col(Deadline.stage) == Stage.DELAY_NOTICE,
            col(Deadline.state) == DeadlineState.RUNNING,
            col(Deadline.due_at) <= late,
        )
        .values(state=DeadlineState.CANCELLED, ended_at=moment)
        .execution_options(synchronize_session=False)
    )


def _is_near(moment: datetime) -> tuple[ColumnElement[bool], ...]:
    """Return the conditions of a pending reminder; a deadline that has passed needs none."""
    late = moment - rules.WHOLE_SECOND
    return (
        col(Deadline.remind_at) <= moment,
        col(Deadline.reminded_at).is_(None),
        col(Deadline.due_at) > late,
    )


async def _mark(session: AsyncSession, moment: datetime, *due: Any, is_miss: bool = False) -> list[Any]:
    row = Deadline
    # The message is locked together with the deadline, or both are skipped until the next run. Otherwise a request that
    # holds the message and needs the deadline would cause a deadlock.
    pending = sa.select(col(row.id)).join(Message, col(Message.id) == col(row.message_id))
    pending = pending.where(col(row.state) == DeadlineState.RUNNING, *due).limit(BATCH)
    values: dict[str, Any] = {"reminded_at": moment}
    if is_miss:
        values = {"state": DeadlineState.MISSED, "escalated_at": moment}
    marked = await session.exec(
        sa.update(row)
        .where(col(row.id).in_(pending.with_for_update(skip_locked=True)))
        .values(values)
        .returning(col(row.message_id), col(row.stage), col(row.is_target), col(row.cycle), col(row.due_at))
        .execution_options(synchronize_session=False)
    )
    return list(marked.all())
