"""Paper entry by codes: batches, double entry of selected sheets, corrections that keep the old answers (A-1.fn)."""

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest
import pytest_asyncio
from sqlmodel import col, func, select

from app.core.audit import AuditEvent
from app.core.ids import new_id
from app.core.security import Principal
from app.organizations.models import Employee, Organization
from app.organizations.rules import OrganizationKind
from app.surveys.models.entry_checks import EntryCheck
from app.surveys.models.submissions import SubmissionRevision, SurveySubmission
from app.surveys.rules.entry_checks import find_entry_differences, is_chosen
from tests.callers import People
from tests.conftest import Api, JoinedDatabase
from tests.imports.factories import table
from tests.reply_templates.test_review import service
from tests.surveys.factories import PATH, by_code, by_key, submit
from tests.surveys.test_forms import drafted, publish
from tests.surveys.test_import import count_rows, find_drifts, imported, stored
from tests.surveys.test_import_export import CODES

FORM = {"form": "information-access"}
CHECKS = "/api/v1/survey-entry-checks"
DAY = {"12": "50701000", "13": "2026-11-24"}


@pytest_asyncio.fixture
async def colleague(people: People, database: JoinedDatabase) -> Principal:
    """Another employee of the client-centricity unit."""
    first = people.client_centricity
    async with database.transaction() as session:
        known = await session.get_one(Employee, first.id)
        other = Employee(**known.model_dump(exclude={"id", "version"}) | {"username": f"test.{new_id().hex[-12:]}"})
        session.add(other)
    return replace(first, id=other.id, username=other.username)


def sheet(number: int, **codes: Any) -> dict[str, Any]:
    return {"number": number, "answers": by_code(**DAY | codes)}


async def enter_sheets(api: Api, by: Principal, *sheets: dict[str, Any], **more: Any) -> httpx.Response:
    body = FORM | {"batch": "Бердск-1", "sheets": list(sheets)} | more
    return await api.post(f"{PATH}/paper/batch", headers=api.as_(by), json=body)


async def set_double_entry_percent(database: JoinedDatabase, percent: int = 100) -> None:
    async with database.transaction() as session:
        query = select(Organization).where(Organization.kind == OrganizationKind.MINISTRY)
        (await session.exec(query)).one().double_entry_percent = percent


async def act(api: Api, by: Principal, path: str, verb: str, body: dict[str, Any]) -> httpx.Response:
    """Perform an action on the current version."""
    tag = (await api.get(path, headers=api.as_(by))).headers["etag"]
    return await api.post(f"{path}/{verb}", headers=api.as_(by) | {"If-Match": tag}, json=body)


def outcomes(answer: httpx.Response) -> list[tuple[int, str]]:
    assert answer.status_code == 201, answer.text
    return [(one["number"], one["outcome"]) for one in answer.json()["sheets"]]


@pytest.mark.order("A-1.fn")
async def test_a_batch_has_an_outcome_for_each_sheet(api: Api, people: People, database: JoinedDatabase) -> None:
    operator = people.client_centricity
    created = await enter_sheets(api, operator, sheet(1), sheet(2, **{"22.1": 9, "23.1": None}), sheet(3, **{"21": 2}))
    assert outcomes(created) == [(1, "created"), (2, "refused"), (3, "created")]
    payload = created.json()
    assert (payload["batch"], payload["created"], payload["unchanged"], payload["refused"]) == ("Бердск-1", 2, 0, 1)
    assert [(e["pointer"], e["code"]) for e in payload["sheets"][1]["errors"]] == [
        ("/sheets/1/answers/22.1", "out_of_range"),
        ("/sheets/1/answers/23.1", "int_type"),
    ]
    first = payload["sheets"][0]["submission"]
    assert (first["batch"], first["sheet_number"], first["keyed_by"]) == ("Бердск-1", 1, str(operator.id))
    assert first["source"] == "paper" and first["received_at"]
    again = await enter_sheets(api, operator, sheet(1), sheet(2), sheet(3, **{"21": 1}), sheet(2))
    assert outcomes(again) == [(1, "unchanged"), (2, "created"), (3, "refused"), (2, "refused")]
    sheets = again.json()["sheets"]
    assert sheets[0]["submission"] == first
    assert [one["errors"][0]["code"] for one in sheets[2:]] == ["sheet_conflict", "given_twice"]
    listed = await api.get(PATH, params={"batch": "Бердск-1"}, headers=api.as_(operator))
    assert sorted(item["sheet_number"] for item in listed.json()["items"]) == [1, 2, 3]
    assert await count_rows(database, SurveySubmission) == 3 and await find_drifts(database) == []
    elsewhere = await enter_sheets(api, operator, sheet(1), batch="Бердск-2")
    assert outcomes(elsewhere) == [(1, "created")], "numbers are unique within a batch"


