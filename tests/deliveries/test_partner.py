"""A partner process that hangs, fails or responds after the worker was killed (issue 12, point 4)."""

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from app.core.db import Database
from app.deliveries.dispatcher import Dispatcher, DispatchOptions
from app.deliveries.models import Delivery
from app.deliveries.ports import Adapter, Registry
from app.deliveries.rules import DeliveryState, Recovery
from app.integrations.feedback_platform import FeedbackPlatform
from app.messages.delivery import ReplyDeliveries
from tests.conftest import settings_for
from tests.deliveries.factories import PartnerAdapter, Things, get_row, list_outcomes, make_due, queue_thing
from tests.messages.factories import act, approved, message_body, register
from tests.postgres import free_port
from tests.reply_templates.test_review import service
from tests.servers import ROOT

S = DeliveryState


class Partner:
    """The partner's process."""

    def __init__(self, *, dedupes: bool) -> None:
        self.url = f"http://127.0.0.1:{(port := free_port())}"
        command = [sys.executable, "-m", "tests.deliveries.partner", str(port), "dedupes" if dedupes else "plain"]
        self.process = subprocess.Popen(command, cwd=ROOT)
        for _ in range(200):
            with contextlib.suppress(httpx.TransportError):
                self.log()
                return
            time.sleep(0.05)
        raise AssertionError("the partner did not come up")

    def log(self) -> dict[str, Any]:
        """Return the accepted deliveries and the calls received."""
        data: dict[str, Any] = httpx.get(f"{self.url}/log", trust_env=False, timeout=5).json()
        return data

    def set_mode(self, mode: str) -> None:
        """Set the behaviour for the next calls."""
        httpx.post(f"{self.url}/mode", json={"mode": mode}, trust_env=False, timeout=5)


@pytest.fixture
def make_partner() -> Iterator[Callable[..., Partner]]:
    made: list[Partner] = []

    def make(*, dedupes: bool = False) -> Partner:
        made.append(Partner(dedupes=dedupes))
        return made[-1]

    yield make
    for partner in made:
        partner.process.kill()
        partner.process.wait(10)


@pytest.fixture
async def own_database(fresh_database: str, tmp_path: Path) -> AsyncIterator[Database]:
    made = Database(settings_for(fresh_database, tmp_path))
    yield made
    await made.close()


@contextlib.contextmanager
def worker(address: str, partner: Partner, recovery: Recovery) -> Iterator[None]:
    """A worker process, killed at the end of the block."""
    command = [sys.executable, "-m", "tests.deliveries.worker_process", address, partner.url, recovery.value, "30"]
    process = subprocess.Popen(command, cwd=ROOT, start_new_session=True)
    try:
        yield
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(10)


async def wait_for(condition: Callable[[], Any], seconds: float = 30) -> None:
    until = time.monotonic() + seconds
    while not (await data if asyncio.iscoroutine(data := condition()) else data):
        assert time.monotonic() < until, "it did not happen in time"
        await asyncio.sleep(0.05)


@pytest.mark.parametrize(
    ("mode", "recovery", "dedupes", "state", "taken"),
    [
        ("hang", Recovery.REPEATS_SAFELY, True, S.SENT, 1),  # it had arrived: the key is accepted once
        ("lost", Recovery.REPEATS_SAFELY, True, S.SENT, 1),  # it had not
        ("hang", Recovery.LOOKS_UP, False, S.SENT, 1),
        ("lost", Recovery.LOOKS_UP, False, S.SENT, 1),
        ("hang", Recovery.NONE, False, S.UNCERTAIN, 1),
        ("lost", Recovery.NONE, False, S.UNCERTAIN, 0),
    ],
)
async def test_a_worker_killed_between_claim_and_record(
    make_partner: Callable[..., Partner],
    own_database: Database,
    fresh_database: str,
    mode: str,
    recovery: Recovery,
    dedupes: bool,
    state: DeliveryState,
    taken: int,
) -> None:
    partner = make_partner(dedupes=dedupes)
    partner.set_mode(mode)
    first, second = [await queue_thing(own_database, ordering_key="chat") for _ in range(2)]
    with worker(fresh_database, partner, recovery):
        await wait_for(lambda: partner.log()["calls"])
    assert (await get_row(own_database, first)).state is S.SENDING
    partner.set_mode("ok")
    await make_due(own_database)  # the lease expires
    with worker(fresh_database, partner, recovery):

        async def are_finished() -> bool:
            return [(await get_row(own_database, one)).finished_at is not None for one in (first, second)] == [True] * 2

        await wait_for(are_finished)
        await asyncio.sleep(0.5)  # nothing more is sent
    rows: list[Delivery] = [await get_row(own_database, one) for one in (first, second)]
    assert [row.state for row in rows] == [state, S.SENT]
    keys = [one["key"] for one in partner.log()["taken"]]
    assert keys == [rows[0].idempotency_key] * taken + [rows[1].idempotency_key], "once each, in order"
    assert await list_outcomes(own_database) == [f"thing.{state}", "thing.sent"]


