"""A form with six sources of another organization passes every path of input and output (A-1, O-2.2)."""

from collections import Counter
from typing import Any
from uuid import UUID

import httpx
import pytest

from app.core.security import Principal
from app.documents.tables.reader import read_table
from app.organizations.models import Organization
from tests.callers import People
from tests.conftest import Api, JoinedDatabase
from tests.imports.factories import table
from tests.surveys.factories import PATH, by_code, submit, subordinate
from tests.surveys.test_forms import drafted, publish, six, sources
from tests.surveys.test_import import find_drifts, imported, outcomes
from tests.surveys.test_paper import CHECKS, act, colleague
from tests.web.factories import BROWSER, send

CODES = [*(f"22.{n}" for n in range(1, 7)), *(f"23.{n}" for n in range(1, 7))]
COMMENT = "не нашёл часы приёма"
CORRECTION: dict[str, Any] = {"reason": "Опечатка", "answers": {"23.6": 4}}

__all__ = ["colleague"]


async def with_six_sources(api: Api, people: People, database: JoinedDatabase) -> UUID:
    """Add another organization with a form of its own."""
    async with database.transaction() as session:
        theirs = await subordinate(session)
    tied = sources(interaction_point_id=str(people.point_id))
    published = await publish(api, people, await drafted(api, people, organization_id=str(theirs), sources=tied))
    assert published.is_success, published.text
    return theirs


def sheet(score: int = 5, **more: Any) -> dict[str, Any]:
    return six(score) | ({"23.6.comment": COMMENT} if score <= 3 else {}) | more


async def submit_by_every_path(
    api: Api, people: People, database: JoinedDatabase, theirs: UUID
) -> dict[str, httpx.Response]:
    """Submit one questionnaire by every path; the answers are those of `sheet`."""
    by, whose = api.as_(people.client_centricity), dict[str, Any](organization_id=str(theirs))
    body = {"form": "information-access", **whose}
    responses = {"api": await submit(api, sheet(2), **whose)}
    responses["platform"] = await submit(api, sheet(), api.as_(people.integration) | {"Idempotency-Key": "1"}, **whose)
    paper = body | {"batch": "Пачка", "sheet_number": 1, "answers": sheet()}
    responses["paper"] = await api.post(f"{PATH}/paper", headers=by, json=paper)
    batch = body | {"batch": "Пачка", "sheets": [{"number": 2, "answers": sheet(1)}]}
    responses["batch"] = await api.post(f"{PATH}/paper/batch", headers=by, json=batch)

    fields = {"satisfaction": "1"} | {
        f"{question}.{key}": value
        for key in ("official_site", "telegram", "vk", "ok", "max", "hotline")
        for question, value in (("source_usage", "1"), ("ease_of_finding", "3"))
    }
    fields["comments.hotline"] = COMMENT
    page = await api.get("/survey/information-access", params={"organization": str(theirs)}, headers=BROWSER)
    responses["page"] = await send(api, page, fields)
    (link,) = (await api.post("/api/v1/survey-links", headers=by, json=body | {"count": 1})).json()["links"]
    responses["link"] = await send(api, await api.get(link, headers=BROWSER), fields)

    row = [str(sheet(3).get(code, "")) for code in ["21", *CODES, "23.6.comment"]]
    report = await imported(api, database, people, table(["21", *CODES, "23.6.comment"], row), **whose)
    assert outcomes(report) == ("done", 1, 0, 0), report
    named = await imported(api, database, people, table(["11", "21", *CODES], ["Учреждение", "2", *"111111555555"]))
    assert outcomes(named) == ("done", 1, 0, 0), named
    return responses


@pytest.mark.order("A-1", "A-1.fn", "A-1.23x", "O-2.2", "O-11")
async def test_six_sources_of_another_organization_pass_every_path(
    api: Api, people: People, database: JoinedDatabase
) -> None:
    theirs = await with_six_sources(api, people, database)
    by, whose = api.as_(people.client_centricity), {"organization_id": str(theirs)}
    assert (await submit(api, by_code())).status_code == 201, "the ministry's own form is unchanged"

    responses = await submit_by_every_path(api, people, database, theirs)
    expected = {"api": 201, "platform": 201, "paper": 201, "batch": 201, "page": 303, "link": 303}
    assert {name: answer.status_code for name, answer in responses.items()} == expected
    rows = (await api.get(PATH, headers=by, params=whose)).json()["items"]
    assert Counter(row["source"] for row in rows) == {"web": 3, "feedback_platform": 1, "paper": 2, "import": 2}
    assert all(len(row["answers"]["ease_of_finding"]) == 6 for row in rows)

    path = f"{PATH}/{responses['paper'].json()['id']}"
    wrong = await act(api, people.client_centricity, path, "correct", CORRECTION | {"answers": {"23.7": 1}})
    assert wrong.json()["errors"][0]["code"] == "unknown_code"
    done = await act(api, people.client_centricity, path, "correct", CORRECTION)
    assert done.json()["codes"]["23.6"] == 4

    exported = await api.get(f"{PATH}/export", headers=by, params=whose | {"format": "xlsx"})
    out = read_table(exported.content)
    assert out.headers[3:16] == ["21", *CODES] and out.headers[-1] == "23.6.comment" and len(out.rows) == 8
    scores = [row[15] for _, row in out.rows]
    assert Counter(scores) == {"1": 1, "2": 1, "3": 3, "4": 1, "5": 2}
    assert await find_drifts(database) == []
    for measure in ("sources", "findability"):
        found = (await api.get(f"/api/v1/monitoring/{measure}", headers=by, params=whose)).json()["items"]
        assert [(one["code"], one["n"]) for one in found][-1] == (f"{'22' if measure == 'sources' else '23'}.6", 8)
    assert found[-1]["counts"] == {"1": 1, "2": 1, "3": 3, "4": 1, "5": 2}
    report = await api.get("/api/v1/monitoring/report", headers=by, params=whose | {"format": "pdf"})
    assert report.content.startswith(b"%PDF-")


@pytest.mark.order("A-1.fn")
async def test_the_second_entry_uses_the_form_of_the_organization(
    api: Api, people: People, database: JoinedDatabase, colleague: Principal
) -> None:
    theirs = await with_six_sources(api, people, database)
    async with database.transaction() as session:
        (await session.get_one(Organization, theirs)).double_entry_percent = 100
    body = {"form": "information-access", "organization_id": str(theirs), "batch": "Пачка"}
    sheets = {"sheets": [{"number": 1, "answers": sheet()}]}
    headers = api.as_(people.client_centricity)
    assert (await api.post(f"{PATH}/paper/batch", headers=headers, json=body | sheets)).status_code == 201
    (check,) = (await api.get(CHECKS, headers=api.as_(colleague))).json()["items"]
    second = {"answers": sheet(**{"23.6": 4})}
    payload = (await act(api, colleague, f"{CHECKS}/{check['id']}", "key_in", second)).json()
    assert payload["differences"] == [{"code": "23.6", "first": 5, "second": 4}]
