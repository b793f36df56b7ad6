"""The form version in force, the point of origin, and filters of the list (A-1, O-3)."""

import json
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core import clock
from app.interaction_points.models import Point, PointState
from app.interaction_points.rules import PointStatus
from app.organizations import service as organizations
from app.surveys.models.forms import SurveyForm
from app.surveys.rules.form import FormState
from tests.callers import People
from tests.conftest import Api, JoinedDatabase
from tests.surveys.factories import PATH, by_code, by_key, submit, subordinate

CURRENT = "/api/v1/survey-forms/information-access"

REFORMED = "Венгеровский муниципальный район Новосибирской области"
"""A municipal okrug since 2026 (a district until 2025-12-31)."""


async def add_form_version(session: AsyncSession, **changes: Any) -> SurveyForm:
    """Add a copy of version 1 with changes."""
    first = (await session.exec(select(SurveyForm).where(SurveyForm.form_version == 1))).one()
    form = SurveyForm(**first.model_dump(exclude={"id", "version"}) | {"form_version": 2} | changes)
    session.add(form)
    await session.flush()
    return form


@pytest.mark.order("A-1")
async def test_a_draft_is_not_in_force(api: Api, database: JoinedDatabase) -> None:
    async with database.transaction() as session:
        await add_form_version(session, state=FormState.DRAFT)
    assert (await api.get(CURRENT)).json()["version"] == 1
    assert (await submit(api, by_key())).json()["form_version"] == 1
    assert len((await api.get("/api/v1/survey-forms")).json()["items"]) == 1


@pytest.mark.order("A-1", "O-2.2")
async def test_an_organization_may_have_its_own_version(api: Api, database: JoinedDatabase) -> None:
    async with database.transaction() as session:
        theirs = await subordinate(session)
        await add_form_version(session, organization_id=theirs, valid_from=date(2026, 1, 1))
        await add_form_version(session, form_version=3, valid_from=date(2026, 1, 1))  # the common one, and newer
    payload = (await submit(api, by_key(), organization_id=str(theirs))).json()
    assert (payload["form_version"], payload["organization_id"], payload["codes"]["11"]) == (
        2,
        str(theirs),
        str(theirs),
    )
    assert (await submit(api, by_key())).json()["form_version"] == 3
    # Times are in the organization's own zone: in Kamchatka the year began five hours before Novosibirsk.
    at_midnight = await submit(api, by_key(), organization_id=str(theirs), filled_at="2025-12-31T12:00:00Z")
    assert at_midnight.json()["form_version"] == 2
    before = await submit(api, by_key(), organization_id=str(theirs), filled_at="2025-12-31T11:59:59Z")
    assert before.json()["form_version"] == 1


@pytest.mark.order("A-1", "A-1.fn")
async def test_paper_is_entered_by_the_form_version_of_its_date(
    api: Api, database: JoinedDatabase, people: People
) -> None:
    last = clock.today() - timedelta(days=1)
    async with database.transaction() as session:
        (await session.exec(select(SurveyForm))).one().valid_to = last
    assert (await api.get(CURRENT)).status_code == 404
    refused = await submit(api, by_key())
    assert refused.status_code == 422
    assert [(e["pointer"], e["code"]) for e in refused.json()["errors"]] == [("/form", "form_not_in_force")]
    body = {"form": "information-access", "answers": by_code(**{"13": last.isoformat()})}
    late = await api.post(f"{PATH}/paper", headers=api.as_(people.client_centricity), json=body)
    assert late.status_code == 201, late.text
    assert late.json()["form_version"] == 1


@pytest.mark.order("O-3", "A-1")
async def test_the_point_of_origin_has_to_be_approved(api: Api, database: JoinedDatabase, people: People) -> None:
    approved = await submit(api, by_key(), came_from_point_id=str(people.point_id))
    assert approved.json()["came_from_point_id"] == str(people.point_id)
    async with database.transaction() as session:
        known = (await session.exec(select(Point).where(Point.id == people.point_id))).one()
        draft = Point(**known.model_dump(exclude={"id", "version"}) | {"name": "Новая", "status": PointStatus.DRAFT})
        session.add(draft)
        steps = (await session.exec(select(PointState).where(PointState.point_id == known.id))).all()
        began = min(step.effective_on for step in steps if step.status is PointStatus.APPROVED)
    refused = await submit(api, by_key(), came_from_point_id=str(draft.id))
    assert refused.status_code == 422, "a point without approval is refused"
    assert [(e["pointer"], e["code"]) for e in refused.json()["errors"]] == [
        ("/came_from_point_id", "point_not_in_force")
    ]
    assert began <= clock.today()


