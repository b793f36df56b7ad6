"""Service levels and channel parity (O-4)."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
import time_machine
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core import clock
from app.core.security import Principal
from app.interaction_points.models import Point
from app.messages.models import Deadline, DeadlinePolicy, Message
from app.messages.rules.deadlines import DeadlineState
from app.organizations.models import Organization
from tests.callers import People
from tests.conftest import Api, JoinedDatabase
from tests.messages.factories import MESSAGES, act, approved, message_body, register, registered
from tests.messages.test_deadlines_api import relayed
from tests.monitoring.factories import answered
from tests.surveys.factories import SOURCES

START = datetime(2026, 11, 24, 3, 15, tzinfo=UTC)
"""Tuesday, 10:15 in Novosibirsk."""
FIRST_REPLY = "message-first-reply-target"
FINAL_REPLY = "message-final-reply"


@pytest.fixture(autouse=True)
def stopped_clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(START, tick=False) as traveller:
        yield traveller


async def get_levels(api: Api, by: Principal, what: str = "service-levels", **query: Any) -> dict[str, Any]:
    answer = await api.get(f"/api/v1/monitoring/{what}", params=query, headers=api.as_(by))
    assert answer.status_code == 200, answer.text
    read: dict[str, Any] = answer.json()
    return read


def stage_of(stages: list[dict[str, Any]], stage: str, kind: str) -> dict[str, Any]:
    return next(one for one in stages if (one["stage"], one["kind"]) == (stage, kind))


async def policy_of(session: AsyncSession, key: str) -> DeadlinePolicy:
    return (await session.exec(select(DeadlinePolicy).where(DeadlinePolicy.key == key))).one()


async def create_ended_deadlines(
    session: AsyncSession, message_id: str, key: str, times: list[int], missed: int, started_at: datetime = START
) -> None:
    """Create ended deadlines of a message, each in its own cycle; the first ones were missed."""
    policy = await policy_of(session, key)
    known = (await session.exec(select(Deadline).where(Deadline.message_id == UUID(message_id)))).all()
    session.add_all(
        Deadline(
            message_id=UUID(message_id),
            cycle=len(known) + 100 + place,
            stage=policy.stage,
            is_target=policy.is_target,
            policy_id=policy.id,
            term={"unit": policy.unit},
            started_at=started_at,
            counted_on=clock.local_date(started_at),
            due_at=started_at + timedelta(days=1),
            is_provisional=False,
            state=DeadlineState.MISSED if place < missed else DeadlineState.MET,
            ended_at=started_at + timedelta(days=2),
            taken_seconds=seconds,
            pauses=[],
        )
        for place, seconds in enumerate(times)
    )
    await session.flush()


@pytest.mark.order("O-6.2.2", "O-11")
async def test_a_met_deadline_is_timed_in_working_hours_and_counts_at_once(
    api: Api, people: People, database: JoinedDatabase, stopped_clock: time_machine.Traveller
) -> None:
    _, reply = await approved(api, people)
    stages = (await get_levels(api, people.unit_head))["stages"]
    waiting = stage_of(stages, "first_reply", "target")
    assert (waiting["n"], waiting["open"], waiting["share"]) == (0, 1, None)
    assert stage_of(stages, "registration", "limit")["in_time"] == 1
    stopped_clock.move_to(START + timedelta(days=1, hours=2, minutes=30))  # 12:45 of the next day
    assert (await act(api, people.operator, reply, "send", {})).status_code == 202
    await relayed(database)
    stages = (await get_levels(api, people.unit_head))["stages"]
    target = stage_of(stages, "first_reply", "target")
    assert (target["n"], target["in_time"], target["open"], target["is_too_few"]) == (1, 0, 0, True)
    (policy,) = target["policies"]
    assert policy["name"] == "Первый ответ на сообщение (цель)"
    assert (policy["time"], policy["unit"], policy["timed"]) == ("working", "working_hours", 1)
    assert (policy["median_hours"], policy["p90_hours"]) == (10.5, 10.5)  # 6:45 and 3:45
    (limit,) = stage_of(stages, "final_reply", "limit")["policies"]
    assert (limit["time"], limit["median_hours"], limit["in_time"]) == ("elapsed", 26.5, 1)
    assert limit["legal_act"]


@pytest.mark.order("O-6.2.2")
async def test_a_missed_deadline_that_is_cancelled_stays_missed_without_a_time(
    api: Api, people: People, database: JoinedDatabase, stopped_clock: time_machine.Traveller
) -> None:
    path = f"{MESSAGES}/{(await registered(api, people))['id']}"
    async with database.transaction() as session:
        rows = await session.exec(select(Deadline).where(Deadline.message_id == UUID(path.rpartition("/")[2])))
        for row in rows.all():
            if row.stage == "first_reply":
                row.state = DeadlineState.MISSED
    stopped_clock.move_to(START + timedelta(days=2))
    async with database.transaction() as session:
        await create_ended_deadlines(
            session, path.rpartition("/")[2], "media-request-delay-notice", [3600, 3600], missed=1
        )
    assert (await act(api, people.operator, path, "close", {"reason": "Снято"})).status_code == 200
    stages = (await get_levels(api, people.unit_head))["stages"]
    counted = [(one["stage"], one["kind"]) for one in stages]
    assert ("final_reply", "limit") not in counted, "a deadline cancelled before it ended is not counted"
    assert "delay_notice" not in dict(counted), "a notice of delay is optional"
    target = stage_of(stages, "first_reply", "target")
    assert (target["n"], target["in_time"], target["policies"][0]["timed"]) == (1, 0, 0)
    assert target["policies"][0]["median_hours"] is None
    assert (await act(api, people.operator, path, "reopen", {"reason": "Ошибка"})).status_code == 200
    assert (await act(api, people.operator, path, "spam", {})).status_code == 200
    assert (await get_levels(api, people.unit_head))["stages"] == []


@pytest.mark.order("O-4", "O-6.2.2")
async def test_medians_and_percentiles_by_channel_and_unit_with_the_preceding_period(
    api: Api, people: People, database: JoinedDatabase
) -> None:
    mine = (await registered(api, people))["id"]
    body = message_body(people, interaction_point_id=str(people.other_point_id))
    theirs = (await register(api, people.other_operator, body)).json()["id"]
    hours = [hour * 3600 for hour in range(1, 11)]
    async with database.transaction() as session:
        await create_ended_deadlines(session, mine, FIRST_REPLY, hours, missed=4)
        await create_ended_deadlines(session, theirs, FIRST_REPLY, [7200, 3600, 36000], missed=0)
        await create_ended_deadlines(
            session, theirs, FIRST_REPLY, [60] * 40, missed=40, started_at=START - timedelta(days=1)
        )
    period = {"from": "2026-11-24", "to": "2026-11-24"}
    read = await get_levels(api, people.client_centricity, **period, group_by="channel")
    assert [(item["key"], item["name"]) for item in read["items"]] == [
        ("vk", "ВКонтакте"),
        ("email", "Электронная почта"),
    ]
    vk, email = (stage_of(item["stages"], "first_reply", "target") for item in read["items"])
    assert (vk["n"], vk["in_time"], vk["share"], vk["open"]) == (10, 6, 0.6, 1)
    assert (vk["policies"][0]["median_hours"], vk["policies"][0]["p90_hours"]) == (5.5, 9.0)
    assert (email["policies"][0]["median_hours"], email["policies"][0]["p90_hours"]) == (2.0, 10.0)
    assert (email["previous"]["n"], email["previous"]["value"], vk["previous"]["n"]) == (40, 0.0, 0)
    whole = stage_of(read["stages"], "first_reply", "target")
    assert (whole["n"], whole["policies"][0]["median_hours"], whole["policies"][0]["p90_hours"]) == (13, 5.0, 10.0)
    units = await get_levels(api, people.client_centricity, **period, group_by="unit")
    assert {item["key"] for item in units["items"]} == {
        str(people.operator.unit_id),
        str(people.other_operator.unit_id),
    }
    own = await get_levels(api, people.other_head, **period, group_by="unit")
    assert [item["key"] for item in own["items"]] == [str(people.other_operator.unit_id)]
    assert stage_of(own["stages"], "first_reply", "target")["n"] == 3
    foreign = await get_levels(api, people.other_head, **period, unit_id=str(people.operator.unit_id))
    assert foreign["stages"] == [] and foreign["items"] == []
    for filters in ({"channel": "email"}, {"unit_id": str(people.other_operator.unit_id)}):
        cut = await get_levels(api, people.client_centricity, **period, **filters)
        assert stage_of(cut["stages"], "first_reply", "target")["n"] == 3
    assert (await get_levels(api, people.client_centricity, **{"class": "appeal"}))["stages"] == []


@pytest.mark.order("O-6.2.2", "O-11")
async def test_levels_by_day_and_month(api: Api, people: People, database: JoinedDatabase) -> None:
    message = (await registered(api, people))["id"]
    async with database.transaction() as session:
        for days, times, missed in ((1, [3600, 7200, 10800], 1), (24, [36000], 1), (25, [60], 0)):
            await create_ended_deadlines(
                session, message, FIRST_REPLY, times, missed, started_at=START - timedelta(days=days)
            )
    period = {"from": "2026-10-01", "to": "2026-11-23"}
    read = await get_levels(api, people.unit_head, **period, group_by="month")
    assert [(item["key"], item["name"]) for item in read["items"]] == [("2026-10", "2026-10"), ("2026-11", "2026-11")]
    october, november = (stage_of(item["stages"], "first_reply", "target") for item in read["items"])
    assert (october["n"], october["in_time"], october["previous"]) == (2, 1, None)
    assert (november["n"], november["in_time"], november["policies"][0]["median_hours"]) == (3, 2, 2.0)
    assert october["policies"][0]["p90_hours"] == 10.0
    assert stage_of(read["stages"], "first_reply", "target")["previous"]["n"] == 0, "the total is compared in any case"
    days = (await get_levels(api, people.unit_head, **period, group_by="day"))["items"]
    assert [item["key"] for item in days] == ["2026-10-30", "2026-10-31", "2026-11-23"]


@pytest.mark.order("O-6.2.2")
async def test_a_deadline_counts_on_the_day_in_the_zone_of_its_organization(
    api: Api, people: People, database: JoinedDatabase, stopped_clock: time_machine.Traveller
) -> None:
    async with database.transaction() as session:
        for organization in (await session.exec(select(Organization))).all():
            organization.zone = "Europe/Kaliningrad"
    stopped_clock.move_to(datetime(2026, 11, 24, 20, 0, tzinfo=UTC))  # the 25th in Novosibirsk
    await registered(api, people)
    days = (await get_levels(api, people.unit_head, **{"from": "2026-11-24", "to": "2026-11-24"}, group_by="day"))[
        "items"
    ]
    assert [item["key"] for item in days] == ["2026-11-24"]


@pytest.mark.order("O-4")
async def test_channels_are_compared_and_significant_differences_are_reported(
    api: Api, people: People, database: JoinedDatabase
) -> None:
    vk_message = (await registered(api, people))["id"]
    body = message_body(people, interaction_point_id=str(people.other_point_id))
    mail = (await register(api, people.other_operator, body)).json()["id"]
    async with database.transaction() as session:
        points = {point.channel: point.id for point in (await session.exec(select(Point))).all()}
        scores = {"ease_of_finding": dict.fromkeys(SOURCES, 4) | {"vk": 1}}
        november = date(2026, 11, 24)
        await answered(session, 60, 54, november, came_from_point_id=points["telegram"], answers=scores)
        await answered(session, 50, 20, november, came_from_point_id=points["vk"], answers=scores)
        await answered(session, 10, 0, november, came_from_point_id=points["ok"], answers=scores)
        await answered(session, 50, 50, date(2026, 10, 1), came_from_point_id=points["vk"], answers=scores)
        await create_ended_deadlines(session, vk_message, FINAL_REPLY, [3600] * 40, missed=20)
        await create_ended_deadlines(session, mail, FINAL_REPLY, [3600] * 40, missed=0)
        rated = (await session.exec(select(Message).where(col(Message.id) == UUID(mail)))).one()
        rated.satisfaction = 2
    period = {"from": "2026-11-01", "to": "2026-11-30"}
    items = {
        item["key"]: item
        for item in (await get_levels(api, people.client_centricity, "channel-parity", **period))["items"]
    }
    assert items["vk"]["name"] == "ВКонтакте"

    def of(channel: str, measure: str, stage: str | None = None, kind: str | None = None) -> dict[str, Any]:
        return next(
            one
            for one in items[channel]["measures"]
            if (one["measure"], one["stage"], one["kind"]) == (measure, stage, kind)
        )

    vk = of("vk", "satisfaction")
    assert (vk["n"], vk["value"], vk["others"]["n"], vk["others"]["value"]) == (50, 0.4, 70, 0.7714)
    assert (vk["others"]["verdict"], of("telegram", "satisfaction")["others"]["verdict"]) == ("lower", "higher")
    few = of("ok", "satisfaction")
    assert (few["n"], few["is_too_few"], few["others"]["verdict"]) == (10, True, "too_few")
    found = of("vk", "findability")
    assert (found["n"], found["value"], found["others"]["value"]) == (120, 1.0, 4.0)
    assert found["others"]["verdict"] == "lower"
    assert of("site", "findability")["others"]["verdict"] == "higher", "the sources in the order's list have no points"
    late = of("vk", "in_time", "final_reply", "limit")
    assert (late["name"], late["value"], late["others"]["value"]) == ("В срок: окончательный ответ (срок)", 0.5, 1.0)
    assert (late["others"]["verdict"], of("email", "in_time", "final_reply", "limit")["others"]["verdict"]) == (
        "lower",
        "higher",
    )
    assert (of("email", "answer_satisfaction")["n"], of("email", "answer_satisfaction")["value"]) == (1, 0.0)
    assert stage_of(items["vk"]["stages"], "final_reply", "limit")["policies"][0]["median_hours"] == 1.0
    own = {item["key"]: item for item in (await get_levels(api, people.unit_head, "channel-parity", **period))["items"]}
    assert "email" not in own and own["vk"]["stages"]


async def test_operators_cannot_read_service_levels_or_channel_parity(api: Api, people: People) -> None:
    for what in ("service-levels", "channel-parity"):
        answer = await api.get(f"/api/v1/monitoring/{what}", headers=api.as_(people.operator))
        assert answer.status_code == 403
