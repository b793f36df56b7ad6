"""The working calendar over HTTP: corrections, days of a period, working hours (O-6.2.2)."""

from typing import Any

import pytest

from app.core.ids import new_id
from tests.callers import People
from tests.conftest import Api

CALENDAR = "/api/v1/working-calendar"
DAY = {"day": "2026-12-24", "kind": "off", "name": "Выходной по указу"}

pytestmark = pytest.mark.order("O-6.2.2")


async def test_a_correction_is_listed_and_applies_until_it_is_deleted(api: Api, people: People) -> None:
    admin = api.as_(people.admin)
    answer = await api.post(CALENDAR, headers=admin, json=DAY)
    assert answer.status_code == 201, answer.text
    assert (await api.post(CALENDAR, headers=admin, json=DAY)).json()["code"] == "calendar_day_exists"
    for year, count in ((2026, 1), (2027, 0)):
        listed = await api.get(CALENDAR, params={"year": year}, headers=admin)
        assert (listed.status_code, len(listed.json()["items"])) == (200, count)

    async def fetch_day() -> dict[str, Any]:
        days = await api.get(f"{CALENDAR}/days", params={"from": "2026-12-24", "to": "2026-12-24"}, headers=admin)
        (day,) = days.json()["items"]
        return dict(day)

    expected = {"day": "2026-12-24", "is_working": False, "name": "Выходной по указу", "working_hours": []}
    assert await fetch_day() == expected | {"provisional": False}
    url = f"{CALENDAR}/{answer.json()['id']}"
    assert (await api.delete(url, headers=admin)).status_code == 428
    assert (await api.delete(url, headers=admin | {"If-Match": answer.headers["etag"]})).status_code == 200
    assert (await fetch_day())["is_working"] is True
    assert (await api.get(url, headers=admin)).status_code == 404


async def test_a_correction_is_changed_by_the_fields_that_are_named(api: Api, people: People) -> None:
    admin = api.as_(people.admin)
    short = DAY | {"kind": "shortened", "working_hours": [["09:00", "12:15"]]}
    answer = await api.post(CALENDAR, headers=admin, json=short)
    url = f"{CALENDAR}/{answer.json()['id']}"
    renamed = await api.patch(url, headers=admin | {"If-Match": answer.headers["etag"]}, json={"name": "Короткий"})
    assert (renamed.status_code, renamed.headers["etag"]) == (200, '"2"')
    assert (renamed.json()["name"], renamed.json()["working_hours"]) == ("Короткий", [["09:00", "12:15"]])
    stale = await api.patch(url, headers=admin | {"If-Match": answer.headers["etag"]}, json={"kind": "off"})
    assert stale.status_code == 412
    off = await api.patch(url, headers=admin | {"If-Match": '"2"'}, json={"kind": "off"})
    assert (off.json()["kind"], off.json()["working_hours"], off.json()["name"]) == ("off", None, "Короткий")
    read = await api.get(url, headers=admin)
    assert read.json() == off.json()
    unchanged = await api.get(url, headers=admin | {"If-None-Match": read.headers["etag"]})
    assert unchanged.status_code == 304


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"kind": "shortened"}, "/working_hours"),
        ({"working_hours": [["09:00", "12:00"]]}, "/working_hours"),
        ({"kind": "working", "working_hours": [["12:00", "09:00"]]}, "/working_hours"),
        ({"kind": "working", "working_hours": [["09:00", "25:00"]]}, "/working_hours/0/1"),
        ({"organization_id": "01900000-0000-7000-8000-00000000dead"}, "/organization_id"),
        ({"kind": None}, "/kind"),
    ],
)
async def test_an_invalid_correction_is_refused(
    api: Api, people: People, changes: dict[str, Any], pointer: str
) -> None:
    answer = await api.post(CALENDAR, headers=api.as_(people.admin), json=DAY | changes)
    assert (answer.status_code, [error["pointer"] for error in answer.json()["errors"]]) == (422, [pointer])


@pytest.mark.parametrize("last", ["2026-12-23", "2028-02-01"])
async def test_a_period_has_one_to_four_hundred_days(api: Api, people: People, last: str) -> None:
    period = {"from": "2026-12-24", "to": last}
    answer = await api.get(f"{CALENDAR}/days", params=period, headers=api.as_(people.admin))
    assert (answer.status_code, [error["pointer"] for error in answer.json()["errors"]]) == (422, ["/to"])


async def test_working_hours_have_a_version_before_they_are_set(api: Api, people: People) -> None:
    admin = api.as_(people.admin)
    hours = f"{CALENDAR}/hours/{people.operator.organization_id}"
    data = await api.get(hours, headers=admin)
    assert (data.json()["working_hours"], data.headers["etag"]) == ([["09:00", "13:00"], ["14:00", "18:00"]], '"0"')
    body = {"working_hours": [["10:00", "16:00"]]}
    answer = await api.put(hours, headers=admin | {"If-Match": '"0"'}, json=body)
    assert (answer.status_code, answer.headers["etag"], answer.json()["moved"]) == (
        200,
        '"1"',
        {"count": 0, "items": []},
    )
    assert (await api.put(hours, headers=admin | {"If-Match": '"0"'}, json=body)).status_code == 412
    wrong = await api.put(hours, headers=admin | {"If-Match": '"1"'}, json={"working_hours": [["10:00", "10:30"]]})
    assert [error["pointer"] for error in wrong.json()["errors"]] == ["/working_hours"]


async def test_unknown_days_and_organizations_are_404(api: Api, people: People) -> None:
    for url, code in ((f"{new_id()}", "calendar_day_not_found"), (f"hours/{new_id()}", "organization_not_found")):
        answer = await api.get(f"{CALENDAR}/{url}", headers=api.as_(people.admin))
        assert (answer.status_code, answer.json()["code"]) == (404, code)