async def test_the_list_is_filtered_and_paged(api: Api, people: People) -> None:
    reader = api.as_(people.client_centricity)
    ministry = (await submit(api, by_key(), filled_at="2026-11-01T00:00:00+07:00")).json()
    paper = await api.post(
        f"{PATH}/paper", headers=reader, json={"form": "information-access", "answers": by_code(**{"12": "50701000"})}
    )
    newest = paper.json()

    async def ids(**query: Any) -> list[str]:
        answer = await api.get(PATH, params=query, headers=reader)
        assert answer.status_code == 200, answer.text
        return [item["id"] for item in answer.json()["items"]]

    today = clock.today().isoformat()
    first, second = ministry["id"], newest["id"]
    assert await ids() == [second, first]
    assert await ids(source="paper") == [second]
    assert await ids(form="information-access", version=1) == [second, first]
    assert await ids(version=2) == []
    assert await ids(municipality="50701000") == [second]
    assert await ids(organization_id=ministry["organization_id"]) == [second, first]
    assert await ids(organization_id=str(UUID(int=5))) == []
    assert await ids(**{"from": "2026-11-01", "to": "2026-11-01"}) == [first]
    assert await ids(**{"to": "2026-10-31"}) == []
    assert await ids(**{"from": today}) == [second]
    page = (await api.get(PATH, params={"limit": 1}, headers=reader)).json()
    assert await ids(limit=1, cursor=page["next_cursor"]) == [first]
    one = await api.get(f"{PATH}/{first}", headers=reader)
    same = await api.get(f"{PATH}/{first}", headers=reader | {"If-None-Match": one.headers["etag"]})
    assert same.status_code == 304
    reversed_ = await api.get(PATH, params={"from": "2026-11-02", "to": "2026-11-01"}, headers=reader)
    assert (reversed_.status_code, reversed_.json()["errors"][0]["pointer"]) == (422, "/to")


@pytest.mark.order("A-1")
async def test_the_list_of_errors_is_limited(api: Api) -> None:
    answers = {f"9{n}.{'x' * 500}": 1 for n in range(150)} | {"\ud800": 1, "a\x00": 1}
    response = await api.post(
        PATH,
        content=json.dumps({"form": "information-access", "answers": answers}),
        headers={"Content-Type": "application/json"},
    )
    assert response.status_code == 422
    assert 1 <= len(response.json()["errors"]) <= 20 and len(response.content) < 4096


@pytest.mark.order("A-1.fn", "A-1.11–13")
@pytest.mark.parametrize(
    ("codes", "expected"),
    [
        ({"12": "Венгеровский"}, [("/answers/12", "municipality_not_in_force")]),  # only the exact name is accepted
        (
            {"12": REFORMED},
            [("/answers/12", "municipality_not_in_force")],
        ),
        ({"13": (clock.today() + timedelta(days=2)).isoformat()}, [("/answers/13", "in_the_future")]),
        ({"13": "24.11.2026"}, [("/answers/13", "datetime_parsing")]),
        ({"13": "2026-02-30"}, [("/answers/13", "datetime_parsing")]),
        ({"13": "2026-W48-2"}, [("/answers/13", "datetime_parsing")]),
        ({"13": "20261124T0930"}, [("/answers/13", "datetime_parsing")]),
        ({"13": "1899-12-31"}, [("/answers/13", "datetime_parsing")]),
        ({"13": ""}, [("/answers/13", "datetime_parsing")]),
        ({"21": 3}, [("/answers/21", "out_of_range")]),
    ],
)
async def test_invalid_paper_entries_are_refused(
    api: Api, people: People, codes: dict[str, Any], expected: list[tuple[str, str]]
) -> None:
    body = {"form": "information-access", "answers": by_code(**codes)}
    refused = await api.post(f"{PATH}/paper", headers=api.as_(people.client_centricity), json=body)
    assert refused.status_code == 422, refused.text
    assert [(e["pointer"], e["code"]) for e in refused.json()["errors"]] == expected


@pytest.mark.order("A-1.fn", "A-1.11–13")
async def test_paper_accepts_names_and_local_times(api: Api, people: People, database: JoinedDatabase) -> None:
    async with database.transaction() as session:
        ministry = await organizations.get_ministry(session)
    answers = by_code(
        **{
            "11": ministry.name,
            "12": REFORMED,
            "13": "2025-12-31T23:59:59",
        }
    )
    headers = api.as_(people.client_centricity) | {"Idempotency-Key": "sheet-1"}
    body = {"form": "information-access", "answers": answers}
    created = await api.post(f"{PATH}/paper", headers=headers, json=body)
    assert created.status_code == 201, created.text
    payload = created.json()
    assert (payload["municipality"], payload["filled_at"]) == ("50608000", "2025-12-31T23:59:59+07:00")
    assert payload["codes"] == answers | {"11": str(ministry.id), "12": "50608000", "13": "2025-12-31T23:59:59+07:00"}
    again = await api.post(f"{PATH}/paper", headers=headers, json=body)
    assert again.json() == payload and again.headers["idempotent-replayed"] == "true"