@pytest.mark.order("A-1.fn")
async def test_a_batch_has_an_idempotency_key_and_limits(api: Api, people: People, database: JoinedDatabase) -> None:
    headers = api.as_(people.client_centricity) | {"Idempotency-Key": "batch-1"}
    body = FORM | {"batch": "Бердск-1", "sheets": [sheet(n) for n in range(1, 101)]}
    created = await api.post(f"{PATH}/paper/batch", headers=headers, json=body)
    assert created.json()["created"] == 100
    again = await api.post(f"{PATH}/paper/batch", headers=headers, json=body)
    assert again.content == created.content and again.headers["idempotent-replayed"] == "true"
    assert await count_rows(database, SurveySubmission) == 100
    wrongs: list[dict[str, Any]] = [{"sheets": []}, {"sheets": [sheet(0)]}, {"batch": ""}]
    wrongs.append({"sheets": [sheet(n) for n in range(1, 102)]})
    for wrong in wrongs:
        refused = await enter_sheets(api, people.client_centricity, **wrong)
        assert refused.status_code == 422, wrong
    for stranger in (people.operator, people.admin, people.integration):
        assert (await enter_sheets(api, stranger, sheet(1))).status_code == 403
    elsewhere = replace(people.client_centricity, unit_id=people.operator.unit_id, username="moved")
    assert (await enter_sheets(api, elsewhere, sheet(1))).json()["code"] == "not_client_centricity_unit"


async def test_errors_of_the_whole_batch_are_reported_with_each_sheet(api: Api, people: People) -> None:
    created = await enter_sheets(api, people.client_centricity, sheet(1), form="another")
    assert [(e["pointer"], e["code"]) for e in created.json()["sheets"][0]["errors"]] == [
        ("/form", "unknown_reference")
    ]
    unknown = await enter_sheets(api, people.client_centricity, sheet(1), organization_id=str(UUID(int=5)))
    assert (unknown.status_code, unknown.json()["errors"][0]["pointer"]) == (422, "/organization_id")


@pytest.mark.order("A-1.fn")
async def test_a_single_sheet_of_a_batch_is_entered(api: Api, people: People) -> None:
    headers = api.as_(people.client_centricity)
    body = FORM | {"answers": by_code(**DAY), "batch": "Бердск-1", "sheet_number": 7}
    first = await api.post(f"{PATH}/paper", headers=headers, json=body)
    again = await api.post(f"{PATH}/paper", headers=headers, json=body)
    assert (first.status_code, again.json()) == (201, first.json())
    other = await api.post(f"{PATH}/paper", headers=headers, json=body | {"answers": by_code(**{"21": 2})})
    assert (other.status_code, other.json()["code"]) == (409, "sheet_conflict")
    for name in ("batch", "sheet_number"):
        half = {key: value for key, value in body.items() if key != name}
        refused = await api.post(f"{PATH}/paper", headers=headers, json=half)
        assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, f"/{name}")


