"""Counters of answers, so that figures of any period are read without the submissions themselves (O-11).

An upsert per submission would queue everybody at the hottest cell. So whoever stores, corrects or removes a submission
calls `count` in the same transaction: it only inserts a row into the tail, which contends with nobody. The worker folds
the tail into the counters; whoever reads figures adds the tail that is left, in the same statement and so in the same
snapshot. An answer is therefore in the figures at the very commit that stores it, whatever order commits come in, and
no fold is ever seen half done.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Literal
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.sql.elements import ColumnElement
from sqlmodel import SQLModel
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core import clock
from app.core.db import build_insert, month_of
from app.core.ids import new_id
from app.surveys.models import (
    AnswerCount,
    Counted,
    Span,
    SubmissionSource,
    SurveyComment,
    SurveySubmission,
    UncountedAnswer,
    UnreadComments,
)

FOLDED_AT_ONCE = 1000
NOT_GIVEN = ""
"""Stands for a municipality that was not given: NULLs are never equal to a unique key."""
MAX_VALUE = 5
PER_SOURCE = (Counted.SOURCE_USAGE, Counted.EASE_OF_FINDING)
ANSWERED = (Counted.SATISFACTION, *PER_SOURCE, Counted.CAME_FROM)
"""What is counted with the submission itself."""

counts: sa.Table = SQLModel.metadata.tables["survey_counts"]
tail: sa.Table = SQLModel.metadata.tables["survey_count_tail"]
submissions: sa.Table = SQLModel.metadata.tables["survey_submissions"]
comments: sa.Table = SQLModel.metadata.tables["survey_comments"]

DIMENSIONS = ("question", "day", "organization_id", "form_id", "municipality", "source", "row_key")
VALUES = ("n1", "n2", "n3", "n4", "n5")
COPIED = (
    "organization_id",
    "form_id",
    "municipality",
    "source",
    "counted_on",
    "came_from_point_id",
    "satisfaction",
)


async def count(session: AsyncSession, rows: Iterable[SurveySubmission], *, sign: Literal[1, -1] = 1) -> None:
    """Put submissions into the figures, or with −1 take them out again, in the transaction that changes them.

    A correction takes the old answers out and puts the new ones in; an import puts in all that it makes visible.
    """
    told = [
        {
            "id": new_id(),
            "submission_id": row.id,
            "sign": sign,
            **{name: getattr(row, name) for name in COPIED},
            "answers": {question.value: row.answers.get(question.value, {}) for question in PER_SOURCE},
        }
        for row in rows
    ]
    if told:
        await session.exec(sa.insert(UncountedAnswer), params=told)


async def count_chosen(session: AsyncSession, chosen: sa.Select[Any]) -> None:
    """Put the submissions with these ids into the figures, in one statement: for what becomes visible by thousands."""
    made = sa.func.jsonb_build_object if dialect_of(session) == "postgresql" else sa.func.json_object
    parts = [part for q in PER_SOURCE for part in (sa.literal(q.value, sa.Text), _part(session, q.value))]
    told = [submissions.c.id, submissions.c.id.label("submission_id"), sa.literal(1)]
    told += [submissions.c[name] for name in COPIED]
    query = sa.select(*told, made(*parts)).where(submissions.c.id.in_(chosen))
    names = ["id", "submission_id", "sign", *COPIED, "answers"]
    await session.exec(sa.insert(UncountedAnswer).from_select(names, query))


def _part(session: AsyncSession, key: str) -> Any:
    if dialect_of(session) == "postgresql":
        return submissions.c.answers[key]
    return sa.func.json_extract(submissions.c.answers, f"$.{key}")


def dialect_of(session: AsyncSession) -> str:
    """`sqlite` or `postgresql`: the functions of JSON and of dates differ."""
    name: str = session.get_bind().dialect.name
    return name


def cells(rows: sa.Table, sign: Any, dialect: str, questions: Iterable[Counted], *where: Any) -> list[sa.Select[Any]]:
    """The answers of submissions or of the tail as rows of counters, one for each cell of the form that is counted.

    A select for each question, to be put together by UNION ALL.
    """
    return [_cells(rows, sign, dialect, question).where(*where) for question in questions]


def _cells(rows: sa.Table, sign: Any, dialect: str, question: Counted) -> sa.Select[Any]:
    row_key: Any = sa.literal("")
    value: Any = rows.c.satisfaction
    conditions = []
    if question in PER_SOURCE:
        if dialect == "postgresql":
            each = sa.func.jsonb_each_text(rows.c.answers[question.value])
        else:
            each = sa.func.json_each(rows.c.answers, f"$.{question.value}")
        answered = each.table_valued("key", "value", joins_implicitly=True)
        row_key, value = answered.c.key, sa.cast(answered.c.value, sa.Integer)
    elif question is Counted.CAME_FROM:
        row_key = sa.cast(rows.c.came_from_point_id, sa.String(36))
        conditions = [rows.c.came_from_point_id.is_not(None)]
    return sa.select(
        sa.literal(question.value, sa.String(40)).label("question"),
        rows.c.counted_on.label("day"),
        rows.c.organization_id.label("organization_id"),
        rows.c.form_id.label("form_id"),
        sa.func.coalesce(rows.c.municipality, NOT_GIVEN).label("municipality"),
        sa.cast(rows.c.source, sa.String(40)).label("source"),
        # The databases write a UUID with hyphens and without; no key of a source has them.
        sa.func.replace(sa.cast(row_key, sa.String(64)), "-", "").label("row_key"),
        *[sa.case((value == place, sign), else_=0).label(f"n{place}") for place in range(1, MAX_VALUE + 1)],
    ).where(*conditions)


def _comment_cells() -> sa.Select[Any]:
    """The comments that are read in as rows of counters."""
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


async def add_comments(session: AsyncSession, signed: Iterable[tuple[SurveyComment, Literal[1, -1]]]) -> None:
    """Count comments that are read in, or with −1 those that are taken away, in the transaction that does it."""
    found: dict[tuple[Any, ...], list[int]] = {}
    for row, sign in signed:
        for span, day in ((Span.DAY, row.counted_on), (Span.MONTH, row.counted_on.replace(day=1))):
            whose = (row.organization_id, row.form_id, row.municipality, row.source, row.row_key)
            found.setdefault((span, Counted.COMMENTS, day, *whose), [0] * MAX_VALUE)[row.score - 1] += sign
    told = [(key, added) for key, added in found.items() if any(added)]
    rows = [
        dict(zip(("span", *DIMENSIONS, *VALUES), (*key, *added), strict=True))
        for key, added in sorted(told, key=lambda one: str(one[0]))
    ]
    if rows:
        await _add(session, build_insert(session, AnswerCount).values(rows))


def summed_cells(parts: Sequence[sa.Select[Any]], span: Span) -> sa.Select[Any]:
    """Cells added up to rows of counters, in the order of their key."""
    found = sa.union_all(*parts).subquery()
    keys = [found.c[name] for name in DIMENSIONS]
    if span is Span.MONTH:
        keys[DIMENSIONS.index("day")] = month_of(found.c.day).label("day")
    sums = [sa.func.sum(found.c[name]).label(name) for name in VALUES]
    return sa.select(sa.literal(span.value, sa.String(40)).label("span"), *keys, *sums).group_by(*keys).order_by(*keys)


async def _add(session: AsyncSession, statement: Any) -> None:
    """Add rows to the counters. They come in the order of the key: two at once may wait, but never in a ring."""
    added = {name: counts.c[name] + statement.excluded[name] for name in VALUES}
    await session.exec(statement.on_conflict_do_update(index_elements=list(counts.primary_key.columns), set_=added))


async def is_tail_waiting(session: AsyncSession) -> bool:
    """Whether something is to be folded; asked first, so that an idle worker takes no write lock."""
    return (await session.exec(sa.select(tail.c.id).limit(1))).first() is not None  # type: ignore[call-overload]


async def fold(session: AsyncSession) -> int:
    """Move a part of the tail into the counters; how many submissions it was. Two workers fold different parts."""
    oldest = sa.select(tail.c.id).order_by(tail.c.id).limit(FOLDED_AT_ONCE).with_for_update(skip_locked=True)
    taken = list((await session.exec(oldest)).scalars().all())  # type: ignore[call-overload]
    if taken:
        dialect = dialect_of(session)
        parts = cells(tail, tail.c.sign, dialect, ANSWERED, tail.c.id.in_(taken))
        for span in Span:
            sums = summed_cells(parts, span)
            await _add(session, build_insert(session, AnswerCount).from_select(["span", *DIMENSIONS, *VALUES], sums))
        await _hand_on_comments(session, taken)
        await session.exec(sa.delete(tail).where(tail.c.id.in_(taken)))
    return len(taken)


async def _hand_on_comments(session: AsyncSession, taken: Sequence[UUID]) -> None:
    """Have comments read in: every writer's submissions come by here, whether they have comments or had."""
    given = submissions.c.answers["comments"]
    told = sa.cast(given, sa.Text) if dialect_of(session) == "postgresql" else sa.func.json(given)
    has = sa.exists().where(submissions.c.id == tail.c.submission_id, told != "{}")
    had = sa.exists().where(comments.c.submission_id == tail.c.submission_id)
    found = sa.select(tail.c.submission_id).distinct().where(tail.c.id.in_(taken), sa.or_(has, had))
    statement = build_insert(session, UnreadComments).from_select(
        ["submission_id"], found.order_by(tail.c.submission_id)
    )
    # Whoever reads one in just now has read it as it was, and takes it out of the inbox: an update waits for that.
    again = {"submission_id": statement.excluded.submission_id}
    await session.exec(statement.on_conflict_do_update(index_elements=["submission_id"], set_=again))


