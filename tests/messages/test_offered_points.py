"""Replies offer and name only points that are in force when sent (O-3, O-6.2.3b)."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
import time_machine

from app.messages.rules.offered_points import find_address_ranges
from tests.callers import People
from tests.conftest import Api, JoinedDatabase
from tests.deliveries.factories import work_off
from tests.messages.factories import act, drafted, triaged

POINTS = "/api/v1/interaction-points"
ACT = "01900000-0000-7000-8000-000000000041"
ADDRESS = "https://vk.com/econom_nso"
OFFER: dict[str, Any] = {"kind": "channel_transfer", "text": "Здравствуйте! Напишите нам, пожалуйста."}


@pytest.fixture(autouse=True)
def stopped_clock() -> Iterator[None]:
    with time_machine.travel(datetime(2026, 11, 24, 3, 15, tzinfo=UTC), tick=False):
        yield


async def switch_off(api: Api, people: People) -> None:
    answer = await act(api, people.admin, f"{POINTS}/{people.point_id}", "suspend", {"reason": "Страница закрыта"})
    assert answer.status_code == 200, answer.text


async def switch_on(api: Api, people: People) -> None:
    body = {"legal_act_id": ACT, "valid_from": "2026-11-24"}
    assert (await act(api, people.admin, f"{POINTS}/{people.point_id}", "approve", body)).status_code == 200


async def relayed(database: JoinedDatabase) -> None:
    await work_off(database)


@pytest.mark.order("O-3", "O-6.2.3b")
async def test_a_suspended_point_is_not_offered(api: Api, people: People, database: JoinedDatabase) -> None:
    path = await triaged(api, people)
    reply = await drafted(
        api, people, path, **OFFER, offered_point_ids=[str(people.other_point_id), str(people.point_id)]
    )

    async def refused(by: Any, verb: str) -> None:
        answer: httpx.Response = await act(api, by, reply, verb, {})
        assert (answer.status_code, answer.json()["code"]) == (409, "offered_point_not_in_force"), verb
        assert [(fault["pointer"], fault["detail"]) for fault in answer.json()["errors"]] == [
            ("/offered_point_ids/1", "Точка взаимодействия больше не действует: Страница министерства «ВКонтакте».")
        ]

    for by, verb, status in (
        (people.operator, "submit", 200),
        (people.unit_head, "approve", 200),
        (people.operator, "send", 202),
    ):
        await switch_off(api, people)
        await refused(by, verb)
        await switch_on(api, people)
        assert (await act(api, by, reply, verb, {})).status_code == status, verb
    await relayed(database)
    data = (await api.get(path, headers=api.as_(people.operator))).json()
    assert (data["state"], data["replies"][0]["state"]) == ("awaiting_client", "sent")


@pytest.mark.order("O-3")
async def test_no_text_names_a_suspended_point(api: Api, people: People) -> None:
    path = await triaged(api, people)
    text = f"Здравствуйте, Иван! Условия есть на странице {ADDRESS}. Чем ещё помочь?"
    reply = await drafted(api, people, path, text=text)
    assert (await act(api, people.operator, reply, "submit", {})).status_code == 200
    assert (await act(api, people.unit_head, reply, "approve", {})).status_code == 200
    await switch_off(api, people)
    answer = await act(api, people.operator, reply, "send", {})
    assert (answer.status_code, answer.json()["code"]) == (409, "reply_not_ready")
    assert [(fault["pointer"], fault["code"]) for fault in answer.json()["errors"]] == [("/text", "point_not_in_force")]
    headers = api.as_(people.operator)
    checked = (await api.post(f"{reply}/check", headers=headers, json={})).json()["findings"]
    (found,) = [one for one in checked if one["code"] == "point_not_in_force"]
    assert (found["severity"], text[found["start"] : found["end"]]) == ("error", ADDRESS)
    # Another point with the same address is in force.
    body = {"name": "Та же страница", "format": "digital", "channel": "vk", "audience": "external", "address": ADDRESS}
    made = await api.post(POINTS, headers=api.as_(people.admin), json=body | {"unit_id": str(people.operator.unit_id)})
    assert made.status_code == 201, made.text
    approval = {"legal_act_id": ACT, "valid_from": "2026-11-24"}
    other = f"{POINTS}/{made.json()['id']}"
    assert (await act(api, people.operator, reply, "send", {})).status_code == 409, "a draft does not count"
    assert (await act(api, people.admin, other, "approve", approval)).status_code == 200
    assert (await act(api, people.operator, reply, "send", {})).status_code == 202


@pytest.mark.order("O-3", "O-10")
async def test_a_reply_with_a_point_suspended_before_delivery_is_not_sent(
    api: Api, people: People, database: JoinedDatabase
) -> None:
    """The reply fails, its author is notified and offers another point."""
    path = await triaged(api, people)
    reply = await drafted(api, people, path, **OFFER, offered_point_ids=[str(people.point_id)])
    assert (await act(api, people.operator, reply, "submit", {})).status_code == 200
    assert (await act(api, people.unit_head, reply, "approve", {})).status_code == 200
    await relayed(database)
    assert (await act(api, people.operator, reply, "send", {})).status_code == 202
    await switch_off(api, people)
    await relayed(database)
    operator = api.as_(people.operator)
    data = (await api.get(path, headers=operator)).json()
    assert (data["state"], data["replies"][0]["state"], data["replies"][0]["sent_at"]) == (
        "awaiting_approval",
        "failed",
        None,
    )
    notified = (await api.get("/api/v1/notifications", headers=operator)).json()["items"]
    assert [(row["kind"], row["object_id"]) for row in notified] == [("reply_not_sent", data["id"])]
    assert notified[0]["text"].startswith(f"Ответ по сообщению {data['number']} не отправлен")
    assert (await act(api, people.operator, reply, "send", {})).status_code == 409
    assert (await act(api, people.unit_head, reply, "return", {"reason": "Другую точку"})).status_code == 200
    tag = (await api.get(reply, headers=operator)).headers["etag"]
    body = {"offered_point_ids": [str(people.other_point_id)]}
    assert (await api.patch(reply, headers=operator | {"If-Match": tag}, json=body)).status_code == 200
    for by, verb in ((people.operator, "submit"), (people.unit_head, "approve"), (people.operator, "send")):
        assert (await act(api, by, reply, verb, {})).is_success, verb
    await relayed(database)
    assert (await api.get(path, headers=operator)).json()["state"] == "awaiting_client"


@pytest.mark.parametrize(
    ("address", "text", "found"),
    [
        (ADDRESS, "см. https://vk.com/econom_nso.", ["https://vk.com/econom_nso"]),
        (ADDRESS, "VK.com/Econom_nso/ и www.vk.com/econom_nso?w=1", ["VK.com/Econom_nso", "www.vk.com/econom_nso"]),
        (ADDRESS, "vk.com/econom_nso2, vk.com/econom_nso-old, m.vk.com/econom_nso, xvk.com/econom_nso", []),
        (
            "https://econom.nso.ru",
            "https://econom.nso.ru/page econom.nso.ru.example info@econom.nso.ru",
            ["https://econom.nso.ru"],
        ),
        ("invest@nso.example", "Пишите: invest@nso.example, не reinvest@nso.example", ["invest@nso.example"]),
        ("+7 383 000-00-00", "Телефон +7  383 000-00-00", ["+7  383 000-00-00"]),
        ("каб. 5", "каб. 5", ["каб. 5"]),
        ("12", "дом 12", []),
        ("(a+)+$", "aaaa", []),
    ],
)
def test_ranges_of_an_address(address: str, text: str, found: list[str]) -> None:
    assert [text[start:end] for start, end in find_address_ranges(address, text)] == found
