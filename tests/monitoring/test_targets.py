"""Targets of units: created, judged by month and quarter, reported once when not reached (O-10, O-11)."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import httpx
import pytest
import time_machine
from sqlmodel import select

from app.core.security import Principal
from app.messages.models import Message
from app.monitoring.models import ControlNote, TargetDeviation, UnitTarget
from app.monitoring.rules import TargetPeriod, find_period, format_percent, format_period, is_below_target
from app.monitoring.service import targets
from app.monitoring.service.targets import check_targets
from tests.callers import People
from tests.conftest import Api, JoinedDatabase
from tests.messages.factories import act, registered
from tests.monitoring.factories import answered
from tests.monitoring.test_service_levels import FIRST_REPLY, create_ended_deadlines

PATH = "/api/v1/monitoring/targets"
NOTES = "/api/v1/control-notes"
START = datetime(2026, 11, 24, 3, 15, tzinfo=UTC)


@pytest.fixture(autouse=True)
def stopped_clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(START, tick=False) as traveller:
        yield traveller


def test_periods() -> None:
    assert find_period(date(2026, 2, 28), TargetPeriod.MONTH) == (date(2026, 2, 1), date(2026, 2, 28))
    assert find_period(date(2026, 12, 1), TargetPeriod.MONTH) == (date(2026, 12, 1), date(2026, 12, 31))
    assert find_period(date(2026, 12, 31), TargetPeriod.QUARTER) == (date(2026, 10, 1), date(2026, 12, 31))
    assert find_period(date(2026, 1, 1), TargetPeriod.QUARTER) == (date(2026, 1, 1), date(2026, 3, 31))
    assert format_period(date(2026, 11, 1), TargetPeriod.MONTH) == "ноябрь 2026 года"
    assert format_period(date(2026, 10, 1), TargetPeriod.QUARTER) == "IV квартал 2026 года"
    assert format_percent(0.625) == "62,5 %"


@pytest.mark.order("O-10", "O-11")
@pytest.mark.parametrize(
    ("count", "n", "threshold", "min_sample", "expected"),
    [
        (23, 30, 0.8, 30, True),
        (24, 30, 0.8, 30, False),  # a share equal to the target reaches it
        (0, 29, 0.8, 30, False),  # the sample is too small
        (0, 0, 0.8, 1, False),
        (99, 100, 1.0, 1, True),
    ],
)
def test_deviations(count: int, n: int, threshold: float, min_sample: int, expected: bool) -> None:
    assert is_below_target(count, n, threshold, min_sample) is expected


async def create_target(api: Api, people: People, **more: Any) -> httpx.Response:
    body = {"unit_id": str(people.unit_head.unit_id), "measure": "satisfaction", "threshold": 0.8, "least_n": 30} | more
    return await api.post(PATH, headers=api.as_(people.client_centricity), json=body)


async def notes(api: Api, by: Principal) -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = (await api.get(NOTES, headers=api.as_(by))).json()["items"]
    return listed


@pytest.mark.order("O-10", "O-11")
async def test_the_head_is_notified_once_a_period_of_a_target_that_is_not_reached(
    api: Api, people: People, database: JoinedDatabase, stopped_clock: time_machine.Traveller
) -> None:
    answer = await create_target(api, people)
    assert answer.status_code == 201, answer.text
    target = answer.json()
    assert target["current"] == {
        "from": "2026-11-01",
        "to": "2026-11-30",
        "n": 0,
        "count": 0,
        "share": None,
        "low": None,
        "high": None,
        "standing": "too_few",
    }
    async with database.transaction() as session:
        await answered(session, 29, 10, date(2026, 11, 3), came_from_point_id=people.point_id)
        await answered(session, 50, 0, date(2026, 11, 3), came_from_point_id=people.other_point_id)
        await answered(session, 50, 0, date(2026, 10, 31), came_from_point_id=people.point_id)
    await check_targets(database)
    assert await notes(api, people.unit_head) == [], "too few answers, another unit, and before the target was created"
    async with database.transaction() as session:
        await answered(session, 11, 10, date(2026, 11, 4), came_from_point_id=people.point_id)
    await check_targets(database)
    await check_targets(database)
    (note,) = await notes(api, people.unit_head)
    assert (note["object_type"], note["object_id"], note["created_by"]) == ("unit_target", target["id"], None)
    assert note["text"] == (
        "Удовлетворённость пришедших из точек подразделения, ноябрь 2026 года: 50,0 % (20 из 40, 95 %-й интервал"
        " 35,2 % – 64,8 %). Цель – не ниже 80,0 %."
    )
    assert await notes(api, people.other_head) == []
    notifications = (await api.get("/api/v1/notifications", headers=api.as_(people.unit_head))).json()["items"]
    assert [(one["kind"], one["object_id"]) for one in notifications] == [("target_not_reached", note["id"])]
    target_read = (await api.get(f"{PATH}/{target['id']}", headers=api.as_(people.unit_head))).json()
    assert (target_read["current"]["standing"], target_read["current"]["share"]) == ("not_reached", 0.5)
    assert [(one["period_start"], one["n"], one["share"], one["note_id"]) for one in target_read["deviations"]] == [
        ("2026-11-01", 40, 0.5, note["id"])
    ]
    done = await act(api, people.unit_head, f"{NOTES}/{note['id']}", "resolve", {"resolution": "Разобрали"})
    assert done.status_code == 200
    await check_targets(database)
    assert len(await notes(api, people.unit_head)) == 1, "one note for each period"
    stopped_clock.move_to(datetime.fromisoformat("2026-12-05T12:00:00+07:00"))
    async with database.transaction() as session:
        await answered(session, 30, 0, date(2026, 12, 2), came_from_point_id=people.point_id)
    await check_targets(database)
    assert [one["text"].split(":")[0].split(", ")[1] for one in await notes(api, people.unit_head)] == [
        "декабрь 2026 года",
        "ноябрь 2026 года",
    ]


@pytest.mark.order("O-10", "O-11")
async def test_an_ended_month_is_not_judged_by_a_later_change(
    api: Api, people: People, database: JoinedDatabase, stopped_clock: time_machine.Traveller
) -> None:
    target = f"{PATH}/{(await create_target(api, people, threshold=0.5)).json()['id']}"
    async with database.transaction() as session:
        await answered(session, 40, 26, date(2026, 11, 3), came_from_point_id=people.point_id)
    stopped_clock.move_to(datetime.fromisoformat("2026-12-03T12:00:00+07:00"))
    headers = api.as_(people.client_centricity) | {"If-Match": "*"}
    assert (await api.patch(target, headers=headers, json={"threshold": 0.9})).status_code == 200
    await check_targets(database)
    assert await notes(api, people.unit_head) == [], "November reached its target"
    async with database.transaction() as session:
        await answered(session, 40, 26, date(2026, 12, 2), came_from_point_id=people.point_id)
    await check_targets(database)
    (note,) = await notes(api, people.unit_head)
    assert "декабрь 2026 года: 65,0 %" in note["text"]


@pytest.mark.order("O-10")
async def test_two_concurrent_workers_create_one_note(api: Api, people: People, database: JoinedDatabase) -> None:
    target_id = UUID((await create_target(api, people)).json()["id"])
    async with database.transaction() as session:
        target = await session.get_one(UnitTarget, target_id)
    found = targets.TargetFigures(target, date(2026, 11, 1), 10, 40)
    for _ in range(2):
        async with database.transaction() as session:
            await targets._store_deviation(session, found)
    async with database.transaction() as session:
        assert len((await session.exec(select(ControlNote))).all()) == 1
        assert len((await session.exec(select(TargetDeviation))).all()) == 1


@pytest.mark.order("O-10")
async def test_late_data_is_judged_in_the_preceding_period(
    api: Api, people: People, database: JoinedDatabase, stopped_clock: time_machine.Traveller
) -> None:
    made_at = await create_target(api, people, period="quarter", valid_from="2026-08-15")
    assert made_at.status_code == 201, made_at.text
    async with database.transaction() as session:
        for day in (date(2026, 7, 2), date(2026, 9, 30)):
            await answered(session, 20, 0, day, came_from_point_id=people.point_id)
        await answered(session, 40, 0, date(2026, 6, 30), came_from_point_id=people.point_id)
    await check_targets(database)
    (note,) = await notes(api, people.unit_head)
    assert "III квартал 2026 года: 0,0 % (0 из 40" in note["text"]


@pytest.mark.order("O-4", "O-10")
async def test_every_measure_covers_the_unit_only(api: Api, people: People, database: JoinedDatabase) -> None:
    message = (await registered(api, people))["id"]
    async with database.transaction() as session:
        await create_ended_deadlines(session, message, FIRST_REPLY, [60] * 40, missed=30)
        row = await session.get_one(Message, UUID(message))
        row.satisfaction = 2
    for measure in ("limits_in_time", "targets_in_time", "answer_satisfaction"):
        assert (await create_target(api, people, measure=measure, least_n=1)).status_code == 201
    unit_id = str(people.other_head.unit_id)
    assert (await create_target(api, people, measure="targets_in_time", unit_id=unit_id)).status_code == 201
    listed = (await api.get(PATH, headers=api.as_(people.unit_head))).json()["items"]
    found = {one["measure"]: (one["current"]["count"], one["current"]["n"]) for one in listed}
    assert found == {"answer_satisfaction": (0, 1), "targets_in_time": (10, 40), "limits_in_time": (1, 1)}
    every = (await api.get(PATH, headers=api.as_(people.client_centricity))).json()["items"]
    assert len(every) == 4
    assert every[0]["current"] | {"n": 0} == every[0]["current"], "data of another unit"
    await check_targets(database)
    texts = " ".join(one["text"] for one in await notes(api, people.unit_head))
    assert "Исполнено в целевой срок" in texts and "Удовлетворённость ответами" in texts
    assert "предельный" not in texts


@pytest.mark.order("O-10")
async def test_targets_are_changed_closed_and_visible_to_their_unit(
    api: Api, people: People, database: JoinedDatabase
) -> None:
    target = (await create_target(api, people)).json()
    path = f"{PATH}/{target['id']}"
    again = await create_target(api, people)
    assert (again.status_code, again.json()["code"]) == (409, "target_exists")
    for wrong in (
        {"threshold": 1.5},
        {"threshold": 0.0},
        {"least_n": 0},
        {"measure": "luck"},
        {"unit_id": target["id"]},
    ):
        assert (await create_target(api, people, **wrong)).status_code == 422, wrong
    writer = api.as_(people.client_centricity)
    changed = await api.patch(path, headers=writer | {"If-Match": '"1"'}, json={"threshold": 0.5})
    assert (changed.status_code, changed.json()["threshold"], changed.headers["etag"]) == (200, 0.5, '"2"')
    stale = await api.patch(path, headers=writer | {"If-Match": '"1"'}, json={"threshold": 0.6})
    assert stale.status_code == 412
    early = await api.patch(path, headers=writer | {"If-Match": "*"}, json={"closed_on": "2020-01-01"})
    assert [fault["pointer"] for fault in early.json()["errors"]] == ["/closed_on"]
    for by, status in ((people.unit_head, 200), (people.other_head, 404), (people.operator, 403)):
        assert (await api.get(path, headers=api.as_(by))).status_code == status
    head = api.as_(people.unit_head)
    assert (await api.patch(path, headers=head | {"If-Match": "*"}, json={"threshold": 0.1})).status_code == 403
    assert (await api.get(PATH, headers=api.as_(people.other_head))).json()["items"] == []
    remark = {"object_type": "unit_target", "object_id": target["id"], "text": "Пересмотреть к январю"}
    assert (await api.post(NOTES, headers=head, json=remark)).status_code == 201
    assert (await api.post(NOTES, headers=api.as_(people.other_head), json=remark)).status_code == 422
    closed = await api.patch(path, headers=writer | {"If-Match": "*"}, json={"closed_on": "2026-11-24"})
    assert closed.status_code == 200
    assert (await create_target(api, people)).status_code == 201
    async with database.transaction() as session:
        await answered(session, 40, 0, date(2026, 11, 3), came_from_point_id=people.point_id)
    await check_targets(database)
    assert len(await notes(api, people.unit_head)) == 3, "both targets are in force in the period"