async def test_a_partner_that_recovers_receives_each_delivery_once(
    make_partner: Callable[..., Partner], own_database: Database, fresh_database: str
) -> None:
    partner = make_partner()
    partner.set_mode("transient")
    ids = [await queue_thing(own_database, ordering_key="chat", payload={"number": n}) for n in range(3)]
    with worker(fresh_database, partner, Recovery.NONE):
        await wait_for(lambda: len(partner.log()["calls"]) >= 2)
        partner.set_mode("ok")
        await wait_for(lambda: len(partner.log()["taken"]) == 3)
        partner.set_mode("permanent")
        refused = await queue_thing(own_database)

        async def is_failed() -> bool:
            return (await get_row(own_database, refused)).state is S.FAILED

        await wait_for(is_failed)
    assert [one["content"]["number"] for one in partner.log()["taken"]] == [0, 1, 2]
    assert [(await get_row(own_database, one)).state for one in ids] == [S.SENT] * 3


@pytest.mark.order("O-6.2.3b")
async def test_a_hanging_partner_slows_neither_registration_nor_other_targets(
    make_partner: Callable[..., Partner], fresh_database: str, tmp_path: Path
) -> None:
    partner = make_partner(dedupes=True)
    partner.set_mode("hang")
    async with service(fresh_database, tmp_path) as (api, people, database):
        path, reply = await approved(api, people)
        assert (await act(api, people.operator, reply, "send", {})).status_code == 202
        hanging = PartnerAdapter(partner.url, Recovery.REPEATS_SAFELY)
        adapters: dict[str, Adapter] = {"feedback_platform": hanging, "partner": FeedbackPlatform()}
        registry = Registry(adapters, {"reply": ReplyDeliveries(), "thing": Things()})
        options = DispatchOptions(timedelta(seconds=3), first_pause=timedelta(seconds=0.1))
        stop = asyncio.Event()
        task = asyncio.create_task(Dispatcher(database, registry, options).run(stop, 0.1))

        async def is_called() -> bool:
            return bool((await asyncio.to_thread(partner.log))["calls"])

        await wait_for(is_called)
        began = time.monotonic()
        slowest = 0.0
        for _ in range(10):
            asked = time.monotonic()
            answer = await register(api, people.integration, message_body(people))
            assert answer.status_code == 201, answer.text
            slowest = max(slowest, time.monotonic() - asked)
        thing = await queue_thing(database)

        async def is_sent() -> bool:
            return (await get_row(database, thing)).state is S.SENT

        await wait_for(is_sent, 2)
        assert time.monotonic() - began < 3, "the partner still hangs"
        assert slowest < 1
        data = (await api.get(path, headers=api.as_(people.operator))).json()
        assert (data["state"], data["replies"][0]["state"]) == ("awaiting_approval", "sending")
        partner.set_mode("ok")

        async def is_answered() -> bool:
            current = (await api.get(path, headers=api.as_(people.operator))).json()
            return bool(current["state"] == "answered")

        await wait_for(is_answered)
        stop.set()
        await task
        data = (await api.get(path, headers=api.as_(people.operator))).json()
        assert [one["state"] for one in data["replies"]] == ["sent"]
        assert [step["what"] for step in data["history"]].count("answer") == 1
        (taken,) = (await asyncio.to_thread(partner.log))["taken"]
        assert taken["content"]["text"] == data["replies"][0]["text"]
        assert data["replies"][0]["external_id"] == taken["id"]
