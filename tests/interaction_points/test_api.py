"""The HTTP API of the registry of interaction points (O-2.7, O-3)."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlmodel import select

from app.core import clock
from app.interaction_points.models import Point
from app.interaction_points.queries import is_in_force_on, load_states_of_point
from app.interaction_points.rules import is_in_force
from tests.callers import People
from tests.conftest import Api, JoinedDatabase

PATH = "/api/v1/interaction-points"


def point_body(people: People, **more: Any) -> dict[str, Any]:
    return {
        "name": "Горячая линия",
        "format": "offline",
        "channel": "phone",
        "audience": "external",
        "unit_id": str(people.operator.unit_id),
        "address": "+7 383 000-00-00",
        **more,
    }


async def get_act_id(api: Api, people: People, number: str) -> str:
    acts = (await api.get("/api/v1/legal-acts", headers=api.as_(people.admin))).json()["items"]
    return next(str(act["id"]) for act in acts if act["number"] == number)


async def perform(api: Api, people: People, created: httpx.Response, action: str, **payload: Any) -> httpx.Response:
    path = f"{PATH}/{created.json()['id']}"
    headers = api.as_(people.admin)
    tag = (await api.get(path, headers=headers)).headers["etag"]
    return await api.post(f"{path}/{action}", headers=headers | {"If-Match": tag}, json=payload)


@pytest.mark.order("O-2.7", "O-3")
async def test_a_point_is_created_approved_suspended_and_withdrawn(api: Api, people: People) -> None:
    headers = api.as_(people.admin)
    made = await api.post(PATH, headers=headers, json=point_body(people))
    assert made.status_code == 201, made.text
    point = made.json()
    assert (point["status"], point["approval"], point["valid_from"], point["regulation"]) == ("draft", None, None, None)
    assert set(point) >= {
        "id", "name", "format", "channel", "audience", "address", "organization_id", "unit_id", "status",
        "approval", "valid_from", "valid_to", "is_official_page", "regulation", "service",
        "working_hours",
    }  # fmt: skip
    today = clock.today()
    act_id = await get_act_id(api, people, "27")
    approved = await perform(api, people, made, "approve", legal_act_id=act_id, valid_from=today.isoformat())
    assert approved.status_code == 200, approved.text
    assert approved.json()["approval"] == {"legal_act_id": act_id, "title": "Приказ от 15.02.2024 № 27"}
    public = (await api.get(f"{PATH}/public", params={"channel": "phone"})).json()["items"]
    assert [item["id"] for item in public] == [point["id"]]
    suspended = await perform(api, people, made, "suspend", reason="Ремонт")
    assert suspended.json()["status"] == "suspended"
    assert (await api.get(f"{PATH}/public", params={"channel": "phone"})).json()["items"] == []
    again = await perform(api, people, made, "approve", legal_act_id=act_id, valid_from=today.isoformat())
    renewed = await perform(api, people, made, "approve", legal_act_id=act_id, valid_from=today.isoformat())
    assert renewed.status_code == 200 and renewed.headers["etag"] != again.headers["etag"]
    withdrawn = await perform(
        api, people, made, "withdraw", reason="Закрыта", on=(today + timedelta(days=1)).isoformat()
    )
    assert withdrawn.json()["status"] == "withdrawn"
    rejected = await perform(api, people, made, "approve", legal_act_id=act_id, valid_from=today.isoformat())
    assert (rejected.status_code, rejected.json()["code"]) == (409, "move_not_allowed")
    history = (await api.get(f"{PATH}/{point['id']}/history", headers=headers)).json()["items"]
    assert [step["status"] for step in history] == ["approved", "suspended", "approved", "approved", "withdrawn"]
    assert history[1]["reason"] == "Ремонт" and history[1]["recorded_by"] == str(people.admin.id)
    first = (await api.get(f"{PATH}/{point['id']}/history?limit=3&with_count=true", headers=headers)).json()
    rest = await api.get(f"{PATH}/{point['id']}/history?limit=3&cursor={first['next_cursor']}", headers=headers)
    assert rest.status_code == 422, "a cursor is valid only for the same list"
    rest = await api.get(
        f"{PATH}/{point['id']}/history?limit=3&with_count=true&cursor={first['next_cursor']}", headers=headers
    )
    assert (first["items"] + rest.json()["items"], first["count"]) == (history, 5)
    for day, expected in ((today, 1), (today + timedelta(days=1), 0)):
        query = {"on_date": day.isoformat(), "channel": "phone"}
        listed = await api.get(PATH, params=query, headers=headers)
        assert len(listed.json()["items"]) == expected, day


@pytest.mark.order("O-3")
async def test_the_filter_by_day_agrees_with_the_rule(api: Api, people: People, database: JoinedDatabase) -> None:
    headers = api.as_(people.admin)
    act_id = await get_act_id(api, people, "27")
    start = clock.today() - timedelta(days=10)
    days = [start + timedelta(days=n) for n in range(-2, 12)]
    plans: list[list[tuple[str, int, int | None]]] = [
        [("approve", 0, None)],
        [("approve", 0, 5)],
        [("approve", 0, None), ("suspend", 3, None)],
        [("approve", 0, None), ("suspend", 3, None), ("approve", 6, 8)],
        [("approve", 0, None), ("suspend", 5, None), ("approve", 2, None)],
        [("approve", 3, None), ("withdraw", 1, None)],
        [],
    ]
    for number, plan in enumerate(plans):
        made = await api.post(PATH, headers=headers, json=point_body(people, name=f"Линия {number}"))
        for action, first, last in plan:
            first_day = (start + timedelta(days=first)).isoformat()
            if action == "approve":
                last_day = (start + timedelta(days=last)).isoformat() if last is not None else None
                response = await perform(
                    api, people, made, action, legal_act_id=act_id, valid_from=first_day, valid_to=last_day
                )
            else:
                response = await perform(api, people, made, action, reason="Причина", on=first_day)
            assert response.status_code == 200, response.text
    async with database.transaction() as session:
        points = (await session.exec(select(Point))).all()
        for day in days:
            by_query = set((await session.exec(select(Point.id).where(is_in_force_on(day)))).all())
            by_rule = {point.id for point in points if is_in_force(await load_states_of_point(session, point.id), day)}
            assert by_query == by_rule, day


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"channel": "pigeon"}, "/channel"),
        ({"unit_id": str(UUID(int=5))}, "/unit_id"),
        ({"organization_id": str(UUID(int=5))}, "/unit_id"),
        ({"name": " x"}, "/name"),
        ({"name": "a\u2028b"}, "/name"),
        ({"address": "x" * 1001}, "/address"),
        ({"is_official_page": "yes"}, "/is_official_page"),
        ({"status": "approved"}, "/status"),
    ],
)
async def test_an_invalid_point_is_rejected(api: Api, people: People, change: dict[str, Any], pointer: str) -> None:
    rejected = await api.post(PATH, headers=api.as_(people.admin), json=point_body(people, **change))
    assert rejected.status_code == 422
    assert [error["pointer"] for error in rejected.json()["errors"]] == [pointer]


async def test_a_duplicate_name_is_a_conflict(api: Api, people: People) -> None:
    headers = api.as_(people.admin)
    assert (await api.post(PATH, headers=headers, json=point_body(people))).status_code == 201
    duplicate = await api.post(PATH, headers=headers, json=point_body(people))
    assert (duplicate.status_code, duplicate.json()["code"]) == (409, "point_exists")


async def test_a_point_is_updated(api: Api, people: People) -> None:
    headers = api.as_(people.admin)
    made = await api.post(PATH, headers=headers, json=point_body(people))
    path, tag = f"{PATH}/{made.json()['id']}", {"If-Match": made.headers["etag"]}
    changed = await api.patch(path, headers=headers | tag, json={"address": None, "service": "Госуслуги"})
    assert (changed.json()["address"], changed.json()["service"]) == (None, "Госуслуги")
    assert changed.json()["name"] == "Горячая линия"
    stale = await api.patch(path, headers=headers | tag, json={"address": "x"})
    assert stale.status_code == 412
    assert (await api.patch(path, headers=headers, json={"address": "x"})).status_code == 428
    for invalid in ({"name": None}, {"unit_id": None}, {"format": None}):
        rejected = await api.patch(path, headers=headers | {"If-Match": "*"}, json=invalid)
        assert rejected.status_code == 422, invalid


async def test_an_api_client_sees_only_its_granted_points(api: Api, people: People) -> None:
    headers = api.as_(people.integration)
    listed = await api.get(PATH, headers=headers)
    assert [point["id"] for point in listed.json()["items"]] == [str(people.point_id)]
    assert (await api.get(f"{PATH}/{people.other_point_id}", headers=headers)).status_code == 404


@pytest.mark.order("O-2.7")
async def test_the_points_named_by_the_order_exist(api: Api, people: People) -> None:
    listed = (await api.get(PATH, headers=api.as_(people.admin))).json()["items"]
    by_name = {point["name"]: (point["channel"], point["status"], point["is_official_page"]) for point in listed}
    assert by_name["Страница министерства «ВКонтакте»"] == ("vk", "approved", True)
    assert by_name["Страница министерства в «Одноклассниках»"] == ("ok", "approved", True)
    assert by_name["Телеграм-канал министерства"] == ("telegram", "approved", True)
    assert by_name["Официальный сайт министерства"] == ("site", "approved", False)
    assert by_name["Иные медиаресурсы"] == ("other_media", "draft", True)
    assert {"Письменное взаимодействие", "Бумажные анкеты"} <= set(by_name)
    kinds = (await api.get(f"{PATH}/channel-kinds", headers=api.as_(people.admin))).json()["items"]
    assert [kind["key"] for kind in kinds] == [
        "site", "vk", "ok", "telegram", "email", "phone", "post", "in_person", "paper", "other_media",
    ]  # fmt: skip


@pytest.mark.order("O-10c")
async def test_the_coverage_report_is_empty_when_every_point_is_regulated(api: Api, people: People) -> None:
    headers = api.as_(people.admin)
    act_id = await get_act_id(api, people, "122")
    reader = api.as_(people.client_centricity)
    report = (await api.get(f"{PATH}/coverage", headers=reader)).json()
    assert report["in_force"] == report["without_regulation"] == len(report["items"]) == 7
    assert {group["channel"] for group in report["groups"]} == {
        "site",
        "vk",
        "ok",
        "telegram",
        "post",
        "paper",
        "email",
    }
    names = {point["name"] for point in report["items"]}
    assert "Иные медиаресурсы" not in names, "a draft is not in force"
    for number, point in enumerate(report["items"]):
        tag = {"If-Match": (await api.get(f"{PATH}/{point['id']}", headers=headers)).headers["etag"]}
        payload = {"kind": "legal_act", "legal_act_id": act_id, "clause": "п. 2"}
        if number == 0:
            payload = {"kind": "own_text", "text": "Отвечаем в рабочие дни."}
        response = await api.put(f"{PATH}/{point['id']}/regulation", headers=headers | tag, json=payload)
        assert response.status_code == 200, response.text
        assert response.json()["regulation"] == {"legal_act_id": None, "clause": None, "text": None} | payload
        remaining = (await api.get(f"{PATH}/coverage", headers=reader)).json()
        assert remaining["without_regulation"] == len(remaining["items"]) == 6 - number
    assert remaining["items"] == [] and remaining["in_force"] == 7
    early = (await api.get(f"{PATH}/coverage", params={"on_date": "2024-02-14"}, headers=reader)).json()
    assert (early["in_force"], early["groups"]) == (0, [])


@pytest.mark.order("O-10c")
@pytest.mark.parametrize(
    ("payload", "pointer"),
    [
        ({"kind": "legal_act"}, "/legal_act_id"),
        ({"kind": "own_text"}, "/text"),
        ({"kind": "own_text", "text": "Текст", "legal_act_id": str(UUID(int=5))}, "/legal_act_id"),
        ({"kind": "legal_act", "legal_act_id": str(UUID(int=5))}, "/legal_act_id"),
        ({"kind": "custom"}, "/kind"),
    ],
)
async def test_an_incomplete_regulation_is_rejected(
    api: Api, people: People, payload: dict[str, Any], pointer: str
) -> None:
    path = f"{PATH}/{people.point_id}/regulation"
    rejected = await api.put(path, headers=api.as_(people.admin) | {"If-Match": "*"}, json=payload)
    assert rejected.status_code == 422
    assert [error["pointer"] for error in rejected.json()["errors"]] == [pointer]


@pytest.mark.order("O-2.7")
async def test_working_hours_are_stored_updated_exported_and_recorded_in_the_history(api: Api, people: People) -> None:
    headers = api.as_(people.admin)
    made = await api.post(PATH, headers=headers, json=point_body(people, working_hours="пн–пт 9:00–18:00"))
    assert (made.status_code, made.json()["working_hours"]) == (201, "пн–пт 9:00–18:00")
    url = f"{PATH}/{made.json()['id']}"
    changed = await api.patch(url, headers=headers | {"If-Match": '"1"'}, json={"working_hours": "пн–чт 9:00–17:00"})
    assert changed.json()["working_hours"] == "пн–чт 9:00–17:00"
    history = (await api.get(f"{url}/changes", headers=headers)).json()["items"]
    assert history[0]["changes"] == [{"field": "working_hours", "old": "пн–пт 9:00–18:00", "new": "пн–чт 9:00–17:00"}]
    table = (await api.get(f"{PATH}/export", headers=headers)).text
    assert "пн–чт 9:00–17:00" in table


@pytest.mark.order("O-10c")
async def test_the_coverage_report_is_filtered_by_organization_channel_and_unit(api: Api, people: People) -> None:
    reader = api.as_(people.unit_head)
    url = f"{PATH}/coverage"
    for query, count in (
        ({"channel": "email"}, 1),
        ({"unit_id": str(people.other_operator.unit_id)}, 1),
        ({"organization_id": str(people.operator.organization_id)}, 7),
        ({"organization_id": str(UUID(int=5))}, 0),
    ):
        report = (await api.get(url, params=query | {"with_count": "true"}, headers=reader)).json()
        assert (report["without_regulation"], report["in_force"], len(report["items"]), report["count"]) == (count,) * 4
        assert sum(group["without_regulation"] for group in report["groups"]) == count


@pytest.mark.order("O-2.7")
async def test_the_registry_is_sorted_and_filtered_by_time_of_change(api: Api, people: People) -> None:
    headers = api.as_(people.admin)
    first = await api.post(PATH, headers=headers, json=point_body(people, name="Аа"))
    second = await api.post(PATH, headers=headers, json=point_body(people, name="Яя"))
    by_name = (await api.get(PATH, params={"sort": "name", "limit": 200}, headers=headers)).json()["items"]
    by_name_descending = (await api.get(PATH, params={"sort": "-name", "limit": 200}, headers=headers)).json()["items"]
    assert [point["name"] for point in by_name_descending] == [point["name"] for point in by_name][::-1]
    oldest = (await api.get(PATH, params={"sort": "created_at", "limit": 200}, headers=headers)).json()["items"]
    assert [point["name"] for point in oldest][-2:] == ["Аа", "Яя"]
    assert (await api.get(PATH, params={"sort": "id;drop"}, headers=headers)).status_code == 422
    since = {"updated_after": second.json()["updated_at"]}
    assert (await api.get(PATH, params=since, headers=headers)).json()["items"] == []
    url = f"{PATH}/{first.json()['id']}"
    changed = await api.patch(url, headers=headers | {"If-Match": '"1"'}, json={"address": "+7 383 111-11-11"})
    assert changed.json()["updated_at"] > first.json()["updated_at"]
    assert (await api.get(PATH, params=since, headers=headers)).json()["items"] == [changed.json()]
