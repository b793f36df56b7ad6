"""Single deadlines: start by a policy, due time, reminder, end (O-6.2.2)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from app.calendar.rules import terms
from app.calendar.rules.elapsed_time import compute_elapsed
from app.calendar.rules.terms import Due, Pause, Roll, Term, TermUnit
from app.calendar.rules.working_days import WorkingCalendar
from app.core import clock
from app.messages.models import Deadline, DeadlinePolicy, Message, StartEvent
from app.messages.rules.deadlines import DeadlineState, Stage, is_late

if TYPE_CHECKING:
    from app.legal_acts.models import LegalAct

KEPT_FIELDS = ("name", "unit", "amount", "roll", "pauses", "remind_hours_before", "extension_days", "clause")
"""The fields of a policy that a deadline keeps as they were at its start."""


def build_deadline(
    message: Message, policy: DeadlinePolicy, act: LegalAct | None, calendar: WorkingCalendar
) -> Deadline:
    """Build a deadline of the current cycle by a policy; a registration is completed at once."""
    is_receipt = policy.start_event is StartEvent.RECEIPT
    started_at = message.clock_received_at if is_receipt else message.clock_registered_at
    row = Deadline(
        message_id=message.id,
        cycle=message.cycle,
        stage=policy.stage,
        is_target=policy.is_target,
        policy_id=policy.id,
        term={name: getattr(policy, name) for name in KEPT_FIELDS} | {"legal_act": act.short_title if act else None},
        started_at=started_at,
        counted_on=clock.local_date(started_at, calendar.zone),
        due_at=message.clock_registered_at,
        is_provisional=False,
        state=DeadlineState.RUNNING,
        pauses=[],
    )
    update_due(row, calendar)
    if row.stage is Stage.REGISTRATION:
        complete(row, message.clock_registered_at, calendar)
    return row


def compute_due(row: Deadline, calendar: WorkingCalendar) -> Due:
    """Compute the due time by the calendar, with the steps of the calculation."""
    kept = row.term
    term = Term(TermUnit(kept["unit"]), kept["amount"] + row.extended_days, Roll(kept["roll"]))
    return terms.compute_due(term, row.started_at, calendar, _parse_pauses(row))


def update_due(row: Deadline, calendar: WorkingCalendar) -> None:
    """Set the due time and the reminder; a missed deadline that is no longer late runs again."""
    due = compute_due(row, calendar)
    row.due_at, row.is_provisional = due.due_at, due.provisional
    before, previous = row.term["remind_hours_before"], row.remind_at
    remind_at = due.due_at - timedelta(hours=before) if before is not None else None
    row.remind_at = remind_at if remind_at is not None and remind_at > row.started_at else None
    if row.remind_at is not None and row.remind_at != previous and row.remind_at > clock.now():
        row.reminded_at = None  # the earlier reminder was for another time
    if row.state is DeadlineState.MISSED and row.ended_at is None and not is_late(row.due_at, clock.now()):
        row.state, row.escalated_at = DeadlineState.RUNNING, None


def complete(row: Deadline, at: datetime, calendar: WorkingCalendar) -> None:
    """End a deadline as met or missed and store the time taken by the current calendar."""
    end(row, at, DeadlineState.MISSED if is_late(row.due_at, at) else DeadlineState.MET)
    elapsed = compute_elapsed(TermUnit(row.term["unit"]), row.started_at, at, calendar, _parse_pauses(row))
    row.taken_seconds = int(elapsed.total_seconds())


def end(row: Deadline, at: datetime, state: DeadlineState) -> None:
    """End a deadline and its pause in a state."""
    if row.pauses and row.pauses[-1]["until"] is None:
        row.pauses = [*row.pauses[:-1], row.pauses[-1] | {"until": at.isoformat()}]
    row.ended_at, row.state = at, state


def set_due(message: Message, rows: Iterable[Deadline]) -> None:
    """Store the earliest running deadline in the message, so that lists can use an index."""
    waiting = [
        row.due_at
        for row in rows
        if row.ended_at is None and row.state is not DeadlineState.PAUSED and row.stage is not Stage.DELAY_NOTICE
    ]
    message.due_at = min(waiting, default=None)


def _parse_pauses(row: Deadline) -> list[Pause]:
    return [
        Pause(datetime.fromisoformat(pause["since"]), datetime.fromisoformat(pause["until"]))
        for pause in row.pauses
        if pause["until"] is not None
    ]
