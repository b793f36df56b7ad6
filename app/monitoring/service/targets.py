"""Targets of units: created, returned with current figures, and checked by the worker (O-10, O-11).

A target is judged in its current period, once the sample is large enough, and in the preceding one, for late data.
One note is created for each period; it stays until it is resolved, even if the figure improves.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.sql.elements import ColumnElement
from sqlmodel import col, func, select
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
from app.interaction_points.models import Point
from app.messages.models import Message
from app.monitoring import rules
from app.monitoring.errors import TargetNotFound
from app.monitoring.models import ControlNote, NotedType, TargetDeviation, TargetMeasure, UnitTarget
from app.monitoring.rules import TargetPeriod
from app.monitoring.schemas.service_levels import LevelGroupBy
from app.monitoring.schemas.targets import (
    DeviationRead,
    TargetCreate,
    TargetFigureRead,
    TargetPatch,
    TargetRead,
    TargetStanding,
)
from app.monitoring.service import service_levels
from app.monitoring.service.survey_counts import Cut, read_counts
from app.notifications.rules import NotificationKind
from app.notifications.service import notify
from app.organizations import service as organizations
from app.surveys.rules.counts import Counted

SHOWN_DEVIATIONS = 12
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


def visible_to(by: Principal) -> ColumnElement[bool]:
    """Return the filter for targets: those of the caller's unit, or all for a caller who monitors all units."""
    if by.may("monitoring:all_units"):
        return sa.true()
    return col(UnitTarget.unit_id) == by.unit_id if by.unit_id is not None else sa.false()


async def get_target(session: AsyncSession, target_id: UUID, by: Principal) -> UnitTarget:
    """Return a target that the caller may see. Raises `TargetNotFound`."""
    row = (await session.exec(select(UnitTarget).where(UnitTarget.id == target_id, visible_to(by)))).first()
    if row is None:
        raise TargetNotFound
    return row


async def create_target(session: AsyncSession, body: TargetCreate, *, by: Principal) -> UnitTarget:
    """Create a target for an open unit. Raises `TargetExists`."""
    await organizations.get_open_unit(session, body.unit_id, None, "/unit_id")
    values = {"valid_from": body.valid_from or clock.today(), "created_at": clock.now(), "created_by": by.id}
    row = UnitTarget.model_validate(body, update=values)
    session.add(row)
    audit.record(session, by, "unit_target.created", "unit_target", row.id)
    await session.flush()  # so that a duplicate target is reported in this request
    return row


async def update_target(
    session: AsyncSession, target_id: UUID, body: TargetPatch, match: IfMatch, *, by: Principal
) -> UnitTarget:
    """Change a target from today on, or close it; earlier notes stay."""
    row = await get_target(session, target_id, by)
    if body.closed_on is not None and body.closed_on < row.valid_from:
        ru, en = "Дата окончания раньше даты начала.", "The end date is before the start date."
        raise ValidationFailed(field_errors=[FieldError("/closed_on", "dates_reversed", ru, en)])
    match.require(row)
    changed = apply_changes(row, body)
    if not {"threshold", "least_n"}.isdisjoint(changed):
        row.changed_on = clock.today()
    audit.record(session, by, "unit_target.changed", "unit_target", row.id, fields=changed)
    await session.flush()  # the flush raises the version
    return row


