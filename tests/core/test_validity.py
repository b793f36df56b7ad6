"""Validity of reference data: both ends of the interval count, in Python and in SQL."""

from datetime import date, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core import clock
from app.core.validity import Validity
from tests.callers import People
from tests.conftest import Api

DAY = date(2026, 11, 24)
BEFORE, AFTER = DAY - timedelta(days=1), DAY + timedelta(days=1)
CASES = [
    (None, None, True),
    (DAY, None, True),  # the first day counts
    (AFTER, None, False),
    (None, DAY, True),  # so does the last
    (None, BEFORE, False),
    (DAY, DAY, True),  # one day
    (BEFORE, AFTER, True),
]


@pytest.mark.parametrize(("first", "last", "expected"), CASES)
def test_both_ends_are_included(first: date | None, last: date | None, expected: bool) -> None:
    assert Validity(first, last).includes(DAY) is expected


@pytest.mark.parametrize(("first", "last", "expected"), CASES)
async def test_the_condition_agrees(
    session: AsyncSession, first: date | None, last: date | None, expected: bool
) -> None:
    columns = (sa.literal(first, sa.Date()).label("first"), sa.literal(last, sa.Date()).label("last"))
    row = sa.select(*columns).subquery()
    query = sa.select(sa.func.count()).select_from(row)
    found = await session.exec(query.where(Validity.condition(DAY, first=row.c.first, last=row.c.last)))  # type: ignore[call-overload]  # a plain select
    assert found.scalar_one() == expected


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/competent-bodies", {"name": "Минздрав", "questions": "Лечение", "explanation": "Обратитесь туда."}),
        ("/synonym-groups", {"name": "ежи", "kind": "same", "terms": ["ёж", "колючка"]}),
    ],
)
async def test_reference_data_is_listed_on_its_last_day(
    api: Api, people: People, path: str, body: dict[str, Any]
) -> None:
    headers = api.as_(people.admin)
    made = await api.post(f"/api/v1{path}", headers=headers, json=body)
    assert made.status_code == 201, made.text
    one = f"/api/v1{path}/{made.json()['id']}"
    for last_day, is_listed in ((clock.today(), True), (clock.today() - timedelta(days=1), False)):
        closed = await api.patch(one, headers=headers | {"If-Match": "*"}, json={"closed_on": f"{last_day}"})
        assert closed.status_code == 200, closed.text
        listed = await api.get(f"/api/v1{path}", headers=headers, params={"limit": 200})
        assert (made.json()["id"] in {item["id"] for item in listed.json()["items"]}) is is_listed, last_day


@pytest.mark.order("O-6.2.4")
async def test_a_word_of_the_check_counts_on_its_last_day(api: Api, people: People) -> None:
    headers, url = api.as_(people.admin), "/api/v1/reply-check/entries"
    body = {"kind": "bureaucratic_phrase", "text": "в ракурсе рассмотрения", "replacement": "при рассмотрении"}
    made = await api.post(url, headers=headers, json=body)
    assert made.status_code == 201, made.text
    for last_day, is_found in ((clock.today(), True), (clock.today() - timedelta(days=1), False)):
        one = f"{url}/{made.json()['id']}"
        closed = await api.patch(one, headers=headers | {"If-Match": "*"}, json={"closed_on": f"{last_day}"})
        assert closed.status_code == 200, closed.text
        text = {"text": "Здравствуйте! Ответим в ракурсе рассмотрения заявки."}
        checked = await api.post("/api/v1/reply-check", headers=api.as_(people.operator), json=text)
        codes = {finding["code"] for finding in checked.json()["findings"]}
        assert ("bureaucratic_phrase" in codes) is is_found, (last_day, codes)