@pytest.mark.order("A-1.fn")
def test_the_selection_for_double_entry_is_not_predictable_without_the_secret() -> None:
    ids = [new_id() for _ in range(4000)]
    for percent, low, high in ((0, 0, 0), (10, 300, 500), (100, 4000, 4000)):
        chosen = [one for one in ids if is_chosen(b"secret", one, percent)]
        assert low <= len(chosen) <= high, percent
        assert chosen == [one for one in ids if is_chosen(b"secret", one, percent)], "the selection is repeatable"
    mine = {one for one in ids if is_chosen(b"secret", one, 50)}
    theirs = {one for one in ids if is_chosen(b"another", one, 50)}
    assert 800 < len(mine & theirs) < 1200
    fewer = {one for one in ids if is_chosen(b"secret", one, 20)}
    assert fewer < mine, "a larger share includes the smaller one"


@pytest.mark.order("A-1.fn")
def test_differences_are_listed_by_code_in_the_order_of_the_form() -> None:
    first = {"13": None, "21": 1, "22.2": 1, "22.10": 1, "23.2.comment": "Не нашёл  телефон", "23.1.comment": "а"}
    second = {"13": "x", "21": 1, "22.2": 2, "22.10": 3, "23.2.comment": "не нашел телефон"}
    assert find_entry_differences(first, second) == [
        {"code": "13", "first": None, "second": "x"},
        {"code": "22.2", "first": 1, "second": 2},
        {"code": "22.10", "first": 1, "second": 3},
        {"code": "23.1.comment", "first": "а", "second": None},
    ]


@pytest.mark.order("A-1.fn")
async def test_a_selected_sheet_is_entered_again_by_another_employee(
    api: Api, people: People, database: JoinedDatabase, colleague: Principal
) -> None:
    first = people.client_centricity
    assert outcomes(await enter_sheets(api, first, sheet(1))) == [(1, "created")]
    assert await count_rows(database, EntryCheck) == 0, "by default no sheet is selected"
    await set_double_entry_percent(database)
    await enter_sheets(api, first, sheet(1), sheet(2), sheet(3))
    listed = (await api.get(CHECKS, params={"state": "waiting"}, headers=api.as_(colleague))).json()["items"]
    assert [(one["batch"], one["sheet_number"], one["differences"]) for one in listed] == [
        ("Бердск-1", 3, None),
        ("Бердск-1", 2, None),
    ]
    third, second = (f"{CHECKS}/{one['id']}" for one in listed)
    same = await act(api, first, second, "key_in", {"answers": by_code(**DAY)})
    assert (same.status_code, same.json()["code"]) == (409, "same_hand")
    bad = await act(api, colleague, second, "key_in", {"answers": by_code(**DAY | {"21": 3})})
    assert [(e["pointer"], e["code"]) for e in bad.json()["errors"]] == [("/answers/21", "out_of_range")]
    agreed = await act(api, colleague, second, "key_in", {"answers": by_code(**DAY | {"12": "50701000"})})
    assert (agreed.status_code, agreed.json()["state"], agreed.json()["differences"]) == (200, "agreed", [])
    assert agreed.json()["second_by"] == str(colleague.id) and agreed.json()["first_by"] == str(first.id)
    over = await act(api, colleague, second, "key_in", {"answers": by_code(**DAY)})
    assert (over.status_code, over.json()["code"]) == (409, "move_not_allowed")
    early = await act(api, colleague, third, "resolve", {"reason": "Рано"})
    assert (early.status_code, early.json()["code"]) == (409, "move_not_allowed")
    differs = await act(api, colleague, third, "key_in", {"answers": by_code(**DAY | {"21": 2, "22.1": 3})})
    payload = differs.json()
    assert (payload["state"], payload["differences"]) == (
        "differs",
        [{"code": "21", "first": 1, "second": 2}, {"code": "22.1", "first": 1, "second": 3}],
    )
    assert (await act(api, first, third, "resolve", {"reason": "Прав я"})).json()["code"] == "same_hand"
    done = await act(api, colleague, third, "resolve", {"reason": "На листе 1"})
    assert (done.json()["state"], done.json()["resolution"], done.json()["reason"]) == (
        "resolved",
        "first_stands",
        "На листе 1",
    )
    assert done.json()["resolved_by"] == str(colleague.id)
    for state, many in (("waiting", 0), ("agreed", 1), ("differs", 0), ("resolved", 1)):
        found = await api.get(CHECKS, params={"state": state, "batch": "Бердск-1"}, headers=api.as_(first))
        assert len(found.json()["items"]) == many
    assert (await api.get(f"{CHECKS}/{new_id()}", headers=api.as_(first))).json()["code"] == "entry_check_not_found"
    assert await find_drifts(database) == [], "a second entry is not counted"