async def read_targets(session: AsyncSession, rows: Sequence[UnitTarget]) -> list[TargetRead]:
    """Convert targets into their API representation, with the current period and the latest deviations."""
    today = clock.today()
    reached = {one.target.id: one for one in await _judge(session, rows, lambda _period: [today])}
    deviations = await _load_deviations(session, [row.id for row in rows])
    return [
        TargetRead(
            **row.model_dump(exclude={"version"}),
            name=_NAMES_RU[row.measure],
            current=_to_figure_read(reached[row.id]),
            deviations=deviations[row.id],
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
    is_recent = Validity.condition(today - timedelta(days=200), last=col(UnitTarget.closed_on))
    rows = (await session.exec(select(UnitTarget).where(is_recent).order_by(col(UnitTarget.id)))).all()
    stored: Any = sa.select(col(TargetDeviation.target_id), col(TargetDeviation.period_start))
    stored = stored.where(col(TargetDeviation.target_id).in_([row.id for row in rows]))
    known = {tuple(row) for row in (await session.exec(stored)).all()}

    def days(period: TargetPeriod) -> list[date]:
        first, _ = rules.find_period(today, period)
        return [today, first - timedelta(days=1)]

    return [
        one
        for one in await _judge(session, rows, days)
        if (one.target.id, one.first) not in known
        and _applies(one.target, one.first)
        and rules.is_below_target(one.count, one.n, one.target.threshold, one.target.least_n)
    ]


def _applies(target: UnitTarget, first: date) -> bool:
    """Return whether the target in its current form applies to a period.

    Periods that ended before the last change are not judged again.
    """
    begins, _ = rules.find_period(max(target.valid_from, target.changed_on or target.valid_from), target.period)
    return begins <= first and Validity(last=target.closed_on).includes(first)


async def _judge(session: AsyncSession, rows: Iterable[UnitTarget], days: Any) -> list[TargetFigures]:
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
    shares: dict[UUID, Share] = defaultdict(lambda: (0, 0))
    if measure is TargetMeasure.SATISFACTION:
        units = dict((await session.exec(select(Point.id, Point.unit_id))).all())
        for point, counts in (await read_counts(session, Counted.CAME_FROM, Cut(period), None)).items():
            unit_id, (yes, no, *_) = units[UUID(point)], counts[""]
            shares[unit_id] = (shares[unit_id][0] + yes, shares[unit_id][1] + yes + no)
    elif measure is TargetMeasure.ANSWER_SATISFACTION:
        rating, unit = col(Message.satisfaction), col(Message.unit_id)
        query: Any = sa.select(unit, func.count().filter(rating == 1), func.count())
        received = await service_levels.build_period_condition(session, period, col(Message.received_at))
        query = query.where(rating.is_not(None), received).group_by(unit)
        shares |= {unit_id: (satisfied, n) for unit_id, satisfied, n in (await session.exec(query)).all()}
    else:
        wants_target = measure is TargetMeasure.TARGETS_IN_TIME
        counted = await service_levels.count_levels(
            session, service_levels.LevelCut(period), LevelGroupBy.UNIT, sa.true()
        )
        for unit_id, known in counted.items():
            total = service_levels.sum_stats(
                level for policy, level in known.items() if policy.is_target is wants_target
            )
            shares[unit_id] = (total.met, total.n)
    return shares


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
    if one.n < target.least_n:
        standing = TargetStanding.TOO_FEW
    elif rules.is_below_target(one.count, one.n, target.threshold, target.least_n):
        standing = TargetStanding.NOT_REACHED
    else:
        standing = TargetStanding.REACHED
    figures = rules.build_share_fields(one.count, one.n)
    del figures["is_too_few"]  # the target has its own minimum sample
    return TargetFigureRead.model_validate(
        {"from": first, "to": last, "n": one.n, "count": one.count, "standing": standing, **figures}
    )


async def _load_deviations(session: AsyncSession, target_ids: Sequence[UUID]) -> dict[UUID, list[DeviationRead]]:
    """Load the latest periods in which each target was not reached."""
    target_id, start = col(TargetDeviation.target_id), col(TargetDeviation.period_start)
    place = func.row_number().over(partition_by=target_id, order_by=start.desc()).label("place")
    latest = sa.select(col(TargetDeviation.id), place).where(target_id.in_(target_ids)).subquery()
    query = select(TargetDeviation).join(latest, latest.c.id == col(TargetDeviation.id))
    query = query.where(latest.c.place <= SHOWN_DEVIATIONS).order_by(start.desc())
    found: dict[UUID, list[DeviationRead]] = defaultdict(list)
    for row in (await session.exec(query)).all():
        share = rules.compute_share(row.count, row.n)
        found[row.target_id].append(DeviationRead.model_validate(row.model_dump() | {"share": share}))
    return found
