"""Comments are read in by the worker: masked, searched by dictionary forms, counted exactly (A-1.23x)."""

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
from app.surveys import comment_indexer, counters
from app.surveys.models import CommentLemma, Span, SurveyComment, SurveySubmission, UnreadComments
from app.worker import fold_counters, index_comments
from tests.conftest import JoinedDatabase, settings_for
from tests.monitoring.factories import answered, submissions_of

DAY = date(2026, 11, 24)


async def worked_off(database: Database) -> None:
    """Everything the worker has to do about submissions."""
    while await fold_counters(database):
        pass
    while await index_comments(database):
        pass


async def kept(session: AsyncSession) -> list[tuple[str, int, str]]:
    rows = (await session.exec(select(SurveyComment).order_by(col(SurveyComment.row_key)))).all()
    return [(row.row_key, row.score, row.text) for row in rows]


async def drifted(session: AsyncSession) -> list[Any]:
    months = await counters.months(session)
    return [row for month in months for span in Span for row in await counters.find_drift(session, month, span)]


@pytest.mark.order("A-1.23x", "O-11")
async def test_comments_follow_their_submission_whoever_wrote_it(database: JoinedDatabase) -> None:
    said = {"comments": {"telegram": "Нет телефона: звонил на +7 913 123-45-67"}}
    async with database.transaction() as session:
        (row,) = await answered(session, 1, 1, DAY, answers=said)
        await answered(session, 3, 3, DAY, answers={"comments": {}})
    await worked_off(database)
    async with database.transaction() as session:
        assert await kept(session) == [("telegram", 2, "Нет телефона: звонил на [телефон]")]
        forms = (await session.exec(select(CommentLemma.lemma))).all()
        assert {"телефон", "звонить", "нет"} <= set(forms) and not {"913", "45"} & set(forms)
        assert (await session.exec(select(UnreadComments))).all() == []
        assert await drifted(session) == []
    async with database.transaction() as session:  # a correction: the old answers out, the new ones in
        stored = await session.get_one(SurveySubmission, row.id)
        await counters.count(session, [stored], sign=-1)
        scores = stored.answers["ease_of_finding"] | {"vk": 1}
        texts = {"vk": "Нет адреса", "telegram": said["comments"]["telegram"]}
        stored.answers = stored.answers | {"ease_of_finding": scores, "comments": texts}
        await session.flush()
        await counters.count(session, [stored])
        before = (await session.exec(select(SurveyComment.id))).all()
    await worked_off(database)
    async with database.transaction() as session:
        assert await kept(session) == [
            ("telegram", 2, "Нет телефона: звонил на [телефон]"),
            ("vk", 1, "Нет адреса"),
        ]
        assert set(before) < set((await session.exec(select(SurveyComment.id))).all()), "what stayed is the same row"
        assert await drifted(session) == []
    async with database.transaction() as session:
        stored = await session.get_one(SurveySubmission, row.id)
        await counters.count(session, [stored], sign=-1)
        await session.delete(stored)
    await worked_off(database)
    async with database.transaction() as session:
        assert await kept(session) == []
        assert (await session.exec(select(CommentLemma))).all() == []
        assert await drifted(session) == []


@pytest.mark.order("A-1.23x", "O-11")
async def test_what_becomes_visible_by_thousands_is_read_in_too(database: JoinedDatabase) -> None:
    async with database.transaction() as session:
        rows = await submissions_of(session, 3, 3, DAY, answers={"comments": {"vk": "Нет адреса"}})
        session.add_all(rows)
        await session.flush()
        wanted = sa.select(col(SurveySubmission.id)).where(col(SurveySubmission.id).in_([row.id for row in rows[:2]]))
        await counters.count_chosen(session, wanted)
    await worked_off(database)
    async with database.transaction() as session:
        assert await kept(session) == [("vk", 4, "Нет адреса")] * 2


@pytest.mark.order("O-11")
async def test_a_recount_finds_comments_that_are_not_counted(database: JoinedDatabase) -> None:
    async with database.transaction() as session:
        await answered(session, 2, 2, DAY, answers={"comments": {"vk": "Нет адреса"}})
    await worked_off(database)
    async with database.transaction() as session:
        await session.delete((await session.exec(select(SurveyComment).limit(1))).one())
        await session.flush()
        (day, _) = await drifted(session)
        assert (day.question, day.row_key, day.n4) == ("comments", "vk", -1)
        await counters.repair(session, DAY.replace(day=1), Span.DAY)
        await counters.repair(session, DAY.replace(day=1), Span.MONTH)
        assert await drifted(session) == []


async def test_what_changed_while_it_was_read_waits_for_its_turn(
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
        assert await kept(session) == []
    assert await comment_indexer.index_comments(database) == 1
    async with database.transaction() as session:
        assert await kept(session) == [("vk", 4, "Нет карты")]


async def test_what_is_corrected_and_folded_while_it_is_written_is_read_in_again(
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

    read, tasks = comment_indexer._submissions, []

    async def read_and_corrected(session: AsyncSession, ids: Sequence[UUID]) -> Sequence[SurveySubmission]:
        rows = await read(session, ids)
        if session.info.get("writes"):
            tasks.append(asyncio.create_task(corrected()))
            await asyncio.sleep(0.5)
        return rows

    write = comment_indexer._write

    async def writing(session: AsyncSession, *more: Any) -> int:
        session.info["writes"] = True
        return await write(session, *more)

    with monkeypatch.context() as patched:
        patched.setattr(comment_indexer, "_submissions", read_and_corrected)
        patched.setattr(comment_indexer, "_write", writing)
        assert await comment_indexer.index_comments(database) == 1
    await asyncio.gather(*tasks)
    await worked_off(database)
    async with database.transaction() as session:
        assert await kept(session) == [("vk", 4, "Нет карты")]
    await database.close()


def test_a_hostile_comment_is_bounded() -> None:
    many = comment_indexer.prepare_comment(" ".join(f"слово{place}ф" for place in range(600)))
    assert len(many.lemmas) == comment_indexer.MAX_LEMMAS
    assert comment_indexer.prepare_comment("я" * 4000).lemmas == []
    assert comment_indexer.prepare_comment("🙂").lemmas == []
