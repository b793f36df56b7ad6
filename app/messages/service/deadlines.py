"""The deadlines of a message: begun by the policies of its day, paused, met, missed, extended, explained (O-6.2.2)."""

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
from app.messages.models import Competence, Deadline, DeadlinePolicy, Message, PauseReason, StartEvent
from app.messages.queries import find_outcome, load_calendar, read_deadline
from app.messages.rules import deadlines as rules
from app.messages.rules.calendar import WorkingCalendar
from app.messages.rules.deadlines import DeadlineState, Due, Pause, Roll, Stage, Term, TermUnit, is_late
from app.messages.rules.elapsed_time import compute_elapsed
from app.messages.rules.policies import Case, choose_policy
from app.messages.schemas.deadlines import ExplainedStage
from app.messages.service.transitions import mark_changed

SHOWN_MOVES = 100
BATCH = 200
ALL_STAGES = frozenset(Stage)


async def load_deadlines(session: AsyncSession, message: Message) -> list[Deadline]:
    """The deadlines of the message's present cycle, in the order of their beginning."""
    query = select(Deadline).where(Deadline.message_id == message.id, Deadline.cycle == message.cycle)
    return list((await session.exec(query.order_by(col(Deadline.id)))).all())


async def create_first_deadlines(session: AsyncSession, message: Message) -> list[Deadline]:
    """The deadlines of a message that is not stored yet; it learns its earliest one."""
    calendar = await load_calendar(session, message.organization_id)
    chosen = await _policies_of(session, message, calendar)
    rows = [_begin(message, policy, act, calendar) for policy, act in chosen]
    _set_due(message, rows)
    return rows


async def create_deadlines(session: AsyncSession, message: Message, *, is_recast: bool = False) -> None:
    """Make the open deadlines of the cycle those that the policies of its day name; what is over stays as it was.

    A case keeps the policies that judge it already, whatever was added or ended since, unless it was recast: became
    a case of another class or priority.
    """
    calendar = await load_calendar(session, message.organization_id)
    rows = await load_deadlines(session, message)
    kept = frozenset[UUID]() if is_recast else frozenset(row.policy_id for row in rows)
    wanted = {policy.id: (policy, act) for policy, act in await _policies_of(session, message, calendar, kept)}
    for row in rows:
        if row.ended_at is None and row.policy_id not in wanted:
            _end(row, clock.now(), DeadlineState.CANCELLED)
    over = {(row.stage, row.is_target) for row in rows if row.state is not DeadlineState.CANCELLED}
    for row in rows:
        if row.state is DeadlineState.CANCELLED and row.policy_id in wanted and (row.stage, row.is_target) not in over:
            row.ended_at, row.state = None, DeadlineState.RUNNING
            _compute_due(row, calendar)  # the calendar may have changed while nothing was to be done
    known = {row.policy_id for row in rows}
    for policy, act in wanted.values():
        if (policy.stage, policy.is_target) not in over and policy.id not in known:
            rows.append(_begin(message, policy, act, calendar))
            session.add(rows[-1])
    _set_due(message, rows)


async def mark_done(session: AsyncSession, message: Message, stages: Collection[Stage], at: datetime) -> None:
    """What these stages ask was done then: in time, or too late."""
    rows = await load_deadlines(session, message)
    calendar = await load_calendar(session, message.organization_id)
    for row in rows:
        if row.ended_at is None and row.stage in stages:
            _fulfil(row, at, calendar)
    _set_due(message, rows)


async def cancel(session: AsyncSession, message: Message, stages: Collection[Stage] = ALL_STAGES) -> None:
    """Nothing is to be done by these deadlines any more. One that was missed stays missed."""
    rows = await load_deadlines(session, message)
    for row in rows:
        if row.ended_at is None and row.stage in stages:
            _end(row, clock.now(), row.state if row.state is DeadlineState.MISSED else DeadlineState.CANCELLED)
    _set_due(message, rows)


