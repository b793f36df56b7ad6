"""Comments are indexed by the worker: masked, searchable by dictionary forms, counted exactly (A-1.23x)."""

import asyncio
from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.db import Database
from app.core.settings import Settings
from app.surveys import comment_indexer, counter_repair, counters
from app.surveys.models.comments import CommentLemma, SurveyComment, UnreadComments
from app.surveys.models.submissions import SurveySubmission
from app.surveys.rules.counts import Span
from app.worker import fold_counters, index_comments
from tests.conftest import JoinedDatabase, settings_for
from tests.monitoring.factories import answered, submissions_of

DAY = date(2026, 11, 24)


async def worked_off(database: Database) -> None:
    """Run everything that the worker does about submissions."""
    while await fold_counters(database):
        pass
    while await index_comments(database):
        pass


async def load_comments(session: AsyncSession) -> list[tuple[str, int, str]]:
    rows = (await session.exec(select(SurveyComment).order_by(col(SurveyComment.row_key)))).all()
    return [(row.row_key, row.score, row.text) for row in rows]


async def find_drifts(session: AsyncSession) -> list[Any]:
    months = await counter_repair.load_months(session)
    return [row for month in months for span in Span for row in await counter_repair.find_drift(session, month, span)]


@pytest.mark.order("A-1.23x", "O-11")
async def test_comments_follow_their_submission(database: JoinedDatabase) -> None:
    answers = {"comments": {"telegram": "Нет телефона: звонил на +7 913 123-45-67"}}
    async with database.transaction() as session:
        (row,) = await answered(session, 1, 1, DAY, answers=answers)
        await answered(session, 3, 3, DAY, answers={"comments": {}})
    await worked_off(database)
    async with database.transaction() as session:
        assert await load_comments(session) == [("telegram", 2, "Нет телефона: звонил на [телефон]")]
        forms = (await session.exec(select(CommentLemma.lemma))).all()
        assert {"телефон", "звонить", "нет"} <= set(forms) and not {"913", "45"} & set(forms)
        assert (await session.exec(select(UnreadComments))).all() == []
        assert await find_drifts(session) == []
    async with database.transaction() as session:  # a correction removes the old answers and adds the new ones
        stored = await session.get_one(SurveySubmission, row.id)
        await counters.count(session, [stored], sign=-1)
        scores = stored.answers["ease_of_finding"] | {"vk": 1}
        texts = {"vk": "Нет адреса", "telegram": answers["comments"]["telegram"]}
        stored.answers = stored.answers | {"ease_of_finding": scores, "comments": texts}
        await session.flush()
        await counters.count(session, [stored])
        before = (await session.exec(select(SurveyComment.id))).all()
    await worked_off(database)
    async with database.transaction() as session:
        assert await load_comments(session) == [
            ("telegram", 2, "Нет телефона: звонил на [телефон]"),
            ("vk", 1, "Нет адреса"),
        ]
        assert set(before) < set((await session.exec(select(SurveyComment.id))).all()), (
            "unchanged comments keep their row"
        )
        assert await find_drifts(session) == []
    async with database.transaction() as session:
        stored = await session.get_one(SurveySubmission, row.id)
        await counters.count(session, [stored], sign=-1)
        await session.delete(stored)
    await worked_off(database)
    async with database.transaction() as session:
        assert await load_comments(session) == []
        assert (await session.exec(select(CommentLemma))).all() == []
        assert await find_drifts(session) == []


@pytest.mark.order("A-1.23x", "O-11")
async def test_comments_of_bulk_submissions_are_indexed(database: JoinedDatabase) -> None:
    async with database.transaction() as session:
        rows = await submissions_of(session, 3, 3, DAY, answers={"comments": {"vk": "Нет адреса"}})
        session.add_all(rows)
        await session.flush()
        selected = sa.select(col(SurveySubmission.id)).where(col(SurveySubmission.id).in_([row.id for row in rows[:2]]))
        await counters.count_chosen(session, selected)
    await worked_off(database)
    async with database.transaction() as session:
        assert await load_comments(session) == [("vk", 4, "Нет адреса")] * 2