@pytest.mark.order("A-1.fn", "O-11")
async def test_a_correction_is_counted_and_keeps_the_old_answers(
    api: Api, people: People, database: JoinedDatabase, colleague: Principal
) -> None:
    await set_double_entry_percent(database)
    created = (await enter_sheets(api, people.client_centricity, sheet(1))).json()["sheets"][0]["submission"]
    path = f"{PATH}/{created['id']}"
    check = (await api.get(CHECKS, headers=api.as_(colleague))).json()["items"][0]
    await act(api, colleague, f"{CHECKS}/{check['id']}", "key_in", {"answers": by_code(**DAY | {"21": 2})})
    change = {"21.": 2, "23.2.comment": None, "13": "2026-10-02", "12": "50708000"}
    done = await act(api, people.client_centricity, path, "correct", {"reason": "Опечатка", "answers": change})
    assert done.status_code == 200, done.text
    payload = done.json()
    assert (payload["codes"]["21"], payload["municipality"]) == (2, "50708000")
    assert payload["filled_at"] == "2026-10-02T00:00:00+07:00" and "23.2.comment" not in payload["codes"]
    unchanged = ("id", "received_at", "keyed_by", "batch", "sheet_number", "source", "organization_id")
    assert {name: payload[name] for name in unchanged} == {name: created[name] for name in unchanged}
    assert done.headers["etag"] == '"2"'
    revisions = (await api.get(f"{path}/revisions", headers=api.as_(colleague))).json()["items"]
    assert [(one["number"], one["reason"], one["form_version"]) for one in revisions] == [(1, "Опечатка", 1)]
    assert revisions[0]["answers"] == created["answers"] and revisions[0]["corrected_by"] == str(
        people.client_centricity.id
    )
    assert revisions[0]["codes"] == {code: value for code, value in created["codes"].items() if code != "11"}
    resolved = (await api.get(f"{CHECKS}/{check['id']}", headers=api.as_(colleague))).json()
    assert (resolved["state"], resolved["resolution"], resolved["reason"]) == ("resolved", "corrected", "Опечатка")
    (row,) = await stored(database)
    assert (row.satisfaction, row.counted_on.isoformat()) == (2, "2026-10-02")
    assert await find_drifts(database) == []
    figures = "/api/v1/monitoring/satisfaction"
    for month, expected in (("10", (1, 0)), ("11", (0, 0))):
        period = {"from": f"2026-{month}-01", "to": f"2026-{month}-30"}
        total = (await api.get(figures, params=period, headers=api.as_(colleague))).json()["total"]
        assert (total["n"], total["satisfied"]) == expected
    again = await enter_sheets(api, people.client_centricity, sheet(1))
    assert outcomes(again) == [(1, "unchanged")], "the sheet is identified by its original answers"
    async with database.transaction() as session:
        record = (await session.exec(select(AuditEvent).where(AuditEvent.action == "submission.corrected"))).one()
    assert record.fields == ["12", "13", "21", "23.2.comment"]


