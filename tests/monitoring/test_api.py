"""The share of satisfied clients over submissions (O-11)."""

from typing import Any

import pytest

from app.core import clock
from app.core.ids import new_id
from app.organizations import service as organizations
from app.surveys import counters
from app.surveys.models.submissions import SurveySubmission
from app.surveys.queries import load_form_in_force
from app.surveys.rules.submissions import SubmissionSource
from tests.callers import People
from tests.conftest import Api, JoinedDatabase
from tests.surveys.factories import PATH as SUBMISSIONS
from tests.surveys.factories import by_code, by_key, submit, subordinate

PATH = "/api/v1/monitoring/satisfaction"


async def get_satisfaction(api: Api, people: People, **query: Any) -> dict[str, Any]:
    answer = await api.get(PATH, params=query, headers=api.as_(people.client_centricity))
    assert answer.status_code == 200, answer.text
    read: dict[str, Any] = answer.json()
    return read


@pytest.mark.order("O-1", "O-11")
async def test_120_answers_of_which_96_are_satisfied(api: Api, people: People, database: JoinedDatabase) -> None:
    one = (await submit(api, by_key(2), municipality="50708000", filled_at="2026-11-10T12:00:00+07:00")).json()
    async with database.transaction() as session:
        ministry = await organizations.get_ministry(session)
        form = await load_form_in_force(session, "information-access", clock.today())
        assert form is not None
        rows = []
        for place in range(119):
            happy = place < 96
            rows.append(
                SurveySubmission(
                    id=new_id(),
                    form_id=form.id,
                    form=form.key,
                    form_version=1,
                    organization_id=ministry.id,
                    municipality="50701000" if happy else None,
                    received_at=clock.now(),
                    counted_on=clock.today().replace(year=2026, month=11, day=11),
                    source=SubmissionSource.WEB,
                    satisfaction=1 if happy else 2,
                    answers=one["answers"],
                )
            )
        session.add_all(rows)
        await session.flush()
        await counters.count(session, rows[:60])
        await counters.fold(session)
        await counters.count(session, rows[60:])
    read = await get_satisfaction(api, people, **{"from": "2026-11-01", "to": "2026-11-30", "group_by": "municipality"})
    assert (read["from"], read["to"], read["group_by"]) == ("2026-11-01", "2026-11-30", "municipality")
    total = {"n": 120, "satisfied": 96, "share": 0.8, "low": 0.7196, "high": 0.8618}
    assert read["total"] | {"previous": None} == total | {"is_too_few": False, "previous": None}
    assert read["previous_period"] == {"from": "2026-10-02", "to": "2026-10-31"}
    nothing = {"difference": None, "difference_low": None, "difference_high": None, "verdict": "too_few"}
    assert read["total"]["previous"] == {"n": 0, "value": None} | nothing
    assert [(i["key"], i["name"], i["n"], i["satisfied"]) for i in read["items"]] == [
        ("50701000", "городской округ город Новосибирск", 96, 96),
        ("50708000", "городской округ город Бердск", 1, 0),
        ("unknown", "Не указан", 23, 0),
    ]
    assert (await get_satisfaction(api, people, municipality="50708000"))["total"]["n"] == 1
    assert [i["key"] for i in (await get_satisfaction(api, people, group_by="day"))["items"]] == [
        "2026-11-10",
        "2026-11-11",
    ]
    months = (await get_satisfaction(api, people, group_by="month"))["items"]
    assert [(i["key"], i["n"]) for i in months] == [("2026-11", 120)]
    sources = (await get_satisfaction(api, people, group_by="source"))["items"]
    assert [(i["key"], i["name"], i["n"]) for i in sources] == [("web", "На сайте", 120)]
    (whole,) = (await get_satisfaction(api, people, group_by="organization"))["items"]
    assert whole["name"] == "Министерство экономического развития Новосибирской области"


@pytest.mark.order("O-11", "A-1.11–13")
async def test_days_begin_at_midnight_in_novosibirsk(api: Api, people: People) -> None:
    for moment in ("2026-10-31T16:59:59Z", "2026-10-31T17:00:00Z", "2026-11-01T16:59:59Z", "2026-11-01T17:00:00Z"):
        assert (await submit(api, by_key(), filled_at=moment)).status_code == 201
    days = (await get_satisfaction(api, people, group_by="day"))["items"]
    assert [(i["key"], i["n"]) for i in days] == [("2026-10-31", 1), ("2026-11-01", 2), ("2026-11-02", 1)]
    one_day = await get_satisfaction(api, people, **{"from": "2026-11-01", "to": "2026-11-01"})
    assert one_day["total"]["n"] == 2 and one_day["items"] == []