async def pause(session: AsyncSession, message: Message, reason: PauseReason, at: datetime) -> None:
    """Stop the clocks that this reason stops."""
    rows = await load_deadlines(session, message)
    for row in rows:
        if row.state is DeadlineState.RUNNING and reason in row.term["pauses"]:
            row.state = DeadlineState.PAUSED
            row.pauses = [*row.pauses, {"since": at.isoformat(), "until": None}]
    _set_due(message, rows)


async def resume(session: AsyncSession, message: Message, at: datetime) -> None:
    """Let paused clocks run on: the pause is added to their budget."""
    calendar = await load_calendar(session, message.organization_id)
    rows = await load_deadlines(session, message)
    for row in rows:
        if row.state is DeadlineState.PAUSED:
            row.state = DeadlineState.RUNNING
            row.pauses = [*row.pauses[:-1], row.pauses[-1] | {"until": at.isoformat()}]
            _compute_due(row, calendar)
    _set_due(message, rows)


async def start_cycle(session: AsyncSession, message: Message, received_at: datetime, registered_at: datetime) -> None:
    """Begin anew: what ran is over, and other deadlines run from these moments."""
    await cancel(session, message)
    message.cycle += 1
    message.clock_received_at, message.clock_registered_at = received_at, registered_at
    await create_deadlines(session, message)


async def recalculate(
    session: AsyncSession,
    organization_id: UUID,
    touched: Sequence[tuple[datetime, datetime]],
) -> list[dict[str, Any]]:
    """Reckon the organization's open deadlines anew, those in the stretches of time or all; which moved, and where."""
    calendar = await load_calendar(session, organization_id)
    query = select(Deadline, Message).join(Message, col(Message.id) == col(Deadline.message_id))
    query = query.where(Message.organization_id == organization_id, col(Deadline.ended_at).is_(None))
    if touched:
        spans = [sa.and_(col(Deadline.due_at) >= since, col(Deadline.started_at) <= until) for since, until in touched]
        query = query.where(sa.or_(*spans))
    # The messages are held before their deadlines are looked at: whoever works on one is waited for, and not overrun.
    theirs = col(Message.id).in_(query.with_only_columns(col(Message.id)))
    await session.exec(select(Message.id).where(theirs).order_by(col(Message.id)).with_for_update(key_share=True))
    moved: list[dict[str, Any]] = []
    messages: dict[UUID, Message] = {}
    for row, message in (await session.exec(query.order_by(col(Deadline.id)))).all():
        before = row.due_at
        _compute_due(row, calendar)
        if row.due_at != before:
            messages[message.id] = message
            told = {"from": before.isoformat(), "to": row.due_at.isoformat()}
            moved.append({"message_id": str(message.id), "number": message.number, "stage": row.stage.value, **told})
    for message in messages.values():
        _set_due(message, await load_deadlines(session, message))
        mark_changed(message)
        emit(session, DeadlineMoved(message_id=message.id, message_version=message.version))
    return moved


async def remind_and_escalate(session: AsyncSession) -> int:
    """Say once of each deadline that it is near, and once that it was missed; how many were said.

    The row's own mark and the event stand in one transaction: killed between them there is neither, and of two
    workers one marks the row.
    """
    moment = clock.now()
    near = await _mark(session, moment, *_is_near(moment))
    for row in near:
        emit(session, DeadlineNear.model_validate(row._mapping))
    late = moment - rules.WHOLE_SECOND
    await _drop_delay_notices(session, moment, late)
    missed = await _mark(session, moment, col(Deadline.due_at) <= late, is_miss=True)
    for row in missed:
        emit(session, DeadlineMissed.model_validate(row._mapping))
    if missed:  # the message shows its deadlines: its version grows with them
        changed = col(Message.id).in_({row.message_id for row in missed})
        values = {"version": Message.version + 1, "updated_at": moment}
        await session.exec(sa.update(Message).where(changed).values(values))
    return len(near) + len(missed)