@pytest.mark.order("A-1.fn")
@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ({"21": None}, [("/answers/21", "missing")]),
        ({"21": 3}, [("/answers/21", "out_of_range")]),
        ({"23.2": 5}, [("/answers/23.2.comment", "comment_not_asked")]),
        ({"99": 1}, [("/answers/99", "unknown_code")]),
        ({"99": None}, [("/answers/99", "unknown_code")]),
        ({"11": "x"}, [("/answers/11", "fixed")]),
        ({"21": 2, "21.": 2}, [("/answers/21", "given_twice")]),
        ({"21": 1}, [("/answers", "nothing_changed")]),
        ({"12": "Атлантида"}, [("/answers/12", "municipality_not_in_force")]),
        ({}, [("/answers", "too_short")]),
        ({"satisfaction": 2}, [("/answers/satisfaction", "given_twice")]),
    ],
)
async def test_invalid_corrections_are_refused(
    api: Api, people: People, database: JoinedDatabase, answers: dict[str, Any], expected: list[tuple[str, str]]
) -> None:
    created = (await enter_sheets(api, people.client_centricity, sheet(1))).json()["sheets"][0]["submission"]
    path = f"{PATH}/{created['id']}"
    refused = await act(api, people.client_centricity, path, "correct", {"reason": "x", "answers": answers})
    assert refused.status_code == 422, refused.text
    assert [(e["pointer"], e["code"]) for e in refused.json()["errors"]][:1] == expected
    assert (await api.get(path, headers=api.as_(people.client_centricity))).json() == created
    assert await count_rows(database, SubmissionRevision) == 0 and await find_drifts(database) == []


@pytest.mark.order("A-1.fn", "A-1")
async def test_only_paper_and_imports_are_corrected(api: Api, people: People, database: JoinedDatabase) -> None:
    operator = people.client_centricity
    web = (await submit(api, by_key())).json()
    platform = (await submit(api, by_code(), api.as_(people.integration) | {"Idempotency-Key": "1"})).json()
    body = {"reason": "x", "answers": {"21": 2}}
    for one in (web, platform):
        refused = await act(api, operator, f"{PATH}/{one['id']}", "correct", body)
        assert (refused.status_code, refused.json()["code"]) == (409, "submission_not_correctable")
    headers = [code for code in CODES if not code.endswith("comment")]
    content = table(headers, [str(by_code(**DAY).get(code, "")) for code in headers])
    assert (await imported(api, database, people, content))["created"] == 1
    row = (await stored(database))[-1]
    done = await act(api, operator, f"{PATH}/{row.id}", "correct", body)
    assert (done.status_code, done.json()["codes"]["21"]) == (200, 2)
    assert (await imported(api, database, people, content))["unchanged"] == 1, "the row keeps its identity"
    assert await find_drifts(database) == []
    missing = await api.post(f"{PATH}/{new_id()}/correct", headers=api.as_(operator) | {"If-Match": "*"}, json=body)
    assert missing.json()["code"] == "submission_not_found"
    revised = await api.get(f"{PATH}/{row.id}/revisions", headers=api.as_(people.integration))
    assert revised.status_code == 404, "an API client reads only its own submissions"


@pytest.mark.order("A-1.fn")
async def test_a_correction_of_a_stale_version_is_refused(api: Api, people: People, database: JoinedDatabase) -> None:
    created = (await enter_sheets(api, people.client_centricity, sheet(1))).json()["sheets"][0]["submission"]
    path, operator = f"{PATH}/{created['id']}", api.as_(people.client_centricity)
    for number, (tag, status) in enumerate([('"2"', 412), ('W/"1"', 412), (None, 428), ('"1"', 200), ('"1"', 412)], 2):
        headers = operator | ({"If-Match": tag} if tag else {})
        body = {"reason": "x", "answers": {"13": f"2026-11-{number:02d}"}}
        assert (await api.post(f"{path}/correct", headers=headers, json=body)).status_code == status, tag
    async with database.transaction(write=False) as session:
        query = select(func.count()).select_from(SubmissionRevision)
        assert (await session.exec(query.where(col(SubmissionRevision.number) == 1))).one() == 1
    assert await find_drifts(database) == []


