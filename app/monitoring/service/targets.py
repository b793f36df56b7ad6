"""Targets of units: created, returned with current figures, and checked by the worker (O-10, O-11).

A target is judged in its current period, once the sample is large enough, and in the preceding one, for late data.
One note is created for each period; it stays until it is resolved, even if the figure improves.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core import audit, clock
from app.core.db import Database, build_insert
from app.core.etags import IfMatch
from app.core.ids import new_id
from app.core.periods import Period
from app.core.problems import FieldError, ValidationFailed
from app.core.schemas import apply_changes
from app.core.security import Principal
from app.core.validity import Validity
from app.identity.queries import load_heads
from app.monitoring import rules
from app.monitoring.commands import NewTarget
from app.monitoring.errors import TargetNotFound
from app.monitoring.models import ControlNote, NotedType, TargetDeviation, TargetMeasure, UnitTarget
from app.monitoring.queries import targets
from app.monitoring.queries.service_levels import LevelCut, count_deadlines, count_ratings, sum_stats
from app.monitoring.queries.survey_counts import Cut, count_came_from
from app.monitoring.rules import TargetPeriod
from app.monitoring.schemas.service_levels import LevelGroupBy
from app.monitoring.schemas.targets import DeviationRead, TargetFigureRead, TargetRead, TargetStanding
from app.notifications.rules import NotificationKind
from app.notifications.service import notify
from app.organizations import service as organizations

_NAMES_RU = {
    TargetMeasure.SATISFACTION: "Удовлетворённость пришедших из точек подразделения",
    TargetMeasure.ANSWER_SATISFACTION: "Удовлетворённость ответами подразделения",
    TargetMeasure.LIMITS_IN_TIME: "Исполнено в предельный срок",
    TargetMeasure.TARGETS_IN_TIME: "Исполнено в целевой срок",
}

Share = tuple[int, int]
"""A count and its n."""


@dataclass(frozen=True, slots=True)
class TargetFigures:
    """A target with its figures in a period."""

    target: UnitTarget
    first: date
    count: int
    n: int


async def get_target(session: AsyncSession, target_id: UUID, by: Principal) -> UnitTarget:
    """Return a target that the caller may see. Raises `TargetNotFound`."""
    row = await targets.find_target(session, target_id, by)
    if row is None:
        raise TargetNotFound
    return row


async def create_target(session: AsyncSession, new: NewTarget, *, by: Principal) -> UnitTarget:
    """Create a target for an open unit. Raises `TargetExists` when it is written."""
    await organizations.get_open_unit(session, new.unit_id, None, "/unit_id")
    values = {"valid_from": new.valid_from or clock.today(), "created_at": clock.now(), "created_by": by.id}
    row = UnitTarget.model_validate(new, update=values)
    session.add(row)
    audit.record(session, by, "unit_target.created", "unit_target", row.id)
    return row


async def update_target(
    session: AsyncSession, target_id: UUID, changes: Mapping[str, Any], match: IfMatch, *, by: Principal
) -> UnitTarget:
    """Change a target from today on, or close it; earlier notes stay."""
    row = await get_target(session, target_id, by)
    if Validity(last=changes.get("closed_on")).is_over(row.valid_from):
        ru, en = "Дата окончания раньше даты начала.", "The end date is before the start date."
        raise ValidationFailed(field_errors=[FieldError("/closed_on", "dates_reversed", ru, en)])
    match.require(row)
    changed = apply_changes(row, changes)
    if not {"threshold", "min_sample"}.isdisjoint(changed):
        row.changed_on = clock.today()
    audit.record(session, by, "unit_target.changed", "unit_target", row.id, fields=changed)
    return row


async def read_target(session: AsyncSession, row: UnitTarget) -> TargetRead:
    """Convert one target into its API representation."""
    return (await read_targets(session, [row]))[0]


async def read_targets(session: AsyncSession, rows: Sequence[UnitTarget]) -> list[TargetRead]:
    """Convert targets into their API representation, with the current period and the latest deviations."""
    today = clock.today()
    reached = {one.target.id: one for one in await _judge(session, rows, lambda _period: [today])}
    deviations = await targets.load_deviations(session, [row.id for row in rows])
    return [
        TargetRead(
            **row.model_dump(exclude={"version"}),
            name=_NAMES_RU[row.measure],
            current=_to_figure_read(reached[row.id]),
            deviations=[_to_deviation_read(deviation) for deviation in deviations[row.id]],
        )
        for row in rows
    ]


async def check_targets(database: Database) -> bool:
    """Create a control note for each missed target, once a period, and notify the heads of the unit.

    Figures are read without a write lock. If two workers find the same deviation, only one stores it and its note.
    """
    async with database.transaction(write=False) as session:
        missed = await _load_missed(session)
    for one in missed:
        async with database.transaction() as session:
            await _store_deviation(session, one)
    return False


async def _load_missed(session: AsyncSession) -> list[TargetFigures]:
    today = clock.today()
    rows = await targets.load_recent_targets(session)
    known = await targets.load_missed_periods(session, [row.id for row in rows])

    def days(period: TargetPeriod) -> list[date]:
        first, _ = rules.find_period(today, period)
        return [today, first - timedelta(days=1)]

    return [
        one
        for one in await _judge(session, rows, days)
        if (one.target.id, one.first) not in known
        and _applies(one.target, one.first)
        and rules.is_below_target(one.count, one.n, one.target.threshold, one.target.min_sample)
    ]


def _applies(target: UnitTarget, first: date) -> bool:
    """Return whether the target in its current form applies to a period.

    Periods that ended before the last change are not judged again.
    """
    begins, _ = rules.find_period(max(target.valid_from, target.changed_on or target.valid_from), target.period)
    return begins <= first and Validity(last=target.closed_on).includes(first)


async def _judge(
    session: AsyncSession, rows: Iterable[UnitTarget], days: Callable[[TargetPeriod], list[date]]
) -> list[TargetFigures]:
    """Judge targets in the periods that contain the days; load each measure of a period once for all units."""
    read: dict[tuple[TargetMeasure, date, date], dict[UUID, Share]] = {}
    found = []
    for row in rows:
        for day in days(row.period):
            first, last = rules.find_period(day, row.period)
            key = (row.measure, first, last)
            if key not in read:
                read[key] = await _load_shares(session, row.measure, Period(first, last))
            found.append(TargetFigures(row, first, *read[key].get(row.unit_id, (0, 0))))
    return found


async def _load_shares(session: AsyncSession, measure: TargetMeasure, period: Period) -> dict[UUID, Share]:
    """Load a measure over a period by unit."""
    found: Mapping[UUID, tuple[int, ...]]
    if measure is TargetMeasure.SATISFACTION:
        found = await count_came_from(session, Cut(period), LevelGroupBy.UNIT)
    elif measure is TargetMeasure.ANSWER_SATISFACTION:
        found = await count_ratings(session, period, LevelGroupBy.UNIT, sa.true())
    else:
        wants_target = measure is TargetMeasure.TARGETS_IN_TIME
        counted = await count_deadlines(session, LevelCut(period), LevelGroupBy.UNIT, sa.true())
        totals = {
            unit_id: sum_stats(level for policy, level in known.items() if policy.is_target is wants_target)
            for unit_id, known in counted.items()
        }
        found = {unit_id: (total.met, total.missed) for unit_id, total in totals.items()}
    return {unit_id: (counts[0], sum(counts)) for unit_id, counts in found.items()}


async def _store_deviation(session: AsyncSession, one: TargetFigures) -> None:
    target = one.target
    note = ControlNote(
        unit_id=target.unit_id,
        object_type=NotedType.UNIT_TARGET,
        object_id=target.id,
        text=_build_note_text(one),
        created_at=clock.now(),
    )
    session.add(note)
    await session.flush()  # the deviation refers to the note
    deviation = {
        "id": new_id(),
        "target_id": target.id,
        "period_start": one.first,
        "count": one.count,
        "n": one.n,
        "threshold": target.threshold,
        "note_id": note.id,
        "found_at": note.created_at,
    }
    insert = build_insert(session, TargetDeviation).values(deviation)
    insert = insert.on_conflict_do_nothing(index_elements=["target_id", "period_start"])
    stored: Any = await session.exec(insert.returning(TargetDeviation.id))  # type: ignore[call-overload]
    if stored.first() is None:  # another worker was first; keep its note
        await session.delete(note)
        return
    audit.record(session, None, "control_note.created", "control_note", note.id, fallback_actor="service")
    key = f"{NotificationKind.TARGET_NOT_REACHED.value}:{target.id}:{one.first}"
    heads = sorted(await load_heads(session, target.unit_id))
    await notify(session, heads, NotificationKind.TARGET_NOT_REACHED, note.text, "control_note", note.id, key)


def _build_note_text(one: TargetFigures) -> str:
    """Build the Russian text of the control note."""
    low, high = rules.compute_wilson(one.count, one.n)
    interval = "" if low is None or high is None else f"{rules.format_percent(low)} – {rules.format_percent(high)}"
    return (
        f"{_NAMES_RU[one.target.measure]}, {rules.format_period(one.first, one.target.period)}:"
        f" {rules.format_percent(one.count / one.n)} ({one.count} из {one.n}, 95 %-й интервал {interval})."
        f" Цель – не ниже {rules.format_percent(one.target.threshold)}."
    )


def _to_figure_read(one: TargetFigures) -> TargetFigureRead:
    target = one.target
    first, last = rules.find_period(one.first, target.period)
    if one.n < target.min_sample:
        standing = TargetStanding.TOO_FEW
    elif rules.is_below_target(one.count, one.n, target.threshold, target.min_sample):
        standing = TargetStanding.NOT_REACHED
    else:
        standing = TargetStanding.REACHED
    figures = rules.build_share_fields(one.count, one.n)
    del figures["is_too_few"]  # the target has its own minimum sample
    return TargetFigureRead.model_validate(
        {"from": first, "to": last, "n": one.n, "count": one.count, "standing": standing, **figures}
    )


def _to_deviation_read(row: TargetDeviation) -> DeviationRead:
    return DeviationRead.model_validate(row.model_dump() | {"share": rules.compute_share(row.count, row.n)})