async def months(session: AsyncSession) -> list[date]:
    """The months that anything is counted for, in any of the tables."""
    days = [rows.c[name] for rows, name in ((submissions, "counted_on"), (tail, "counted_on"), (counts, "day"))]
    found = sa.union(*[sa.select(month_of(day).label("month")).distinct() for day in days])
    return sorted((await session.exec(found)).scalars().all())  # type: ignore[call-overload]


async def find_drift(session: AsyncSession, month: date, span: Span) -> list[sa.Row[Any]]:
    """What the counters lack (or, below zero, have too much) in a month, against a recount of its submissions.

    One statement, so one snapshot: whatever is stored or folded meanwhile changes nothing in the difference.
    """
    found = _drifted(month, span, dialect_of(session))
    return list((await session.exec(found)).all())  # type: ignore[call-overload]


async def repair(session: AsyncSession, month: date, span: Span) -> int:
    """Add to the counters what they lack in a month; how many rows of counters that was."""
    lacking = await find_drift(session, month, span)
    for start in range(0, len(lacking), FOLDED_AT_ONCE):
        values = [dict(row._mapping) for row in lacking[start : start + FOLDED_AT_ONCE]]
        await _add(session, build_insert(session, AnswerCount).values(values))
    return len(lacking)


def _drifted(month: date, span: Span, dialect: str) -> sa.Select[Any]:
    last = clock.next_month(month) - timedelta(days=1)
    stored = cells(submissions, sa.literal(1), dialect, ANSWERED, submissions.c.counted_on.between(month, last))
    waiting = cells(tail, -tail.c.sign, dialect, ANSWERED, tail.c.counted_on.between(month, last))
    read_in = _comment_cells().where(comments.c.counted_on.between(month, last))
    wanted = summed_cells([*stored, *waiting, read_in], span).order_by(None)
    known = sa.select(*plain(counts, ("span", *DIMENSIONS)), *[-counts.c[name] for name in VALUES]).where(
        counts.c.span == span, counts.c.day.between(month, last)
    )
    both = sa.union_all(wanted, known).subquery()
    keys = [both.c[name] for name in ("span", *DIMENSIONS)]
    sums = [sa.func.sum(both.c[name]) for name in VALUES]
    labelled = [total.label(name) for total, name in zip(sums, VALUES, strict=True)]
    return sa.select(*keys, *labelled).group_by(*keys).having(sa.or_(*[total != 0 for total in sums])).order_by(*keys)


