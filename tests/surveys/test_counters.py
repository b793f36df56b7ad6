"""Counters equal a plain recount after any storing, correction, folding and reading (O-11)."""

import random
from collections import Counter
from datetime import date, timedelta
from typing import Any

import pytest
from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core import clock
from app.core.ids import new_id
from app.interaction_points.models import Point
from app.organizations import service as organizations
from app.surveys import counter_repair, counters
from app.surveys.models.counts import AnswerCount, UncountedAnswer
from app.surveys.models.submissions import SurveySubmission
from app.surveys.queries import load_form_in_force
from app.surveys.rules.counts import Counted, Span
from app.surveys.rules.submissions import SubmissionSource
from tests.conftest import Api, JoinedDatabase
from tests.surveys.factories import SOURCES, by_key, submit, subordinate

FIRST = date(2026, 1, 20)
KEYS = {Counted.SOURCE_USAGE: 3, Counted.EASE_OF_FINDING: 5}


async def store_submissions(session: AsyncSession, chance: random.Random, many: int) -> list[SurveySubmission]:
    """Store random submissions of a quarter, of two organizations."""
    ministry = await organizations.get_ministry(session)
    whose = [ministry.id, await subordinate(session)]
    form = await load_form_in_force(session, "information-access", clock.today())
    assert form is not None
    points = [None, *(await session.exec(select(Point.id))).all()]
    rows = []
    for _ in range(many):
        satisfaction = chance.choice([1, 2])
        per_source = {key: {s: chance.randint(1, most) for s in SOURCES} for key, most in KEYS.items()}
        rows.append(
            SurveySubmission(
                id=new_id(),
                form_id=form.id,
                form=form.key,
                form_version=form.form_version,
                organization_id=chance.choice(whose),
                municipality=chance.choice([None, "50701000", "50708000"]),
                received_at=clock.now(),
                counted_on=FIRST + timedelta(days=chance.randrange(90)),
                source=chance.choice(list(SubmissionSource)),
                satisfaction=satisfaction,
                answers=by_key(satisfaction, **per_source),
                came_from_point_id=chance.choice(points),
            )
        )
    session.add_all(rows)
    await session.flush()
    return rows


def recount(rows: list[SurveySubmission], question: Counted, group: str) -> Counter[Any]:
    """Count in plain Python: (row, group, value) → number."""
    found: Counter[Any] = Counter()
    for row in rows:
        by = "" if getattr(row, group) is None else getattr(row, group)
        if question is Counted.SATISFACTION:
            found["", by, row.satisfaction] += 1
        elif question is Counted.CAME_FROM:
            if row.came_from_point_id:
                found[row.came_from_point_id.hex, by, row.satisfaction] += 1
        else:
            for source, value in row.answers[question.value].items():
                found[source, by, value] += 1
    return found


async def read_counts(
    session: AsyncSession, question: Counted, cut: counters.Cut, group: str, **more: Any
) -> Counter[Any]:
    """Return the same counts from the counters."""
    rows = await counters.read(session, question, cut, group, **more)
    found = Counter({(r.row_key, r.group, value): int(r[1 + value]) for r in rows for value in range(1, 6)})
    return +found


@pytest.mark.order("O-11")
@pytest.mark.parametrize("seed", range(3))
async def test_counters_equal_a_plain_recount(session: AsyncSession, seed: int) -> None:
    chance = random.Random(seed)
    rows = await store_submissions(session, chance, 120)
    await counters.count(session, rows[:70])
    assert await counters.fold(session) == 70
    await counters.count(session, rows[70:])  # the tail is counted as well
    removed = chance.sample(rows, 10)
    await counters.count(session, removed, sign=-1)
    left = [row for row in rows if row not in removed]
    for _ in range(12):
        since = chance.choice([None, FIRST + timedelta(days=chance.randrange(90))])
        until = chance.choice([None, (since or FIRST) + timedelta(days=chance.randrange(70))])
        organization = chance.choice([None, rows[0].organization_id])
        cut = counters.Cut(since, until, organization, chance.choice([None, ["50701000"]]))
        inside = [
            row
            for row in left
            if (since is None or row.counted_on >= since)
            and (until is None or row.counted_on <= until)
            and (organization is None or row.organization_id == organization)
            and (cut.municipalities is None or row.municipality in cut.municipalities)
        ]
        for question in counters.ANSWERED:
            for group in ("municipality", "organization_id", "source", "form_id"):
                expected = recount(inside, question, group)
                assert await read_counts(session, question, cut, group) == expected, (cut, question, group)
            days = {(k, d, v): n for (k, d, v), n in recount(inside, question, "counted_on").items()}
            assert await read_counts(session, question, cut, "day", by_day=True) == days
        while await counters.fold(session):
            cut_again = await read_counts(session, Counted.SATISFACTION, cut, "source")
            assert cut_again == recount(inside, Counted.SATISFACTION, "source")


@pytest.mark.order("O-11")
async def test_a_recount_finds_and_repairs_differences(session: AsyncSession) -> None:
    rows = await store_submissions(session, random.Random(7), 60)
    await counters.count(session, rows)
    await counters.fold(session)
    await counters.count(session, rows[:5], sign=-1)
    await counters.count(session, rows[:5])  # half the work is in the tail
    every = [(month, span) for month in await counter_repair.load_months(session) for span in Span]
    assert [await counter_repair.find_drift(session, *place) for place in every] == [[]] * len(every)
    one = (await session.exec(select(AnswerCount).where(AnswerCount.span == Span.DAY, AnswerCount.n1 > 0))).first()
    assert one is not None
    one.n1 += 3
    month = one.day.replace(day=1)
    await session.flush()
    (wrong,) = await counter_repair.find_drift(session, month, Span.DAY)
    assert (wrong.day, wrong.question, wrong.n1, wrong.n2) == (one.day, one.question, -3, 0)
    assert await counter_repair.find_drift(session, month, Span.MONTH) == []
    assert await counter_repair.repair(session, month, Span.DAY) == 1
    assert await counter_repair.find_drift(session, month, Span.DAY) == []
    uncounted = await store_copy(session, rows[0])
    assert len(await counter_repair.find_drift(session, uncounted.counted_on.replace(day=1), Span.MONTH)) >= 9
    for place in every:
        await counter_repair.repair(session, *place)
    assert [await counter_repair.find_drift(session, *place) for place in every] == [[]] * len(every)


async def store_copy(session: AsyncSession, row: SurveySubmission) -> SurveySubmission:
    """Store the same answers again, bypassing the counters."""
    copy = SurveySubmission(**row.model_dump(exclude={"id"}))
    session.add(copy)
    await session.flush()
    return copy


@pytest.mark.order("O-11")
async def test_a_submission_is_counted_without_free_text(api: Api, database: JoinedDatabase) -> None:
    assert (await submit(api, by_key())).status_code == 201
    async with database.transaction() as session:
        assert (await read_counts(session, Counted.SATISFACTION, counters.Cut(), "source"))["", "web", 1] == 1
        tail_row = (await session.exec(select(UncountedAnswer))).one()
    assert tail_row.answers == {key: by_key()[key] for key in ("source_usage", "ease_of_finding")}
