"""Deadlines of messages: creation by policy, pauses, completion, extensions, explanations (O-6.2.2)."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.calendar.rules.terms import Due, Step
from app.calendar.rules.working_days import WorkingCalendar
from app.calendar.service import load_calendar
from app.core import clock
from app.interaction_points import service as points
from app.messages.models import Competence, Deadline, DeadlinePolicy, Message, PauseReason
from app.messages.queries import find_outcome, load_policies, to_deadline_values
from app.messages.rules.deadlines import DeadlineState, Stage, is_late
from app.messages.rules.policies import Case, choose_policy
from app.messages.schemas.deadlines import ExplainedStage
from app.messages.service.deadline_rows import build_deadline, complete, compute_due, end, set_due, update_due

if TYPE_CHECKING:
    from app.legal_acts.models import LegalAct

ALL_STAGES = frozenset(Stage)


async def load_deadlines(session: AsyncSession, message: Message) -> list[Deadline]:
    """Return the deadlines of the current cycle, in the order of creation."""
    query = select(Deadline).where(Deadline.message_id == message.id, Deadline.cycle == message.cycle)
    return list((await session.exec(query.order_by(col(Deadline.id)))).all())


async def create_first_deadlines(session: AsyncSession, message: Message) -> list[Deadline]:
    """Build the deadlines of a message that is not stored yet and set its earliest one."""
    calendar = await load_calendar(session, message.organization_id)
    chosen = await _find_policies(session, message, calendar)
    rows = [build_deadline(message, policy, act, calendar) for policy, act in chosen]
    set_due(message, rows)
    return rows


async def create_deadlines(session: AsyncSession, message: Message, *, is_recast: bool = False) -> None:
    """Create, restore or cancel the open deadlines of the cycle by its policies. Ended deadlines do not change.

    A message keeps the policies that apply already, although others were added or ended since, unless `is_recast`:
    its class or priority changed.
    """
    calendar = await load_calendar(session, message.organization_id)
    rows = await load_deadlines(session, message)
    kept = frozenset[UUID]() if is_recast else frozenset(row.policy_id for row in rows)
    applicable = {policy.id: (policy, act) for policy, act in await _find_policies(session, message, calendar, kept)}
    for row in rows:
        if row.ended_at is None and row.policy_id not in applicable:
            end(row, clock.now(), DeadlineState.CANCELLED)
    ended = {(row.stage, row.is_target) for row in rows if row.state is not DeadlineState.CANCELLED}
    for row in rows:
        if (
            row.state is DeadlineState.CANCELLED
            and row.policy_id in applicable
            and (row.stage, row.is_target) not in ended
        ):
            row.ended_at, row.state = None, DeadlineState.RUNNING
            update_due(row, calendar)  # the calendar may have changed since
    known = {row.policy_id for row in rows}
    for policy, act in applicable.values():
        if (policy.stage, policy.is_target) not in ended and policy.id not in known:
            rows.append(build_deadline(message, policy, act, calendar))
            session.add(rows[-1])
    set_due(message, rows)


async def mark_done(session: AsyncSession, message: Message, stages: Collection[Stage], at: datetime) -> None:
    """End the open deadlines of the stages as met or missed at this moment."""
    rows = await load_deadlines(session, message)
    calendar = await load_calendar(session, message.organization_id)
    for row in rows:
        if row.ended_at is None and row.stage in stages:
            complete(row, at, calendar)
    set_due(message, rows)


async def cancel(session: AsyncSession, message: Message, stages: Collection[Stage] = ALL_STAGES) -> None:
    """Cancel the open deadlines of the stages. A missed one stays missed."""
    rows = await load_deadlines(session, message)
    for row in rows:
        if row.ended_at is None and row.stage in stages:
            end(row, clock.now(), row.state if row.state is DeadlineState.MISSED else DeadlineState.CANCELLED)
    set_due(message, rows)


async def pause(session: AsyncSession, message: Message, reason: PauseReason, at: datetime) -> None:
    """Pause the running deadlines whose policy allows this reason."""
    rows = await load_deadlines(session, message)
    for row in rows:
        if row.state is DeadlineState.RUNNING and reason in row.term["pauses"]:
            row.state = DeadlineState.PAUSED
            row.pauses = [*row.pauses, {"since": at.isoformat(), "until": None}]
    set_due(message, rows)


async def resume(session: AsyncSession, message: Message, at: datetime) -> None:
    """Resume the paused deadlines and add the pause to their terms."""
    calendar = await load_calendar(session, message.organization_id)
    rows = await load_deadlines(session, message)
    for row in rows:
        if row.state is DeadlineState.PAUSED:
            row.state = DeadlineState.RUNNING
            row.pauses = [*row.pauses[:-1], row.pauses[-1] | {"until": at.isoformat()}]
            update_due(row, calendar)
    set_due(message, rows)


async def start_cycle(session: AsyncSession, message: Message, received_at: datetime, registered_at: datetime) -> None:
    """Cancel the open deadlines and start a new cycle from these moments."""
    await cancel(session, message)
    message.cycle += 1
    message.clock_received_at, message.clock_registered_at = received_at, registered_at
    await create_deadlines(session, message)


async def extend(session: AsyncSession, message: Message, days: int) -> list[Deadline]:
    """Extend the limits of the final reply by a number of days and return them."""
    calendar = await load_calendar(session, message.organization_id)
    rows = await load_deadlines(session, message)
    extended = [row for row in rows if can_extend(row)]
    for row in extended:
        row.extended_days = days
        update_due(row, calendar)
    set_due(message, rows)
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
    due = compute_due(row, calendar)
    add = due.steps.append
    if row.extended_days:
        add(Step(due.due_at, f"Срок продлён на {row.extended_days} дн."))
    if row.state is DeadlineState.PAUSED:
        since = datetime.fromisoformat(row.pauses[-1]["since"])
        add(Step(since, "Течение срока приостановлено до ответа клиента."))
    if row.ended_at is not None:
        add(Step(row.ended_at, f"{find_outcome(row)}."))
    return due


async def _find_policies(
    session: AsyncSession, message: Message, calendar: WorkingCalendar, kept: Collection[UUID] = ()
) -> list[tuple[DeadlinePolicy, LegalAct | None]]:
    """Return the policies that apply to the message, with their legal acts."""
    channel = await points.get_channel(session, message.point_id)
    case = Case(
        message.point_id, message.organization_id, channel, message.priority, message.kind, message.message_class
    )
    acts = {policy.id: (policy, act) for policy, act in await load_policies(session)}
    day = clock.local_date(message.clock_received_at, calendar.zone)
    chosen = choose_policy([policy for policy, _ in acts.values()], case, day, kept)
    return [acts[policy.id] for policy in chosen if _is_needed(policy.stage, message)]


def _is_needed(stage: Stage, message: Message) -> bool:
    """Return whether the stage applies: no redirect within the competence, no second registration."""
    match stage:
        case Stage.REDIRECT:
            return message.competence is not Competence.WITHIN
        case Stage.REGISTRATION:
            return message.clock_registered_at in (message.registered_at, message.appeal_registered_at)
    return True
