"""Compare the PostgreSQL drivers psycopg and asyncpg in one run on a separate cluster. `make bench`.

Prints the transactions per second of each (16 concurrent) and their ratio. The decision is
docs/decisions/0001-psycopg-for-postgresql.md.
"""

import asyncio
import json
import time
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from app.core.ids import new_id
from tests.postgres import PostgresCluster

CONCURRENCY = 16
SECONDS = 4.0
ROUNDS = 3

metadata = sa.MetaData()
submissions = sa.Table(
    "submissions",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("satisfaction", sa.SmallInteger, nullable=False),
    sa.Column("answers", sa.JSON, nullable=False),
)
ANSWERS = {"source_usage": {"vk": 3, "ok": 3}, "ease_of_finding": {"vk": 4, "ok": 4}, "comments": {"vk": "нет"}}


async def measure_rate(engine: AsyncEngine) -> float:
    """Measure transactions per second; each is one INSERT and one SELECT by key, like a request."""
    stop = time.monotonic() + SECONDS
    done = 0

    async def work() -> None:
        nonlocal done
        while time.monotonic() < stop:
            key: UUID = new_id()
            async with engine.begin() as connection:
                await connection.execute(submissions.insert().values(id=key, satisfaction=1, answers=ANSWERS))
                await connection.execute(sa.select(submissions).where(submissions.c.id == key))
            done += 1

    await asyncio.gather(*[work() for _ in range(CONCURRENCY)])
    return done / SECONDS


async def main() -> None:
    """Measure both drivers in turns, so that the load of the machine affects both equally."""
    with PostgresCluster(fsync=True) as cluster:
        cluster.create_database("bench")
        address = cluster.url("bench").removeprefix("postgresql://")
        engines = {
            driver: create_async_engine(f"postgresql+{driver}://{address}", pool_size=8, max_overflow=0)
            for driver in ("psycopg", "asyncpg")
        }
        async with engines["psycopg"].begin() as connection:
            await connection.run_sync(metadata.create_all)
        rates: dict[str, list[float]] = {driver: [] for driver in engines}
        for _ in range(ROUNDS):
            for driver, engine in engines.items():
                rates[driver].append(await measure_rate(engine))
        for engine in engines.values():
            await engine.dispose()
    best = {driver: max(values) for driver, values in rates.items()}
    print(json.dumps({"transactions_per_second": best, "asyncpg_to_psycopg": best["asyncpg"] / best["psycopg"]}))


if __name__ == "__main__":
    asyncio.run(main())