async def has_due_reminders(session: AsyncSession) -> bool:
    """Whether `remind_and_escalate` has something to say."""
    moment = clock.now()
    waiting = sa.or_(sa.and_(*_is_near(moment)), col(Deadline.due_at) <= moment - rules.WHOLE_SECOND)
    query = select(Deadline.id).where(col(Deadline.state) == DeadlineState.RUNNING, waiting).limit(1)
    return (await session.exec(query)).first() is not None


async def extend(session: AsyncSession, message: Message, days: int) -> list[Deadline]:
    """Extend the final reply's limit by that many days; the deadlines that were extended."""
    calendar = await load_calendar(session, message.organization_id)
    rows = await load_deadlines(session, message)
    extended = [row for row in rows if can_extend(row)]
    for row in extended:
        row.extended_days = days
        _compute_due(row, calendar)
    _set_due(message, rows)
    return extended


def can_extend(row: Deadline) -> bool:
    """Whether the deadline is the running limit of the final reply that its policy lets extend, not yet extended."""
    return (
        row.stage is Stage.FINAL_REPLY
        and row.state is DeadlineState.RUNNING
        and not row.is_target
        and row.term["extension_days"] is not None
        and row.extended_days == 0
        and not is_late(row.due_at, clock.now())
    )


def is_past_due(row: Deadline) -> bool:
    """Whether the time for a notice has passed with none given, whether the worker has looked since or not."""
    is_late_now = row.state is DeadlineState.RUNNING and is_late(row.due_at, clock.now())
    return row.state is DeadlineState.CANCELLED or is_late_now


async def explain_deadlines(session: AsyncSession, message: Message) -> list[ExplainedStage]:
    """The message's deadlines, each with the steps of its reckoning."""
    calendar = await load_calendar(session, message.organization_id)
    return [
        ExplainedStage.model_validate(read_deadline(row) | {"steps": _explain(row, calendar).steps})
        for row in sorted(await load_deadlines(session, message), key=lambda row: (row.due_at, row.id))
        if row.state is not DeadlineState.CANCELLED
    ]


def _explain(row: Deadline, calendar: WorkingCalendar) -> Due:
    due = rules.compute_due(_term(row), row.started_at, calendar, _pauses(row))
    say = due.steps.append
    if row.extended_days:
        say(rules.Step(due.due_at, f"Срок продлён на дней: {row.extended_days}."))
    if row.state is DeadlineState.PAUSED:
        say(rules.Step(datetime.fromisoformat(row.pauses[-1]["since"]), "Течение срока приостановлено: ждём клиента."))
    if row.ended_at is not None:
        say(rules.Step(row.ended_at, f"{find_outcome(row)}."))
    return due


async def _policies_of(
    session: AsyncSession, message: Message, calendar: WorkingCalendar, kept: Collection[UUID] = ()
) -> list[tuple[DeadlinePolicy, LegalAct | None]]:
    """The policies that judge the message, with their acts."""
    point = await session.get_one(Point, message.point_id)
    case = Case(
        message.point_id, message.organization_id, point.channel, message.priority, message.kind, message.message_class
    )
    query = select(DeadlinePolicy, LegalAct).outerjoin(LegalAct, col(LegalAct.id) == col(DeadlinePolicy.legal_act_id))
    acts = {policy.id: (policy, act) for policy, act in (await session.exec(query)).all()}
    day = clock.local_date(message.clock_received_at, calendar.zone)
    chosen = choose_policy([policy for policy, _ in acts.values()], case, day, kept)
    return [acts[policy.id] for policy in chosen if _is_needed(policy.stage, message)]


def _begin(message: Message, policy: DeadlinePolicy, act: LegalAct | None, calendar: WorkingCalendar) -> Deadline:
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
        _fulfil(row, message.clock_registered_at, calendar)
    return row


def _is_needed(stage: Stage, message: Message) -> bool:
    """Whether the stage is still to come: nothing is redirected that is ours, nothing registered that was before."""
    match stage:
        case Stage.REDIRECT:
            return message.competence is not Competence.WITHIN
        case Stage.REGISTRATION:
            return message.clock_registered_at in (message.registered_at, message.appeal_registered_at)
    return True