@pytest.mark.order("O-11")
async def test_a_recount_finds_uncounted_comments(database: JoinedDatabase) -> None:
    async with database.transaction() as session:
        await answered(session, 2, 2, DAY, answers={"comments": {"vk": "Нет адреса"}})
    await worked_off(database)
    async with database.transaction() as session:
        await session.delete((await session.exec(select(SurveyComment).limit(1))).one())
        await session.flush()
        (day, _) = await find_drifts(session)
        assert (day.question, day.row_key, day.n4) == ("comments", "vk", -1)
        await counter_repair.repair(session, DAY.replace(day=1), Span.DAY)
        await counter_repair.repair(session, DAY.replace(day=1), Span.MONTH)
        assert await find_drifts(session) == []


async def test_a_submission_changed_during_indexing_stays_queued(
    database: JoinedDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with database.transaction() as session:
        (row,) = await answered(session, 1, 1, DAY, answers={"comments": {"vk": "Нет адреса"}})
    while await fold_counters(database):
        pass

    async def corrected_meanwhile(work: Any) -> Any:
        async with database.transaction() as session:
            stored = await session.get_one(SurveySubmission, row.id)
            stored.answers = stored.answers | {"comments": {"vk": "Нет карты"}}
        return work()

    with monkeypatch.context() as patched:
        patched.setattr(asyncio, "to_thread", corrected_meanwhile)
        assert await comment_indexer.index_comments(database) == 0
    async with database.transaction() as session:
        assert await load_comments(session) == []
    assert await comment_indexer.index_comments(database) == 1
    async with database.transaction() as session:
        assert await load_comments(session) == [("vk", 4, "Нет карты")]


async def test_a_submission_corrected_during_indexing_is_indexed_again(
    fresh_database: str, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = Database(settings_for(fresh_database, settings.var_dir))
    async with database.transaction() as session:
        (row,) = await answered(session, 1, 1, DAY, answers={"comments": {"vk": "Нет адреса"}})
    while await fold_counters(database):
        pass

    async def corrected() -> None:
        async with database.transaction() as session:
            stored = await session.get_one(SurveySubmission, row.id)
            await counters.count(session, [stored], sign=-1)
            stored.answers = stored.answers | {"comments": {"vk": "Нет карты"}}
            await session.flush()
            await counters.count(session, [stored])
        await fold_counters(database)

    read, tasks = comment_indexer._load_submissions, []

    async def read_and_corrected(session: AsyncSession, ids: Sequence[UUID]) -> Sequence[SurveySubmission]:
        rows = await read(session, ids)
        if session.info.get("writes"):
            tasks.append(asyncio.create_task(corrected()))
            await asyncio.sleep(0.5)
        return rows

    write = comment_indexer._write_comments

    async def writing(session: AsyncSession, *more: Any) -> int:
        session.info["writes"] = True
        return await write(session, *more)

    with monkeypatch.context() as patched:
        patched.setattr(comment_indexer, "_load_submissions", read_and_corrected)
        patched.setattr(comment_indexer, "_write_comments", writing)
        assert await comment_indexer.index_comments(database) == 1
    await asyncio.gather(*tasks)
    await worked_off(database)
    async with database.transaction() as session:
        assert await load_comments(session) == [("vk", 4, "Нет карты")]
    await database.close()


def test_the_lemmas_of_a_huge_comment_are_limited() -> None:
    many = comment_indexer.prepare_comment(" ".join(f"слово{place}ф" for place in range(600)))
    assert len(many.lemmas) == comment_indexer.MAX_LEMMAS
    assert comment_indexer.prepare_comment("я" * 4000).lemmas == []
    assert comment_indexer.prepare_comment("🙂").lemmas == []
