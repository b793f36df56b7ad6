"""Submissions over HTTP: by respondents, by another system, from paper (A-1)."""

import json
from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
import sqlalchemy as sa
from fastapi import FastAPI
from sqlmodel import SQLModel, select

from app.core import clock
from app.core.ids import new_id
from app.surveys.models.forms import SurveyForm
from tests.callers import People
from tests.conftest import Api, JoinedDatabase
from tests.surveys.factories import PATH, by_code, by_key, submit

RESPONDENT = ("198.51.100.77", 4711)
"""The address of the respondent in the privacy test."""


@pytest.mark.order("A-1", "A-1.11–13", "O-11")
async def test_by_key_and_by_code_are_one_submission(api: Api, people: People) -> None:
    submitted = (await submit(api, by_key(), municipality="50701000", source="web")).json()
    coded = (await submit(api, by_code(**{"12": "50701000"}))).json()
    same = ("form", "form_version", "organization_id", "municipality", "filled_at", "source", "answers", "codes")
    assert {name: submitted[name] for name in same} == {name: coded[name] for name in same}
    assert submitted["answers"] == by_key()
    assert submitted["codes"] == {"11": submitted["organization_id"], "12": "50701000", "13": None} | by_code()
    assert (submitted["form"], submitted["form_version"], submitted["source"]) == ("information-access", 1, "web")
    reader = api.as_(people.client_centricity)
    assert (await api.get(f"{PATH}/{submitted['id']}", headers=reader)).json() == submitted
    listed = await api.get(PATH, params={"municipality": "50701000"}, headers=reader)
    assert [item["id"] for item in listed.json()["items"]] == [coded["id"], submitted["id"]]


async def test_times_are_shown_in_the_organizations_time_zone(api: Api) -> None:
    created = await submit(api, by_code(**{"13": "2026-11-24T02:00:00Z"}))
    assert created.json()["filled_at"] == "2026-11-24T09:00:00+07:00" == created.json()["codes"]["13"]


LATER = "in six minutes"
JSON = {"Content-Type": "application/json"}


@pytest.mark.order("A-1", "A-1.11–13", "A-1.23x")
@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"form": "other-form"}, [("/form", "unknown_reference")]),
        ({"municipality": "50999999"}, [("/municipality", "municipality_not_in_force")]),
        ({"municipality": "50608000"}, [("/municipality", "municipality_not_in_force")]),  # abolished in 2025
        ({"municipality": "городской округ город Бердск"}, [("/municipality", "municipality_not_in_force")]),
        ({"answers": by_code(**{"12": "50608000"})}, [("/answers/12", "municipality_not_in_force")]),
        ({"answers": by_code(**{"12": 5})}, [("/answers/12", "string_type")]),
        ({"answers": by_code(**{"12": "50701000"}), "municipality": "50708000"}, [("/municipality", "contradiction")]),
        ({"filled_at": LATER}, [("/filled_at", "in_the_future")]),
        ({"answers": by_code(**{"13": LATER})}, [("/answers/13", "in_the_future")]),
        ({"answers": by_code(**{"13": "2026-11-24"})}, [("/answers/13", "datetime_parsing")]),  # paper only
        ({"answers": by_code(**{"13": 1})}, [("/answers/13", "datetime_parsing")]),
        ({"filled_at": "2024-02-14T16:59:59Z"}, [("/filled_at", "form_not_in_force")]),
        ({"filled_at": "0001-01-01T00:00:00+14:00"}, [("/filled_at", "datetime_out_of_range")]),
        ({"source": "paper"}, [("/source", "source_not_allowed")]),
        ({"source": "feedback_platform"}, [("/source", "source_not_allowed")]),
        ({"source": "fax"}, [("/source", "enum")]),
        ({"organization_id": str(UUID(int=5))}, [("/organization_id", "unknown_reference")]),
        ({"came_from_point_id": str(UUID(int=5))}, [("/came_from_point_id", "unknown_reference")]),
        ({"answers": by_code(**{"11": "Другое министерство"})}, [("/answers/11", "unknown_reference")]),
        ({"answers": by_code(**{"23.1.comment": "x"})}, [("/answers/23.1.comment", "comment_not_asked")]),
        ({"answers": by_code(**{"22.1": 4})}, [("/answers/22.1", "out_of_range")]),
        ({"answers": []}, [("/answers", "dict_type")]),
        ({"slip": 1}, [("/slip", "extra_forbidden")]),
    ],
)
async def test_every_error_is_422_with_its_pointer(
    api: Api, change: dict[str, Any], expected: list[tuple[str, str]]
) -> None:
    body = {"form": "information-access", "answers": by_key(), **change}
    soon = (
        clock.now() + timedelta(minutes=6)
    ).isoformat()  # computed now: parameters are collected when the run starts
    answer = await api.post(PATH, content=json.dumps(body).replace(LATER, soon), headers=JSON)
    assert answer.status_code == 422, answer.text
    assert [(e["pointer"], e["code"]) for e in answer.json()["errors"]] == expected


@pytest.mark.order("A-1.11–13")
async def test_a_former_municipality_is_valid_for_its_time(api: Api) -> None:
    before = await submit(api, by_key(), municipality="50608000", filled_at="2025-12-31T23:59:59+07:00")
    assert before.status_code == 201
    after = await submit(api, by_key(), municipality="50508000", filled_at="2026-01-01T00:00:00+07:00")
    assert after.status_code == 201
    early = await submit(api, by_key(), municipality="50508000", filled_at="2025-12-31T23:59:59+07:00")
    assert early.status_code == 422