def _compute_due(row: Deadline, calendar: WorkingCalendar) -> None:
    """Set the due moment, what follows from it, and let a missed one run again if it is now ahead."""
    due = rules.compute_due(_term(row), row.started_at, calendar, _pauses(row))
    row.due_at, row.is_provisional = due.due_at, due.provisional
    before, reminded_of = row.term["remind_hours_before"], row.remind_at
    remind_at = due.due_at - timedelta(hours=before) if before is not None else None
    row.remind_at = remind_at if remind_at is not None and remind_at > row.started_at else None
    if row.remind_at is not None and row.remind_at != reminded_of and row.remind_at > clock.now():
        row.reminded_at = None  # what was said of the moment before says nothing of the one to come
    if row.state is DeadlineState.MISSED and row.ended_at is None and not is_late(row.due_at, clock.now()):
        row.state, row.escalated_at = DeadlineState.RUNNING, None


def _fulfil(row: Deadline, at: datetime, calendar: WorkingCalendar) -> None:
    """What was due is done: in time, or too late. How long it took is reckoned by the calendar of this moment."""
    _end(row, at, DeadlineState.MISSED if is_late(row.due_at, at) else DeadlineState.MET)
    spent = compute_elapsed(TermUnit(row.term["unit"]), row.started_at, at, calendar, _pauses(row))
    row.taken_seconds = int(spent.total_seconds())


def _end(row: Deadline, at: datetime, state: DeadlineState) -> None:
    if row.pauses and row.pauses[-1]["until"] is None:
        row.pauses = [*row.pauses[:-1], row.pauses[-1] | {"until": at.isoformat()}]
    row.ended_at, row.state = at, state


def _set_due(message: Message, rows: Iterable[Deadline]) -> None:
    """The message carries its earliest deadline, so that lists find it by an index."""
    waiting = [
        row.due_at
        for row in rows
        if row.ended_at is None and row.state is not DeadlineState.PAUSED and row.stage is not Stage.DELAY_NOTICE
    ]
    message.due_at = min(waiting, default=None)


def _term(row: Deadline) -> Term:
    told = row.term
    return Term(TermUnit(told["unit"]), told["amount"] + row.extended_days, Roll(told["roll"]))


def _pauses(row: Deadline) -> list[Pause]:
    return [
        Pause(datetime.fromisoformat(told["since"]), datetime.fromisoformat(told["until"]))
        for told in row.pauses
        if told["until"] is not None
    ]


async def _drop_delay_notices(session: AsyncSession, moment: datetime, late: datetime) -> None:
    """Nobody has to put an answer off: a delay notice that was not given in time can be given no more, that is all."""
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
    """A reminder waits; of what is late already nobody is reminded."""
    late = moment - rules.WHOLE_SECOND
    return (
        col(Deadline.remind_at) <= moment,
        col(Deadline.reminded_at).is_(None),
        col(Deadline.due_at) > late,
    )


async def _mark(session: AsyncSession, moment: datetime, *due: Any, is_miss: bool = False) -> list[Any]:
    row = Deadline
    # The message's row is locked with the deadline's, or both are left for the next look: a request that holds the
    # message and wants the deadline would wait for us, and we for it.
    wanted = sa.select(col(row.id)).join(Message, col(Message.id) == col(row.message_id))
    wanted = wanted.where(col(row.state) == DeadlineState.RUNNING, *due).limit(BATCH)
    values: dict[str, Any] = {"reminded_at": moment}
    if is_miss:
        values = {"state": DeadlineState.MISSED, "escalated_at": moment}
    marked = await session.exec(
        sa.update(row)
        .where(col(row.id).in_(wanted.with_for_update(skip_locked=True)))
        .values(values)
        .returning(col(row.message_id), col(row.stage), col(row.is_target), col(row.cycle), col(row.due_at))
        .execution_options(synchronize_session=False)
    )
    return list(marked.all())