async def test_without_filled_at_the_day_of_receipt_counts(api: Api, people: People) -> None:
    assert (await submit(api, by_key())).status_code == 201
    today = clock.today().isoformat()
    assert (await get_satisfaction(api, people, **{"from": today, "to": today}))["total"]["n"] == 1


async def test_no_answers_give_nulls(api: Api, people: People) -> None:
    read = await get_satisfaction(api, people)
    nothing = {"n": 0, "satisfied": 0, "share": None, "low": None, "high": None}
    assert read["total"] == nothing | {"is_too_few": True, "previous": None}
    assert (read["from"], read["to"], read["group_by"], read["items"]) == (None, None, None, [])
    ahead = await get_satisfaction(api, people, **{"from": "2100-01-01", "to": "2199-12-31"})
    assert ahead["total"]["n"] == 0


async def test_invalid_filters_are_rejected(api: Api, people: People) -> None:
    headers = api.as_(people.client_centricity)
    reversed_ = await api.get(PATH, params={"from": "2026-11-02", "to": "2026-11-01"}, headers=headers)
    assert (reversed_.status_code, reversed_.json()["errors"][0]["pointer"]) == (422, "/to")
    unknown = await api.get(PATH, params={"group_by": "planet"}, headers=headers)
    assert (unknown.status_code, unknown.json()["errors"][0]["pointer"]) == (422, "/group_by")
    assert (await api.get(PATH, headers=api.as_(people.operator))).status_code == 403
    assert (await api.get(PATH, headers=api.as_(people.unit_head))).status_code == 200


@pytest.mark.order("O-11", "A-1.fn")
async def test_figures_are_filtered_by_organization_and_way_of_filling_in(
    api: Api, people: People, database: JoinedDatabase
) -> None:
    async with database.transaction() as session:
        other = await subordinate(session)
    assert (await submit(api, by_key(2), organization_id=str(other))).status_code == 201
    keyer = api.as_(people.client_centricity)
    for moment in ("2026-10-31T23:59:59", "2026-11-01"):
        body = {"form": "information-access", "answers": by_code(**{"13": moment})}
        assert (await api.post(f"{SUBMISSIONS}/paper", headers=keyer, json=body)).status_code == 201
    assert (await get_satisfaction(api, people))["total"]["n"] == 3
    assert (await get_satisfaction(api, people, organization_id=str(other)))["total"]["satisfied"] == 0
    assert (await get_satisfaction(api, people, source="paper"))["total"]["n"] == 2
    paper_days = (await get_satisfaction(api, people, source="paper", group_by="day"))["items"]
    assert [(i["key"], i["n"], i["satisfied"]) for i in paper_days] == [("2026-10-31", 1, 1), ("2026-11-01", 1, 1)]
    ways = (await get_satisfaction(api, people, group_by="source"))["items"]
    assert [(i["key"], i["n"]) for i in ways] == [("paper", 2), ("web", 1)]
    whose = (await get_satisfaction(api, people, group_by="organization"))["items"]
    assert {i["name"]: i["n"] for i in whose} == {
        "Министерство экономического развития Новосибирской области": 2,
        "Учреждение": 1,
    }


@pytest.mark.order("O-11", "A-1.11–13")
async def test_figures_of_a_reformed_municipality_count_for_its_successor(api: Api, people: People) -> None:
    """The draft's reference list has districts that became okrugs at the end of 2025."""
    known = (await api.get("/api/v1/municipalities", params={"limit": 200})).json()["items"]
    old = next(row for row in known if row["successor"])
    new = next(row for row in known if row["oktmo"] == old["successor"])
    for oktmo, moment in ((old["oktmo"], "2025-12-31T12:00:00+07:00"), (new["oktmo"], "2026-01-01T12:00:00+07:00")):
        answer = await submit(api, by_key(), municipality=oktmo, filled_at=moment)
        assert answer.status_code == 201, answer.text
    items = (await get_satisfaction(api, people, group_by="municipality"))["items"]
    assert [(i["key"], i["name"], i["n"]) for i in items] == [(new["oktmo"], new["name"], 2)]
    assert (await get_satisfaction(api, people, municipality=new["oktmo"]))["total"]["n"] == 2
    assert (await get_satisfaction(api, people, municipality=old["oktmo"]))["total"]["n"] == 1
