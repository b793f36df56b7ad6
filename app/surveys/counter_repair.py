"""Recount of the counters from the submissions, to find and repair differences (O-11)."""

from datetime import date, timedelta
from typing import Any

import sqlalchemy as sa
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core import clock
from app.core.db import build_insert, month_of
from app.surveys.counters import (
    ANSWERED,
    DIMENSIONS,
    FOLDED_AT_ONCE,
    MAX_VALUE,
    VALUES,
    add_counts,
    cast_enums,
    comments,
    counts,
    dialect_of,
    select_cells,
    submissions,
    sum_cells,
    tail,
)
from app.surveys.models.counts import AnswerCount
from app.surveys.rules.counts import Counted, Span


async def load_months(session: AsyncSession) -> list[date]:
    """Return the months with anything counted, in any of the tables."""
    days = [rows.c[name] for rows, name in ((submissions, "counted_on"), (tail, "counted_on"), (counts, "day"))]
    found = sa.union(*[sa.select(month_of(day).label("month")).distinct() for day in days])
    return sorted((await session.exec(found)).scalars().all())  # type: ignore[call-overload]


async def find_drift(session: AsyncSession, month: date, span: Span) -> list[sa.Row[Any]]:
    """Return the differences of the counters from a recount of the submissions of a month (negative: too many).

    It is one statement and so one snapshot: concurrent writes and folds do not change the result.
    """
    found = _select_drift(month, span, dialect_of(session))
    return list((await session.exec(found)).all())  # type: ignore[call-overload]


async def repair(session: AsyncSession, month: date, span: Span) -> int:
    """Add the differences of a month to the counters; return the number of corrected rows."""
    lacking = await find_drift(session, month, span)
    for start in range(0, len(lacking), FOLDED_AT_ONCE):
        values = [dict(row._mapping) for row in lacking[start : start + FOLDED_AT_ONCE]]
        await add_counts(session, build_insert(session, AnswerCount).values(values))
    return len(lacking)


def _select_drift(month: date, span: Span, dialect: str) -> sa.Select[Any]:
    last = clock.next_month(month) - timedelta(days=1)
    stored = select_cells(submissions, sa.literal(1), dialect, ANSWERED, submissions.c.counted_on.between(month, last))
    waiting = select_cells(tail, -tail.c.sign, dialect, ANSWERED, tail.c.counted_on.between(month, last))
    read_in = _select_comment_cells().where(comments.c.counted_on.between(month, last))
    recounted = sum_cells([*stored, *waiting, read_in], span).order_by(None)
    known = sa.select(*cast_enums(counts, ("span", *DIMENSIONS)), *[-counts.c[name] for name in VALUES]).where(
        counts.c.span == span, counts.c.day.between(month, last)
    )
    both = sa.union_all(recounted, known).subquery()
    keys = [both.c[name] for name in ("span", *DIMENSIONS)]
    sums = [sa.func.sum(both.c[name]) for name in VALUES]
    labelled = [total.label(name) for total, name in zip(sums, VALUES, strict=True)]
    return sa.select(*keys, *labelled).group_by(*keys).having(sa.or_(*[total != 0 for total in sums])).order_by(*keys)


def _select_comment_cells() -> sa.Select[Any]:
    """Select the indexed comments as counter rows."""
    return sa.select(
        sa.literal(Counted.COMMENTS.value, sa.String(40)).label("question"),
        comments.c.counted_on.label("day"),
        comments.c.organization_id,
        comments.c.form_id,
        comments.c.municipality,
        sa.cast(comments.c.source, sa.String(40)).label("source"),
        comments.c.row_key,
        *[sa.case((comments.c.score == place, 1), else_=0).label(f"n{place}") for place in range(1, MAX_VALUE + 1)],
    )
