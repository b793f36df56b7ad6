"""Counters of answers, which give the figures of any period without reading the submissions (O-11).

An upsert per submission would serialize writers on the most frequent cell. So `count` only inserts a row into the tail
in the transaction that stores, corrects or removes a submission. The worker folds the tail into the counters; readers
add the rest of the tail in the same statement, and so in the same snapshot. An answer is therefore in the figures from
the commit that stores it, and no reader sees a half-done fold.
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
from app.surveys.models.comments import SurveyComment, UnreadComments
from app.surveys.models.counts import AnswerCount, UncountedAnswer
from app.surveys.models.submissions import SurveySubmission
from app.surveys.rules.counts import Counted, Span
from app.surveys.rules.submissions import SubmissionSource

FOLDED_AT_ONCE = 1000
NOT_GIVEN = ""
"""The municipality if none was given: NULLs are distinct in a unique key."""
MAX_VALUE = 5
PER_SOURCE = (Counted.SOURCE_USAGE, Counted.EASE_OF_FINDING)
ANSWERED = (Counted.SATISFACTION, *PER_SOURCE, Counted.CAME_FROM)
"""The questions that are counted with the submission."""

counts: sa.Table = SQLModel.metadata.tables["survey_counts"]
tail: sa.Table = SQLModel.metadata.tables["survey_count_tail"]
submissions: sa.Table = SQLModel.metadata.tables["survey_submissions"]
comments: sa.Table = SQLModel.metadata.tables["survey_comments"]

DIMENSIONS = ("question", "day", "organization_id", "form_id", "municipality", "source", "row_key")
VALUES = ("n1", "n2", "n3", "n4", "n5")
COPIED = ("organization_id", "form_id", "municipality", "source", "counted_on", "came_from_point_id", "satisfaction")


async def count(session: AsyncSession, rows: Iterable[SurveySubmission], *, sign: Literal[1, -1] = 1) -> None:
    """Count submissions, or with −1 remove them from the figures, in the transaction that changes them.

    A correction removes the old answers and adds the new ones; an import adds all that it makes visible.
    """
    rows_to_insert = [
        {
            "id": new_id(),
            "submission_id": row.id,
            "sign": sign,
            **{name: getattr(row, name) for name in COPIED},
            "answers": {question.value: row.answers.get(question.value, {}) for question in PER_SOURCE},
        }
        for row in rows
    ]
    if rows_to_insert:
        await session.exec(sa.insert(UncountedAnswer), params=rows_to_insert)


async def count_chosen(session: AsyncSession, chosen: sa.Select[Any]) -> None:
    """Count the submissions with the selected ids in one statement; used for thousands at once."""
    build_object = sa.func.jsonb_build_object if dialect_of(session) == "postgresql" else sa.func.json_object
    parts = [part for q in PER_SOURCE for part in (sa.literal(q.value, sa.Text), _extract_part(session, q.value))]
    columns = [submissions.c.id, submissions.c.id.label("submission_id"), sa.literal(1)]
    columns += [submissions.c[name] for name in COPIED]
    query = sa.select(*columns, build_object(*parts)).where(submissions.c.id.in_(chosen))
    names = ["id", "submission_id", "sign", *COPIED, "answers"]
    await session.exec(sa.insert(UncountedAnswer).from_select(names, query))


def _extract_part(session: AsyncSession, key: str) -> Any:
    if dialect_of(session) == "postgresql":
        return submissions.c.answers[key]
    return sa.func.json_extract(submissions.c.answers, f"$.{key}")


def dialect_of(session: AsyncSession) -> str:
    """Return `sqlite` or `postgresql`: their JSON and date functions differ."""
    name: str = session.get_bind().dialect.name
    return name


def select_cells(
    rows: sa.Table, sign: Any, dialect: str, questions: Iterable[Counted], *where: Any
) -> list[sa.Select[Any]]:
    """Select the answers of submissions or of the tail as counter rows, one for each counted cell of the form.

    Returns a select per question, to be combined by UNION ALL.
    """
    return [_select_cells(rows, sign, dialect, question).where(*where) for question in questions]


def _select_cells(rows: sa.Table, sign: Any, dialect: str, question: Counted) -> sa.Select[Any]:
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
        # One database stores a UUID with hyphens, the other without; source keys have none.
        sa.func.replace(sa.cast(row_key, sa.String(64)), "-", "").label("row_key"),
        *[sa.case((value == place, sign), else_=0).label(f"n{place}") for place in range(1, MAX_VALUE + 1)],
    ).where(*conditions)


async def add_comments(session: AsyncSession, signed: Iterable[tuple[SurveyComment, Literal[1, -1]]]) -> None:
    """Count indexed comments, or with −1 deleted ones, in the transaction that changes them."""
    found: dict[tuple[Any, ...], list[int]] = {}
    for row, sign in signed:
        for span, day in ((Span.DAY, row.counted_on), (Span.MONTH, row.counted_on.replace(day=1))):
            whose = (row.organization_id, row.form_id, row.municipality, row.source, row.row_key)
            found.setdefault((span, Counted.COMMENTS, day, *whose), [0] * MAX_VALUE)[row.score - 1] += sign
    changes = [(key, added) for key, added in found.items() if any(added)]
    rows = [
        dict(zip(("span", *DIMENSIONS, *VALUES), (*key, *added), strict=True))
        for key, added in sorted(changes, key=lambda one: str(one[0]))
    ]
    if rows:
        await add_counts(session, build_insert(session, AnswerCount).values(rows))


def sum_cells(parts: Sequence[sa.Select[Any]], span: Span) -> sa.Select[Any]:
    """Cells added up to rows of counters, in the order of their key."""
    found = sa.union_all(*parts).subquery()
    keys = [found.c[name] for name in DIMENSIONS]
    if span is Span.MONTH:
        keys[DIMENSIONS.index("day")] = month_of(found.c.day).label("day")
    sums = [sa.func.sum(found.c[name]).label(name) for name in VALUES]
    return sa.select(sa.literal(span.value, sa.String(40)).label("span"), *keys, *sums).group_by(*keys).order_by(*keys)


async def add_counts(session: AsyncSession, statement: Any) -> None:
    """Add rows to the counters, in the order of their key, so that concurrent upserts cannot deadlock."""
    added = {name: counts.c[name] + statement.excluded[name] for name in VALUES}
    await session.exec(statement.on_conflict_do_update(index_elements=list(counts.primary_key.columns), set_=added))


async def is_tail_waiting(session: AsyncSession) -> bool:
    """Return whether the tail has rows; asked first, so that an idle worker takes no write lock."""
    return (await session.exec(sa.select(tail.c.id).limit(1))).first() is not None  # type: ignore[call-overload]


async def fold(session: AsyncSession) -> int:
    """Fold a part of the tail into the counters; return the number of its rows. Two workers fold different parts."""
    oldest = sa.select(tail.c.id).order_by(tail.c.id).limit(FOLDED_AT_ONCE).with_for_update(skip_locked=True)
    ids = list((await session.exec(oldest)).scalars().all())  # type: ignore[call-overload]
    if ids:
        dialect = dialect_of(session)
        parts = select_cells(tail, tail.c.sign, dialect, ANSWERED, tail.c.id.in_(ids))
        for span in Span:
            sums = sum_cells(parts, span)
            await add_counts(
                session, build_insert(session, AnswerCount).from_select(["span", *DIMENSIONS, *VALUES], sums)
            )
        await _queue_comments(session, ids)
        await session.exec(sa.delete(tail).where(tail.c.id.in_(ids)))
    return len(ids)


async def _queue_comments(session: AsyncSession, ids: Sequence[UUID]) -> None:
    """Queue submissions that have or had comments for indexing; submissions of every writer pass here."""
    answers = submissions.c.answers["comments"]
    text = sa.cast(answers, sa.Text) if dialect_of(session) == "postgresql" else sa.func.json(answers)
    has = sa.exists().where(submissions.c.id == tail.c.submission_id, text != "{}")
    had = sa.exists().where(comments.c.submission_id == tail.c.submission_id)
    found = sa.select(tail.c.submission_id).distinct().where(tail.c.id.in_(ids), sa.or_(has, had))
    statement = build_insert(session, UnreadComments).from_select(
        ["submission_id"], found.order_by(tail.c.submission_id)
    )
    # An indexer at work has read the old text and will delete the inbox row: this update waits for it.
    again = {"submission_id": statement.excluded.submission_id}
    await session.exec(statement.on_conflict_do_update(index_elements=["submission_id"], set_=again))


def cast_enums(rows: sa.FromClause, names: Iterable[str]) -> list[ColumnElement[Any]]:
    """Return counter columns with enums cast to text, so that both sides fit into one union."""
    return [_cast_enum(rows.c[name]) for name in names]


@dataclass(frozen=True, slots=True)
class Cut:
    """A filter of counted answers; None does not filter."""

    since: date | None = None
    until: date | None = None
    organization_id: UUID | None = None
    municipalities: Sequence[str] | None = None
    source: SubmissionSource | None = None
    form_ids: Sequence[UUID] | None = None

    def holds(self, rows: sa.Table) -> list[Any]:
        """Return the conditions on submissions or comments."""
        bounds = [rows.c.counted_on >= self.since] if self.since else []
        bounds += [rows.c.counted_on <= self.until] if self.until else []
        return [*bounds, *_build_filters(rows, self)]


async def read(
    session: AsyncSession, question: Counted, cut: Cut, group: str | None = None, *, by_day: bool = False
) -> list[sa.Row[Any]]:
    """Read the counters of a question: rows of `row_key`, `group` and n1…n5, with the tail, in one statement.

    `group` is a dimension. Whole months of the period are read as months, unless `by_day` is set.
    """
    days = [counts.c.day >= cut.since] if cut.since else []
    days += [counts.c.day <= cut.until] if cut.until else []
    spans = [sa.and_(counts.c.span == Span.DAY, *days)] if by_day else _build_spans(cut.since, cut.until)
    names = ("row_key", group or "question", *VALUES)
    folded = sa.select(*[_cast_enum(counts.c[name]).label(name) for name in names])
    folded = folded.where(counts.c.question == question, sa.or_(*spans), *_build_filters(counts, cut))
    parts = [folded]
    if question in ANSWERED:
        (cell,) = select_cells(tail, tail.c.sign, dialect_of(session), [question], *_build_filters(tail, cut))
        waiting = cell.subquery()
        fresh = sa.select(*[waiting.c[name] for name in names])
        fresh = fresh.where(*[waiting.c.day >= cut.since] if cut.since else [])
        parts.append(fresh.where(*[waiting.c.day <= cut.until] if cut.until else []))
    both = sa.union_all(*parts).subquery()
    keys = [both.c.row_key, both.c[names[1]].label("group")]
    sums = [sa.func.sum(both.c[name]).label(name) for name in VALUES]
    query = sa.select(*keys, *sums).group_by(both.c.row_key, both.c[names[1]])
    return list((await session.exec(query)).all())  # type: ignore[call-overload]


def _cast_enum(column: Any) -> Any:
    return sa.cast(column, sa.String(40)) if isinstance(column.type, sa.Enum) else column


def _build_filters(rows: sa.Table, cut: Cut) -> list[Any]:
    conditions = []
    if cut.organization_id is not None:
        conditions.append(rows.c.organization_id == cut.organization_id)
    if cut.municipalities is not None:
        conditions.append(rows.c.municipality.in_(cut.municipalities))
    if cut.source is not None:
        conditions.append(rows.c.source == cut.source)
    if cut.form_ids is not None:
        conditions.append(rows.c.form_id.in_(cut.form_ids))
    return conditions


def _build_spans(since: date | None, until: date | None) -> list[Any]:
    """Return the conditions that cover every day of a period once: whole months, and days at its edges."""
    first = since if since is None or since.day == 1 else clock.next_month(since.replace(day=1))
    end = None if until is None else (until + timedelta(days=1)).replace(day=1)
    if first is not None and end is not None and first >= end:
        return [sa.and_(counts.c.span == Span.DAY, counts.c.day.between(since, until))]
    whole = [counts.c.span == Span.MONTH]
    whole += [counts.c.day >= first] if first is not None else []
    whole += [counts.c.day < end] if end is not None else []
    spans = [sa.and_(*whole)]
    if since != first:
        spans.append(sa.and_(counts.c.span == Span.DAY, counts.c.day >= since, counts.c.day < first))
    if until is not None:
        spans.append(sa.and_(counts.c.span == Span.DAY, counts.c.day >= end, counts.c.day <= until))
    return spans
