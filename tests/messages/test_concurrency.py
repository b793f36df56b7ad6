"""Concurrent requests for one message in real transactions: each succeeds or gets a clear error.

SQLite has a single writer, so these tests matter for PostgreSQL.
"""

import asyncio
from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from app.core import clock
from app.core.etags import ANY_VERSION
from app.core.ids import new_id
from app.messages.service.triage import assign_message
from tests.deliveries.factories import work_off
from tests.messages.factories import MESSAGES, act, approved, message_body, register, registered, triage_body, triaged
from tests.reply_templates.test_review import service

TEXT = "Здравствуйте, Иван! Условия есть на сайте. Чем ещё помочь?"


@pytest.mark.order("O-6.2.3b")
async def test_actions_without_if_match_are_never_stale(fresh_database: str, tmp_path: Path) -> None:
    async with service(fresh_database, tmp_path) as (api, people, _):
        path = await triaged(api, people)
        body = {"kind": "answer", "text": TEXT}
        drafts: list[Any] = [api.post(f"{path}/replies", headers=api.as_(people.operator), json=body) for _ in range(3)]
        edits: list[Any] = [
            api.post(
                f"{path}/revisions",
                headers=api.as_(people.integration) | {"Idempotency-Key": new_id().hex},
                json={"text": f"Правка {n}", "changed_at": clock.now().isoformat()},
            )
            for n in range(3)
        ]
        answers = await asyncio.gather(*drafts, *edits)
        assert [answer.status_code for answer in answers] == [201] * 6
        data = (await api.get(path, headers=api.as_(people.operator))).json()
        assert (len(data["replies"]), len(data["revisions"])) == (3, 3)


@pytest.mark.order("O-6.2.2")
async def test_of_a_concurrent_extension_and_closing_one_is_stale(fresh_database: str, tmp_path: Path) -> None:
    """A different order of writes caused a deadlock and a 503."""
    async with service(fresh_database, tmp_path) as (api, people, _):
        for _ in range(3):
            path = await triaged(api, people)
            recast = triage_body(people, **{"class": "information_request"})
            tag = (await act(api, people.operator, path, "triage", recast)).headers["etag"]
            extended, closed = ({"reason": "Архив", "days": 3}, {"reason": "Решено"})
            answers = await asyncio.gather(
                api.post(f"{path}/extend", headers=api.as_(people.unit_head) | {"If-Match": tag}, json=extended),
                api.post(f"{path}/close", headers=api.as_(people.operator) | {"If-Match": tag}, json=closed),
            )
            assert Counter(answer.status_code for answer in answers) == {200: 1, 412: 1}


@pytest.mark.order("O-10")
async def test_concurrent_bulk_actions_process_all_messages(fresh_database: str, tmp_path: Path) -> None:
    async with service(fresh_database, tmp_path) as (api, people, _):
        ids = [(await registered(api, people))["id"] for _ in range(10)]
        data = {"action": "assign", "assignee_id": str(people.operator.id)}
        answers = await asyncio.gather(
            *[
                api.post(f"{MESSAGES}/bulk", headers=api.as_(people.operator), json=data | {"ids": order})
                for order in (ids, ids[::-1]) * 2
            ]
        )
        assert [answer.json()["done"] for answer in answers] == [10] * 4
        assert [item["id"] for item in answers[1].json()["items"]] == ids[::-1], "in the order asked"


@pytest.mark.order("O-6.2.1")
async def test_of_two_mutual_duplicates_one_stays_open(fresh_database: str, tmp_path: Path) -> None:
    async with service(fresh_database, tmp_path) as (api, people, _):
        for _ in range(2):
            one, other = [(await registered(api, people))["id"] for _ in range(2)]
            headers = api.as_(people.operator) | {"If-Match": "*"}
            answers = await asyncio.gather(
                *[
                    api.post(f"{MESSAGES}/{repeat}/duplicate", headers=headers, json={"of": first})
                    for repeat, first in ((one, other), (other, one))
                ]
            )
            assert Counter(answer.status_code for answer in answers) == {200: 1, 422: 1}


@pytest.mark.order("O-6.2.2")
async def test_a_day_is_corrected_during_actions_on_its_messages(fresh_database: str, tmp_path: Path) -> None:
    async with service(fresh_database, tmp_path) as (api, people, _):
        paths = [f"{MESSAGES}/{(await registered(api, people))['id']}" for _ in range(6)]
        operator = api.as_(people.operator) | {"If-Match": "*"}
        for place, kind in enumerate(("off", "off", "working", "working")):
            day = {"day": f"{clock.today() + timedelta(days=3 + place)}", "kind": kind, "name": "По указу"}
            recast = triage_body(people, priority="urgent" if place % 2 else "normal")
            answers = await asyncio.gather(
                api.post("/api/v1/working-calendar", headers=api.as_(people.admin), json=day),
                *[api.post(f"{path}/triage", headers=operator, json=recast) for path in paths],
            )
            assert [answer.status_code for answer in answers] == [201] + [200] * len(paths)


async def test_of_concurrent_first_working_hours_all_but_one_are_stale(fresh_database: str, tmp_path: Path) -> None:
    async with service(fresh_database, tmp_path) as (api, people, _):
        path = f"/api/v1/working-calendar/hours/{people.operator.organization_id}"
        headers, hours = api.as_(people.admin) | {"If-Match": '"0"'}, {"working_hours": [["09:00", "12:00"]]}
        answers = await asyncio.gather(*[api.put(path, headers=headers, json=hours) for _ in range(3)])
        assert Counter(answer.status_code for answer in answers) == {200: 1, 412: 2}


@pytest.mark.order("O-2.5")
async def test_a_client_writes_again_during_an_action_on_the_message(fresh_database: str, tmp_path: Path) -> None:
    async with service(fresh_database, tmp_path) as (api, people, database):
        path, reply = await approved(api, people, thread_external_id="wall-1_70")
        assert (await act(api, people.operator, reply, "send", {})).status_code == 202
        await work_off(database)
        answered = UUID(path.rpartition("/")[2])
        async with database.transaction() as session:
            assignee_id = people.operator.id
            await assign_message(
                session, answered, ANY_VERSION, assignee_id=assignee_id, unit_id=None, by=people.operator
            )
            again = message_body(people, thread_external_id="wall-1_70")
            coming = asyncio.create_task(register(api, people.integration, again))
            await asyncio.sleep(1.5)
        answer = await coming
        assert answer.status_code == 201, answer.text
        data = (await api.get(path, headers=api.as_(people.operator))).json()
        assert [step["what"] for step in data["history"]][-2:] == ["assign", "client_wrote_again"]
