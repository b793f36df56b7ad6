"""Sources, findability and the comparison with the preceding period (O-11)."""

import copy
from datetime import date
from typing import Any

import pytest

from app.monitoring.schemas.figures import GroupBy
from app.monitoring.service.survey_counts import sort_groups
from app.surveys.models.forms import SurveyForm
from app.surveys.queries import load_form_in_force
from app.surveys.rules.submissions import SubmissionSource
from tests.callers import People
from tests.conftest import Api, JoinedDatabase
from tests.monitoring.factories import answered
from tests.surveys.factories import SOURCES, subordinate

NOVEMBER = {"from": "2026-11-01", "to": "2026-11-30"}


async def get_figures(api: Api, people: People, what: str, **query: Any) -> dict[str, Any]:
    answer = await api.get(f"/api/v1/monitoring/{what}", params=query, headers=api.as_(people.unit_head))
    assert answer.status_code == 200, answer.text
    read: dict[str, Any] = answer.json()
    return read


@pytest.mark.order("O-1", "O-11")
async def test_a_share_is_compared_with_the_preceding_period(
    api: Api, people: People, database: JoinedDatabase
) -> None:
    async with database.transaction() as session:
        await answered(session, 70, 56, date(2026, 11, 1), municipality="50701000")
        await answered(session, 80, 48, date(2026, 10, 2), municipality="50701000")
        await answered(session, 40, 0, date(2026, 10, 1))  # the day before the preceding period: not compared
        await answered(session, 5, 5, date(2026, 11, 30), municipality="50708000")
    read = await get_figures(api, people, "satisfaction", **NOVEMBER, group_by="municipality")
    assert read["previous_period"] == {"from": "2026-10-02", "to": "2026-10-31"}
    first, second = read["items"]
    assert first["previous"] == {
        "n": 80,
        "value": 0.6,
        "difference": 0.2,
        "difference_low": 0.0524,
        "difference_high": 0.3339,
        "verdict": "higher",
    }
    assert (second["n"], second["is_too_few"]) == (5, True)
    assert (second["previous"]["n"], second["previous"]["verdict"]) == (0, "too_few")
    assert (read["total"]["n"], read["total"]["previous"]["n"]) == (75, 80)
    months = await get_figures(api, people, "satisfaction", **NOVEMBER, group_by="month")
    assert [(item["key"], item["previous"]) for item in months["items"]] == [("2026-11", None)]
    assert months["total"]["previous"]["verdict"] == "higher"
    open_end = await get_figures(api, people, "satisfaction", **{"from": "2026-11-01"})
    assert open_end["previous_period"] is None and open_end["total"]["previous"] is None


