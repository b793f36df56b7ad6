"""The cache of a value by its version in the database: never stale, loaded once, kept when a load fails."""

import asyncio
import gc
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
import sqlalchemy as sa
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.db import Database
from app.core.versioned_cache import VersionedCache
from tests.conftest import settings_for


async def run(session: AsyncSession, statement: str, **values: object) -> sa.CursorResult[Any]:
    return await (await session.connection()).execute(sa.text(statement), values)


class Source:
    """A row with a version and a text, and the number of loads of the text."""

    def __init__(self) -> None:
        self.loads = 0
        self.fails = False
        self.has_started, self.may_finish = asyncio.Event(), asyncio.Event()
        self.may_finish.set()
        self.cache = VersionedCache(self.read_version, self.load)

    async def read_version(self, session: AsyncSession) -> int:
        return int((await run(session, "SELECT version FROM cached")).scalar_one())

    async def load(self, session: AsyncSession) -> str:
        self.loads += 1
        text = str((await run(session, "SELECT value FROM cached")).scalar_one())
        self.has_started.set()
        await self.may_finish.wait()
        if self.fails:
            raise RuntimeError
        return text


@pytest.fixture
def source() -> Source:
    return Source()


@pytest_asyncio.fixture
async def first(fresh_database: str, tmp_path: Path) -> AsyncIterator[Database]:
    """Yield a database with the cached row; `second` is another process on the same database."""
    database = Database(settings_for(fresh_database, tmp_path))
    async with database.transaction() as session:
        await run(session, "CREATE TABLE cached (version INTEGER, value TEXT)")
        await run(session, "INSERT INTO cached VALUES (1, 'one')")
    yield database
    await database.close()


@pytest_asyncio.fixture
async def second(first: Database, fresh_database: str, tmp_path: Path) -> AsyncIterator[Database]:
    database = Database(settings_for(fresh_database, tmp_path))
    yield database
    await database.close()


async def change(database: Database, version: int, value: str) -> None:
    async with database.transaction() as session:
        await write(session, version, value)


async def write(session: AsyncSession, version: int, value: str) -> None:
    await run(session, "UPDATE cached SET version = :version, value = :value", version=version, value=value)


async def get(database: Database, source: Source) -> str:
    async with database.transaction(write=False) as session:
        return await source.cache.get(session)


async def test_a_value_is_loaded_once_per_version(first: Database, source: Source) -> None:
    assert [await get(first, source), await get(first, source)] == ["one", "one"]
    assert source.loads == 1


async def test_a_commit_of_another_process_is_visible(first: Database, second: Database, source: Source) -> None:
    await get(first, source)
    await change(second, 2, "two")
    assert await get(first, source) == "two"


async def test_the_version_of_the_own_transaction_counts(first: Database, second: Database, source: Source) -> None:
    """An old snapshot gets the value of its own version, and does not leave it to newer transactions."""
    async with first.transaction(write=False) as old:
        assert await source.cache.get(old) == "one"
        await change(second, 2, "two")
        assert await get(first, source) == "two"
        assert await source.cache.get(old) == "one"
    assert await get(first, source) == "two"


async def test_an_own_change_is_visible_before_its_commit_and_gone_after_a_rollback(
    first: Database, source: Source
) -> None:
    with pytest.raises(LookupError):
        async with first.transaction() as session:
            await write(session, 2, "two")
            assert await source.cache.get(session) == "two"
            raise LookupError
    assert await get(first, source) == "one"


async def test_the_next_caller_loads_after_a_failing_load(first: Database, source: Source) -> None:
    source.fails = True
    with pytest.raises(RuntimeError):
        await get(first, source)
    source.fails = False
    assert await get(first, source) == "one"


async def test_a_failing_load_keeps_the_previous_value(first: Database, second: Database, source: Source) -> None:
    async with first.transaction(write=False) as old:
        await source.cache.get(old)
        await change(second, 2, "two")
        source.fails = True
        with pytest.raises(RuntimeError):
            await get(first, source)
        assert await source.cache.get(old) == "one"
    assert source.loads == 2


async def test_concurrent_callers_load_once(first: Database, source: Source) -> None:
    source.may_finish.clear()
    callers = [asyncio.create_task(get(first, source)) for _ in range(4)]
    await asyncio.sleep(0.2)
    source.may_finish.set()
    assert await asyncio.gather(*callers) == ["one"] * 4
    assert source.loads == 1


async def test_a_caller_with_a_newer_version_does_not_get_the_value_that_is_being_loaded(
    first: Database, second: Database, source: Source
) -> None:
    source.may_finish.clear()
    early = asyncio.create_task(get(first, source))
    await source.has_started.wait()
    await change(second, 2, "two")
    late = asyncio.create_task(get(first, source))
    await asyncio.sleep(0.1)
    source.may_finish.set()
    assert (await early, await late) == ("one", "two")


async def test_the_next_caller_loads_if_the_first_is_cancelled(first: Database, source: Source) -> None:
    source.may_finish.clear()
    cancelled = asyncio.create_task(get(first, source))
    await source.has_started.wait()
    waiting = asyncio.create_task(get(first, source))
    await asyncio.sleep(0.1)
    cancelled.cancel()
    source.may_finish.set()
    assert await waiting == "one"


async def test_each_database_has_its_own_value(first: Database, second: Database, source: Source) -> None:
    assert [await get(first, source), await get(second, source)] == ["one", "one"]
    assert source.loads == 2


async def test_the_value_is_released_with_its_database(first: Database, fresh_database: str, tmp_path: Path) -> None:
    source = Source()
    other = Database(settings_for(fresh_database, tmp_path))
    await get(other, source)
    assert len(source.cache._entries) == 1
    await other.close()
    del other
    gc.collect()
    assert len(source.cache._entries) == 0