def plain(rows: sa.FromClause, names: Iterable[str]) -> list[ColumnElement[Any]]:
    """Columns of counters as cells have them: an enum is text, so that both can stand in one union."""
    return [
        sa.cast(rows.c[name], sa.String(40)) if isinstance(rows.c[name].type, sa.Enum) else rows.c[name]
        for name in names
    ]


@dataclass(frozen=True, slots=True)
class Cut:
    """Which answers are looked at; what is None is not cut."""

    since: date | None = None
    until: date | None = None
    organization_id: UUID | None = None
    municipalities: Sequence[str] | None = None
    source: SubmissionSource | None = None
    form_ids: Sequence[UUID] | None = None

    def holds(self, rows: sa.Table) -> list[Any]:
        """The conditions that submissions or comments lie in it."""
        bounds = [rows.c.counted_on >= self.since] if self.since else []
        bounds += [rows.c.counted_on <= self.until] if self.until else []
        return [*bounds, *_filters(rows, self)]


async def read(
    session: AsyncSession, question: Counted, cut: Cut, group: str | None = None, *, by_day: bool = False
) -> list[sa.Row[Any]]:
    """The counters of a question: rows of `row_key`, `group` and n1…n5, the tail added, in one statement.

    `group` is a dimension. Months that lie whole in the period are read as such, unless days are wanted (`by_day`).
    """
    days = [counts.c.day >= cut.since] if cut.since else []
    days += [counts.c.day <= cut.until] if cut.until else []
    spans = [sa.and_(counts.c.span == Span.DAY, *days)] if by_day else _spans(cut.since, cut.until)
    names = ("row_key", group or "question", *VALUES)
    folded = sa.select(*[_plain(counts.c[name]).label(name) for name in names])
    folded = folded.where(counts.c.question == question, sa.or_(*spans), *_filters(counts, cut))
    parts = [folded]
    if question in ANSWERED:
        (cell,) = cells(tail, tail.c.sign, dialect_of(session), [question], *_filters(tail, cut))
        waiting = cell.subquery()
        fresh = sa.select(*[waiting.c[name] for name in names])
        fresh = fresh.where(*[waiting.c.day >= cut.since] if cut.since else [])
        parts.append(fresh.where(*[waiting.c.day <= cut.until] if cut.until else []))
    both = sa.union_all(*parts).subquery()
    keys = [both.c.row_key, both.c[names[1]].label("group")]
    sums = [sa.func.sum(both.c[name]).label(name) for name in VALUES]
    query = sa.select(*keys, *sums).group_by(both.c.row_key, both.c[names[1]])
    return list((await session.exec(query)).all())  # type: ignore[call-overload]


