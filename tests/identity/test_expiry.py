"""Expired sessions and counts of failed sign-ins are removed by age; a living session keeps everything."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from sqlmodel import col, func, select

from app.core.settings import Settings
from app.identity.models import RefreshToken, SignInAttempts, TokenFamily
from app.identity.service import expiry
from tests.conftest import JoinedDatabase
from tests.identity.conftest import SECRET, Door

START = datetime(2026, 9, 1, 5, tzinfo=UTC)
KEPT_DAYS = 30


@pytest.fixture
def stopped_clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(START, tick=False) as traveller:
        yield traveller


async def count_rows(database: JoinedDatabase, table: Any) -> int:
    async with database.transaction(write=False) as session:
        return (await session.exec(select(func.count()).select_from(table))).one()


async def delete_expired(database: JoinedDatabase, kept_days: int = KEPT_DAYS) -> int:
    async with database.transaction() as session:
        return await expiry.delete_expired_token_families(session, kept_days=kept_days)


async def refresh(door: Door, token: str) -> Any:
    return await door.token(grant_type="refresh_token", refresh_token=token)


async def test_a_session_that_can_be_refreshed_is_kept_with_its_used_tokens(
    stopped_clock: time_machine.Traveller, door: Door, database: JoinedDatabase, settings: Settings
) -> None:
    first = await door.sign_in()
    second = (await refresh(door, first["refresh_token"])).json()
    stopped_clock.move_to(START + timedelta(days=settings.refresh_token_days, seconds=-1))
    assert await delete_expired(database, kept_days=1) == 0
    third = await refresh(door, second["refresh_token"])
    assert third.status_code == 200
    reused = await refresh(door, first["refresh_token"])
    assert reused.json()["error"] == "invalid_grant"
    ended = await refresh(door, third.json()["refresh_token"])
    assert ended.json()["error"] == "invalid_grant", "the reuse of a used token ends the session"


async def test_an_expired_session_is_deleted_with_its_tokens_after_the_kept_days(
    stopped_clock: time_machine.Traveller, door: Door, database: JoinedDatabase, settings: Settings
) -> None:
    old = await door.sign_in()
    await refresh(door, old["refresh_token"])
    expires = START + timedelta(days=settings.refresh_token_days)
    stopped_clock.move_to(expires)
    await door.sign_in()
    stopped_clock.move_to(expires + timedelta(days=KEPT_DAYS))
    assert await delete_expired(database) == 0
    stopped_clock.shift(timedelta(seconds=1))
    assert await delete_expired(database) == 1
    assert (await count_rows(database, TokenFamily), await count_rows(database, RefreshToken)) == (1, 1)
    assert (await refresh(door, old["refresh_token"])).json()["error"] == "invalid_grant"


async def test_a_revoked_session_is_kept_until_it_has_expired(
    stopped_clock: time_machine.Traveller, door: Door, database: JoinedDatabase, settings: Settings
) -> None:
    payload = await door.sign_in()
    await door.http.post("/auth/revoke", data={"token": payload["refresh_token"]})
    stopped_clock.move_to(START + timedelta(days=KEPT_DAYS + 1))
    assert await delete_expired(database) == 0
    stopped_clock.move_to(START + timedelta(days=KEPT_DAYS + settings.refresh_token_days, seconds=1))
    assert await delete_expired(database) == 1


async def test_sessions_of_api_clients_and_batches(
    stopped_clock: time_machine.Traveller, door: Door, database: JoinedDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(expiry, "DELETE_BATCH", 2)
    for _ in range(3):
        await door.token(grant_type="client_credentials", client_id="platform", client_secret=SECRET)
    stopped_clock.shift(timedelta(days=KEPT_DAYS + 1))
    assert [await delete_expired(database) for _ in range(3)] == [2, 1, 0]


async def test_counts_of_failed_sign_ins_are_deleted_when_their_window_is_over(
    stopped_clock: time_machine.Traveller, door: Door, database: JoinedDatabase, settings: Settings
) -> None:
    await door.token(grant_type="password", username="anna", password="wrong")
    stopped_clock.shift(timedelta(minutes=settings.sign_in_window_minutes))
    await door.token(grant_type="password", username="unknown", password="wrong")
    stopped_clock.shift(timedelta(seconds=1))
    async with database.transaction() as session:
        assert await expiry.delete_expired_attempts(session) == 1
        left = (await session.exec(select(SignInAttempts).where(col(SignInAttempts.failures) == 1))).all()
    assert len(left) == 1, "a count whose window is open still limits the attempts"