@pytest.mark.order("A-1.fn")
async def test_only_editors_of_organizations_set_the_double_entry_percent(api: Api, people: People) -> None:
    path = f"/api/v1/organizations/{people.client_centricity.organization_id}"
    assert (await api.get(path, headers=api.as_(people.admin))).json()["double_entry_percent"] == 0
    for by, value, status in ((people.client_centricity, 5, 403), (people.admin, 101, 422), (people.admin, 5, 200)):
        headers = api.as_(by) | {"If-Match": "*"}
        answer = await api.patch(path, headers=headers, json={"double_entry_percent": value})
        assert answer.status_code == status, answer.text
    assert (await api.get(path, headers=api.as_(people.admin))).json()["double_entry_percent"] == 5


@pytest.mark.order("A-1.fn")
async def test_a_sheet_entered_concurrently_is_stored_once(fresh_database: str, tmp_path: Path) -> None:
    async with service(fresh_database, tmp_path) as (api, people, database):
        operator = api.as_(people.client_centricity)
        one = FORM | {"batch": "Бердск-1", "sheet_number": 1, "answers": by_code(**DAY)}
        singles = await asyncio.gather(*[api.post(f"{PATH}/paper", headers=operator, json=one) for _ in range(4)])
        assert [answer.status_code for answer in singles] == [201] * 4, "repeats return the first submission"
        assert len({answer.json()["id"] for answer in singles}) == 1
        other = sheet(3, **{"21": 2})
        batches = await asyncio.gather(
            *[enter_sheets(api, people.client_centricity, sheet(2), s) for s in (sheet(3), other)]
        )
        results = [[outcome for _, outcome in outcomes(answer)] for answer in batches]
        assert sorted(results) == [["created", "created"], ["unchanged", "refused"]]
        assert len(await stored(database)) == 3 and await find_drifts(database) == []


@pytest.mark.order("A-1.fn")
async def test_of_concurrent_corrections_one_succeeds(fresh_database: str, tmp_path: Path) -> None:
    async with service(fresh_database, tmp_path) as (api, people, database):
        created = (await enter_sheets(api, people.client_centricity, sheet(1))).json()["sheets"][0]["submission"]
        path, headers = f"{PATH}/{created['id']}/correct", api.as_(people.client_centricity) | {"If-Match": '"1"'}
        bodies = [{"reason": "x", "answers": {"13": f"2026-10-0{day}"}} for day in range(1, 5)]
        answers = await asyncio.gather(*[api.post(path, headers=headers, json=body) for body in bodies])
        assert sorted(answer.status_code for answer in answers) == [200, 412, 412, 412]
        assert await find_drifts(database) == []


@pytest.mark.order("A-1", "A-1.fn")
async def test_a_sheet_keeps_its_version_if_another_begins_on_the_same_day(
    api: Api, people: People, database: JoinedDatabase, colleague: Principal
) -> None:
    await set_double_entry_percent(database)
    created = (await enter_sheets(api, people.client_centricity, {"number": 1, "answers": by_code()})).json()
    assert (await publish(api, people, await drafted(api, people))).is_success
    (check,) = (await api.get(CHECKS, headers=api.as_(colleague))).json()["items"]
    again = await act(api, colleague, f"{CHECKS}/{check['id']}", "key_in", {"answers": by_code(**{"21": 2})})
    assert (again.status_code, again.json()["differences"]) == (200, [{"code": "21", "first": 1, "second": 2}])
    path = f"{PATH}/{created['sheets'][0]['submission']['id']}"
    done = await act(api, people.client_centricity, path, "correct", {"reason": "x", "answers": {"21": 2}})
    assert (done.status_code, done.json()["form_version"], done.json()["codes"]["21"]) == (200, 1, 2), done.text
    assert await find_drifts(database) == []