def _plain(column: Any) -> Any:
    return sa.cast(column, sa.String(40)) if isinstance(column.type, sa.Enum) else column


def _filters(rows: sa.Table, cut: Cut) -> list[Any]:
    wanted = []
    if cut.organization_id is not None:
        wanted.append(rows.c.organization_id == cut.organization_id)
    if cut.municipalities is not None:
        wanted.append(rows.c.municipality.in_(cut.municipalities))
    if cut.source is not None:
        wanted.append(rows.c.source == cut.source)
    if cut.form_ids is not None:
        wanted.append(rows.c.form_id.in_(cut.form_ids))
    return wanted


def _spans(since: date | None, until: date | None) -> list[Any]:
    """The conditions that together hold every day of a period once: whole months, and days at its edges."""
    first = since if since is None or since.day == 1 else clock.next_month(since.replace(day=1))
    behind = None if until is None else (until + timedelta(days=1)).replace(day=1)
    if first is not None and behind is not None and first >= behind:
        return [sa.and_(counts.c.span == Span.DAY, counts.c.day.between(since, until))]
    whole = [counts.c.span == Span.MONTH]
    whole += [counts.c.day >= first] if first is not None else []
    whole += [counts.c.day < behind] if behind is not None else []
    spans = [sa.and_(*whole)]
    if since != first:
        spans.append(sa.and_(counts.c.span == Span.DAY, counts.c.day >= since, counts.c.day < first))
    if until is not None:
        spans.append(sa.and_(counts.c.span == Span.DAY, counts.c.day >= behind, counts.c.day <= until))
    return spans