@pytest.mark.order("O-11")
async def test_use_of_sources_and_ease_of_finding(api: Api, people: People, database: JoinedDatabase) -> None:
    often = {"source_usage": dict.fromkeys(SOURCES, 1), "ease_of_finding": dict.fromkeys(SOURCES, 5)}
    never = {"source_usage": dict.fromkeys(SOURCES, 3), "ease_of_finding": dict.fromkeys(SOURCES, 2)}
    async with database.transaction() as session:
        other = await subordinate(session)
        await answered(session, 40, 40, date(2026, 11, 3), answers=often)
        await answered(session, 20, 0, date(2026, 11, 4), answers=never, source=SubmissionSource.PAPER)
        await answered(session, 30, 30, date(2026, 10, 20), answers=never)
        await answered(session, 7, 7, date(2026, 11, 3), answers=never, organization_id=other)
    ministry = (await get_figures(api, people, "satisfaction", group_by="organization"))["items"]
    ours = next(item["key"] for item in ministry if item["n"] == 90)
    read = await get_figures(api, people, "sources", **NOVEMBER, group_by="source", organization_id=ours)
    assert [(item["code"], item["key"]) for item in read["items"]] == [
        ("22.1", "official_site"),
        ("22.2", "telegram"),
        ("22.3", "vk"),
        ("22.4", "ok"),
    ]
    vk = read["items"][2]
    assert vk["name"] == "Страница ведомства в социальной сети «ВКонтакте»"
    assert (vk["n"], vk["counts"], vk["used"], vk["share"]) == (60, {"1": 40, "2": 0, "3": 20}, 40, 0.6667)
    assert (vk["previous"]["n"], vk["previous"]["value"], vk["previous"]["verdict"]) == (30, 0, "higher")
    assert [(g["key"], g["name"], g["n"], g["used"]) for g in vk["groups"]] == [
        ("paper", "На бумаге", 20, 0),
        ("web", "На сайте", 40, 40),
    ]
    found = await get_figures(api, people, "findability", **NOVEMBER, group_by="month", organization_id=ours)
    site = found["items"][0]
    assert (site["code"], site["n"], site["mean"]) == ("23.1", 60, 4.0)
    assert site["counts"] == {"1": 0, "2": 20, "3": 0, "4": 0, "5": 40}
    assert (site["low"], site["high"], site["previous"]["verdict"]) == (3.6391, 4.3609, "higher")
    assert [(group["key"], group["n"], group["previous"]) for group in site["groups"]] == [("2026-11", 60, None)]
    assert (await get_figures(api, people, "findability", form_version=1))["items"][0]["n"] == 97
    assert (await get_figures(api, people, "findability", form_version=99))["items"] == []
    assert (await get_figures(api, people, "sources", **{"from": "2100-01-01"}))["items"] == []


@pytest.mark.order("O-4", "O-11")
async def test_sources_have_the_names_given_by_their_organization(
    api: Api, people: People, database: JoinedDatabase
) -> None:
    async with database.transaction() as session:
        other = await subordinate(session)
        common = await load_form_in_force(session, "information-access", date(2026, 11, 3))
        assert common is not None
        definition = copy.deepcopy(common.definition)
        definition["form"]["version"] = 99
        telegram = next(raw for raw in definition["form"]["sources"] if raw["key"] == "telegram")
        telegram |= {"text": "Рассылка учреждения", "interaction_point_id": str(people.other_point_id)}
        known = common.model_dump(exclude={"id", "definition", "form_version", "organization_id", "version"})
        own = SurveyForm(**known, definition=definition, form_version=99, organization_id=other)
        session.add(own)
        await session.flush()
        await answered(session, 40, 40, date(2026, 11, 3))
        await answered(session, 7, 7, date(2026, 11, 3), organization_id=other, form_id=own.id, form_version=99)
    ministry = str(people.unit_head.organization_id)
    for whose, name, n, channel in (
        ({"organization_id": ministry}, "Телеграм-канал ведомства", 40, "telegram"),
        ({"organization_id": str(other)}, "Рассылка учреждения", 7, "email"),
        ({}, "Телеграм-канал ведомства", 47, "telegram"),
    ):
        for what in ("sources", "findability"):
            (item,) = [
                one for one in (await get_figures(api, people, what, **whose))["items"] if one["key"] == "telegram"
            ]
            assert (item["name"], item["n"]) == (name, n), (what, whose)
        channels = (await get_figures(api, people, "channel-parity", **whose))["items"]
        (measure,) = [one for item in channels if item["key"] == channel for one in item["measures"] if one["n"] == n]
        assert measure["measure"] == "findability"


def test_versions_are_sorted_by_number() -> None:
    assert [key for key, _ in sort_groups({"10": 0, "2": 0, "1": 0}, GroupBy.FORM_VERSION)] == ["1", "2", "10"]
    assert sort_groups({"50701000": 0, "50640434101": 0}, GroupBy.MUNICIPALITY)[0] == ("50640434101", 0)
    assert sort_groups({"": 0}, None) == []


async def test_operators_cannot_read_figures(api: Api, people: People) -> None:
    for what in ("sources", "findability"):
        answer = await api.get(f"/api/v1/monitoring/{what}", headers=api.as_(people.operator))
        assert answer.status_code == 403