@pytest.mark.order("A-1")
async def test_a_submission_stays_tied_to_its_form_version(api: Api, database: JoinedDatabase) -> None:
    async with database.transaction() as session:
        first = (await session.exec(select(SurveyForm))).one()
        first.valid_to = date(2026, 6, 30)
        definition = {
            "form": first.definition["form"] | {"version": 2, "sources": first.definition["form"]["sources"][:1]}
        }
        data = first.model_dump(exclude={"id", "version"})
        data |= {"form_version": 2, "valid_from": date(2026, 7, 1), "valid_to": None, "definition": definition}
        session.add(SurveyForm(**data))
    assert (await api.get("/api/v1/survey-forms/information-access")).json()["version"] == 2
    short = {"21": 1, "22.1": 1, "23.1": 5}
    assert (await submit(api, short)).json()["form_version"] == 2
    assert (await submit(api, by_key())).status_code == 422
    old = await submit(api, by_key(), filled_at="2026-06-30T23:59:59+07:00")
    assert old.json()["form_version"] == 1 and "22.4" in old.json()["codes"]


@pytest.mark.order("A-1.fn")
async def test_only_the_client_centricity_unit_enters_paper(api: Api, people: People) -> None:
    day = clock.today().isoformat()
    answers = by_code(**{"12": "городской округ город Бердск", "13": day})
    body = {"form": "information-access", "answers": answers}
    created = await api.post(f"{PATH}/paper", headers=api.as_(people.client_centricity), json=body)
    assert created.status_code == 201, created.text
    payload = created.json()
    assert (payload["source"], payload["municipality"]) == ("paper", "50708000")
    assert payload["filled_at"] == f"{day}T00:00:00+07:00"
    assert payload["keyed_by"] == str(people.client_centricity.id)
    local = body | {"answers": by_code(**{"13": "2026-11-23T09:30"})}
    entered = await api.post(f"{PATH}/paper", headers=api.as_(people.client_centricity), json=local)
    assert entered.json()["filled_at"] == "2026-11-23T09:30:00+07:00"
    for stranger in (people.operator, people.unit_head, people.admin, people.integration):
        refused = await api.post(f"{PATH}/paper", headers=api.as_(stranger), json=body)
        assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")
    assert (await api.post(f"{PATH}/paper", json=body)).status_code == 401
    elsewhere = replace(people.client_centricity, unit_id=people.operator.unit_id, username="moved")
    refused = await api.post(f"{PATH}/paper", headers=api.as_(elsewhere), json=body)
    assert (refused.status_code, refused.json()["code"]) == (403, "not_client_centricity_unit")
    before_422 = await api.post(f"{PATH}/paper", headers=api.as_(elsewhere), json={"slip": 1})
    assert before_422.status_code == 403, "permissions are checked before the body"


async def test_an_api_client_needs_an_idempotency_key_and_reads_its_own_submissions(api: Api, people: People) -> None:
    headers = api.as_(people.integration)
    refused = await submit(api, by_code(), headers)
    assert (refused.status_code, refused.json()["code"]) == (400, "idempotency_key_required")
    created = await submit(api, by_code(), headers | {"Idempotency-Key": "s1"})
    assert created.json()["source"] == "feedback_platform"
    again = await submit(api, by_code(), headers | {"Idempotency-Key": "s1"})
    assert again.json() == created.json() and again.headers["idempotent-replayed"] == "true"
    public = await submit(api, by_code())
    listed = await api.get(PATH, headers=headers)
    assert [item["id"] for item in listed.json()["items"]] == [created.json()["id"]]
    assert (await api.get(f"{PATH}/{public.json()['id']}", headers=headers)).status_code == 404


async def test_anonymous_callers_share_one_key_space(api: Api) -> None:
    first = await submit(api, by_code(), {"Idempotency-Key": "a"})
    again = await submit(api, by_code(), {"Idempotency-Key": "a"})
    assert first.json() == again.json()
    other = await submit(api, by_code(**{"21": 2}), {"Idempotency-Key": "a"})
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")


@pytest.mark.order("A-1")
async def test_no_data_about_the_respondent_is_stored(
    api: Api,
    application: FastAPI,
    database: JoinedDatabase,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """G8: no address, agent, cookie or language of the respondent is in any table or log line."""
    canary = new_id().hex
    monkeypatch.setattr(api, "_transport", httpx.ASGITransport(application, client=RESPONDENT))
    caplog.set_level("DEBUG")
    headers = {
        "User-Agent": f"agent-{canary}",
        "Cookie": f"c={canary}",
        "X-Forwarded-For": "203.0.113.77",
        "Referer": f"https://example.org/{canary}",
        "Accept-Language": f"ru, x-{canary[:8]}",
    }
    assert (await submit(api, by_key(), headers)).status_code == 201
    assert (await submit(api, by_key(), headers | {"Idempotency-Key": "once"})).status_code == 201
    async with database.transaction() as session:
        for name, table in SQLModel.metadata.tables.items():
            for row in (await session.exec(sa.select(table))).all():  # type: ignore[call-overload]
                text = repr(row)
                assert not any(trace in text for trace in (canary, "203.0.113.77", RESPONDENT[0])), name
    assert not any(trace in caplog.text for trace in (canary, "203.0.113.77", RESPONDENT[0]))


async def test_reading_needs_the_permission(api: Api, people: People) -> None:
    for stranger in (people.operator, people.unit_head, people.admin, people.press):
        assert (await api.get(PATH, headers=api.as_(stranger))).status_code == 403
    assert (await api.get(PATH)).status_code == 401
    bad = {"Authorization": "Bearer garbage"}
    assert (await submit(api, by_key(), bad)).status_code == 401, (
        "an invalid token is refused although no token is needed"
    )
