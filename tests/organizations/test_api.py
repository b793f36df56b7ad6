"""Tests of organizations, units, topics and municipalities over HTTP."""

import pytest

from tests.callers import People
from tests.conftest import Api

KINDS = {"municipal_okrug": 9, "municipal_district": 21, "urban_okrug": 5}


@pytest.mark.order("A-1.11–13")
async def test_municipalities_and_their_predecessors(api: Api) -> None:
    everything = (await api.get("/api/v1/municipalities")).json()
    assert everything["next_cursor"] is None and len(everything["items"]) == 44
    now = (await api.get("/api/v1/municipalities", params={"on_date": "2026-07-01"})).json()["items"]
    assert len(now) == 35
    counted = {kind: sum(row["kind"] == kind for row in now) for kind in KINDS}
    assert counted == KINDS
    before = (await api.get("/api/v1/municipalities", params={"on_date": "2025-12-31"})).json()["items"]
    assert len(before) == 35 and not any(row["kind"] == "municipal_okrug" for row in before)
    old = (await api.get("/api/v1/municipalities/50608000")).json()
    assert old == {
        "oktmo": "50608000",
        "kind": "municipal_district",
        "name": "Венгеровский муниципальный район Новосибирской области",
        "short_name": "Венгеровский",
        "valid_from": None,
        "valid_to": "2025-12-31",
        "successor": "50508000",
    }
    new = (await api.get("/api/v1/municipalities/50508000")).json()
    assert (new["valid_from"], new["valid_to"], new["successor"]) == ("2026-01-01", None, None)
    city = (await api.get("/api/v1/municipalities/50701000")).json()
    assert (city["name"], city["kind"]) == ("городской округ город Новосибирск", "urban_okrug")
    found = (await api.get("/api/v1/municipalities", params={"q": "рабочий посёлок"})).json()["items"]
    assert [row["oktmo"] for row in found] == ["50740000"]


async def test_a_reform_is_recorded_by_an_administrator(api: Api, people: People) -> None:
    headers = api.as_(people.admin)
    body = {
        "oktmo": "50515000",
        "kind": "municipal_okrug",
        "name": "Искитимский муниципальный округ Новосибирской области",
        "short_name": "Искитимский",
        "valid_from": "2027-01-01",
    }
    assert (await api.post("/api/v1/municipalities", headers=headers, json=body)).status_code == 201
    twice = await api.post("/api/v1/municipalities", headers=headers, json=body)
    assert (twice.status_code, twice.json()["code"]) == (409, "municipality_exists")
    path = "/api/v1/municipalities/50615000"
    tag = {"If-Match": (await api.get(path)).headers["etag"]}
    ended = {"valid_to": "2026-12-31", "successor": "50515000"}
    changed = await api.patch(path, headers=headers | tag, json=ended)
    assert (changed.json()["valid_to"], changed.json()["successor"]) == ("2026-12-31", "50515000")
    wrong = await api.patch(path, headers=headers | {"If-Match": "*"}, json={"successor": "50999999"})
    assert wrong.json()["errors"][0]["pointer"] == "/successor"


@pytest.mark.order("O-2.2", "O-2.4")
async def test_organizations_units_and_topics(api: Api, people: People) -> None:
    headers = api.as_(people.admin)
    ministry = (await api.get("/api/v1/organizations", headers=headers)).json()["items"][0]
    assert (ministry["name"], ministry["kind"], ministry["zone"]) == (
        "Министерство экономического развития Новосибирской области",
        "ministry",
        "Asia/Novosibirsk",
    )
    body = {"key": "fond", "kind": "subordinate", "name": "Фонд"}
    fund = await api.post("/api/v1/organizations", headers=headers, json=body)
    assert fund.status_code == 201
    assert (await api.post("/api/v1/organizations", headers=headers, json=body)).json()["code"] == "organization_exists"
    unit = await api.post(
        "/api/v1/units", headers=headers, json={"organization_id": fund.json()["id"], "name": "Отдел займов"}
    )
    assert unit.status_code == 201 and unit.json()["is_client_centricity"] is False
    topics = f"/api/v1/units/{unit.json()['id']}/topics"
    topic = await api.post(topics, headers=headers, json={"name": "Займы", "keywords": ["заём"]})
    assert topic.status_code == 201
    assert (await api.post(topics, headers=headers, json={"name": "Займы"})).json()["code"] == "topic_exists"
    path = f"{topics}/{topic.json()['id']}"
    closed = await api.patch(
        path, headers=headers | {"If-Match": topic.headers["etag"]}, json={"closed_on": "2027-01-01"}
    )
    assert closed.json()["closed_on"] == "2027-01-01"
    assert (await api.get(path, headers=headers | {"If-None-Match": closed.headers["etag"]})).status_code == 304
    listed = (await api.get(topics, headers=headers)).json()["items"]
    assert [item["name"] for item in listed] == ["Займы"]
    path = f"/api/v1/units/{unit.json()['id']}"
    tag = {"If-Match": unit.headers["etag"]}
    reversed_ = {"opened_on": "2026-02-01", "closed_on": "2026-01-01"}
    refused = await api.patch(path, headers=headers | tag, json=reversed_)
    assert refused.json()["errors"][0] == {
        "pointer": "/closed_on",
        "detail": "Дата окончания раньше даты начала.",
        "code": "dates_reversed",
        "in": "body",
    }
    filtered = await api.get("/api/v1/units", params={"organization_id": fund.json()["id"]}, headers=headers)
    assert [item["name"] for item in filtered.json()["items"]] == ["Отдел займов"]
    zone = await api.post("/api/v1/organizations", headers=headers, json=body | {"key": "x", "zone": "Mars/Base"})
    assert zone.json()["errors"][0]["pointer"] == "/zone"
