"""The page for entering paper questionnaires: ten keys and one request for each sheet, no duplicates (A-1.fn)."""

import re
from urllib.parse import urlencode
from uuid import UUID

import httpx
import pytest
from sqlmodel import select

from app.identity.roles import Role
from app.identity.service.demo_accounts import DemoAccount, load_demo_accounts
from app.organizations.models import Unit
from tests.callers import People
from tests.conftest import Api, JoinedDatabase
from tests.identity.conftest import PASSWORD, Door
from tests.surveys.factories import SOURCES
from tests.surveys.test_every_path import with_six_sources
from tests.surveys.test_forms import drafted, publish
from tests.web.factories import BROWSER, FORM, stored, text_of
from tests.web.test_monitoring_page import sign_in

PAPER = "http://service/monitoring/paper"
SHEET = {"batch": "МФЦ Бердск", "number": "7", "municipality": "", "filled_at": "", "digits": "1 1233 5244"}


async def sign_in_employee(
    door: Door, database: JoinedDatabase, role: Role = Role.CLIENT_CENTRICITY, *, of_the_unit: bool = True
) -> None:
    """Create and sign in an employee of the client-centricity unit or of another unit."""
    username = f"galina.{role}.{of_the_unit}".lower()
    async with database.transaction() as session:
        unit = (await session.exec(select(Unit).where(Unit.is_client_centricity == of_the_unit))).first()
        assert unit is not None
        await load_demo_accounts(session, [DemoAccount(username, PASSWORD, "Галина", role, unit.id)], renew=True)
    assert (await sign_in(door, username)).status_code == 303


async def enter_sheet(door: Door, **fields: str) -> httpx.Response:
    named = {name.replace("__", "."): value for name, value in fields.items()}
    return await door.http.post(PAPER, content=urlencode({**SHEET, **named}), headers={**BROWSER, **FORM})


@pytest.mark.order("A-1.fn")
async def test_a_sheet_needs_ten_keys_and_one_request(door: Door, database: JoinedDatabase) -> None:
    await sign_in_employee(door, database)
    empty = await door.http.get(PAPER, headers=BROWSER)
    assert empty.status_code == 200 and "21, 22.1, 22.2, 22.3, 22.4, 23.1, 23.2, 23.3, 23.4." in text_of(empty.text)
    assert len("112335244" + "\n") < 20
    kept = await enter_sheet(
        door, digits="112335244", municipality="Бердск", filled_at="2026-11-02", **{"23.2.comment": "нет"}
    )
    assert kept.status_code == 303, text_of(kept.text)
    following = await door.http.get(f"http://service{kept.headers['location']}", headers=BROWSER)
    assert "Лист 7 сохранён." in following.text and re.search(r'name="number" value="8"', following.text)
    for name, value in (("batch", "МФЦ Бердск"), ("municipality", "Бердск"), ("filled_at", "2026-11-02")):
        assert re.search(rf'name="{name}"[^>]* value="{value}"', following.text)
    assert re.search(r'name="digits"[^>]* value=""[^>]* autofocus', following.text)
    async with database.transaction(write=False) as session:
        (row,) = await stored(session)
    assert (row.source, row.batch, row.sheet_number, row.municipality) == ("paper", "МФЦ Бердск", 7, "50708000")
    assert row.answers["satisfaction"] == 1 and row.answers["comments"] == {"telegram": "нет"}
    ease = dict(zip(SOURCES, (5, 2, 4, 4), strict=True))
    assert row.answers["ease_of_finding"] == ease and row.keyed_by is not None


async def test_a_line_end_counts_as_one_character_in_a_comment(door: Door, database: JoinedDatabase) -> None:
    """A browser counts a line end as one character and sends two."""
    await sign_in_employee(door, database)
    comment = "\n".join(["не нашёл телефон отдела!"] * 159)
    kept = await enter_sheet(door, **{"23.2.comment": comment.replace("\n", "\r\n")})
    assert len(comment) < 4000 and kept.status_code == 303, text_of(kept.text)
    async with database.transaction(write=False) as session:
        (row,) = await stored(session)
    assert row.answers["comments"] == {"telegram": comment}


async def test_a_repeated_submission_is_stored_once_and_a_different_sheet_with_its_number_is_rejected(
    door: Door, database: JoinedDatabase
) -> None:
    await sign_in_employee(door, database)
    for _ in range(2):
        assert (await enter_sheet(door)).status_code == 303
    other = await enter_sheet(door, digits="212335244")
    assert other.status_code == 422 and 'role="alert"' in other.text and 'value="212335244"' in other.text
    async with database.transaction(write=False) as session:
        assert len(await stored(session)) == 1


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({"digits": "11233524"}, "Ответов на листе 9, набрано 8."),
        ({"digits": "312335244"}, "21: «3» — недопустимый ответ, возможны 1, 2."),
        ({"digits": "112335246"}, "23.4: «6» — недопустимый ответ, возможны 1, 2, 3, 4, 5."),
        ({"digits": "11233524\u0664"}, "23.4: «\u0664» — недопустимый ответ"),
        ({"digits": ""}, "набрано 0."),
        ({"digits": "<b>"}, "набрано 3."),
        ({"number": "х"}, "Номер листа должен быть числом."),
        ({"number": "0"}, "Номер листа: от 1 до 1 000 000."),
        ({"batch": " "}, "Укажите пачку"),
        ({"municipality": "Атлантида"}, "12: "),
        ({"filled_at": "2999-01-01"}, "13: "),
        ({"23.1.comment": "легко"}, "23.1.comment: "),
        ({"23.2.comment": "не" * 2001}, "23.2.comment: Не более 4000 знаков."),
        ({"23.2.comment": "не\0"}, "23.2.comment: "),
        ({"filled_at": "2026-11-02\0"}, "13: "),
        ({"batch": "МФЦ\0"}, "Укажите пачку"),
        ({"digits": "11233524\0"}, "23.4: "),
    ],
)
async def test_an_invalid_sheet_is_rejected_with_its_errors_and_not_stored(
    door: Door, database: JoinedDatabase, fields: dict[str, str], error: str
) -> None:
    await sign_in_employee(door, database)
    refused = await enter_sheet(door, **fields)
    assert refused.status_code == 422 and error in text_of(refused.text).replace("\u00a0", " "), text_of(refused.text)
    assert "<b>" not in refused.text
    async with database.transaction(write=False) as session:
        assert await stored(session) == []


async def test_unexpected_fields_are_rejected_with_a_plain_text(door: Door, database: JoinedDatabase) -> None:
    await sign_in_employee(door, database)
    for fields in ({"unknown": "1"}, {"batch": "м" * 501}):
        refused = await enter_sheet(door, **fields)
        assert refused.status_code == 400 and "Запрос не удалось прочитать" in refused.text


@pytest.mark.order("A-1.fn")
async def test_only_the_client_centricity_unit_enters_sheets(door: Door, database: JoinedDatabase) -> None:
    led = await door.http.get(PAPER, headers=BROWSER)
    assert led.headers["location"] == "/monitoring/sign-in"
    for username in ("boris", "vera"):
        await sign_in(door, username)
        assert (await door.http.get(PAPER, headers=BROWSER)).status_code == 403
        assert (await enter_sheet(door)).status_code == 403
    for role, of_the_unit in ((Role.UNIT_HEAD, True), (Role.CLIENT_CENTRICITY, False)):
        await sign_in_employee(door, database, role, of_the_unit=of_the_unit)
        assert (await door.http.get(PAPER, headers=BROWSER)).status_code == 403
        assert (await enter_sheet(door)).status_code == 403


async def test_requests_from_other_sites_are_rejected(door: Door, database: JoinedDatabase) -> None:
    await sign_in_employee(door, database)
    headers = {**BROWSER, **FORM, "Sec-Fetch-Site": "cross-site"}
    assert (await door.http.post(PAPER, content=urlencode(SHEET), headers=headers)).status_code == 403


@pytest.mark.order("A-1.fn", "O-2.2")
async def test_a_sheet_of_another_organization_has_the_sources_of_that_organization(
    api: Api, people: People, door: Door, database: JoinedDatabase
) -> None:
    theirs = str(await with_six_sources(api, people, database))
    await sign_in_employee(door, database)
    opened = await door.http.get(PAPER, params={"organization": theirs}, headers=BROWSER)
    assert "Ответы подряд, цифр: 13" in opened.text and "Горячая линия ведомства" in opened.text
    assert re.search(rf'<option value="{theirs}" selected>Учреждение</option>', opened.text)
    short = await enter_sheet(door, organization=theirs)
    assert short.status_code == 422 and "Ответов на листе 13, набрано 9." in text_of(short.text)
    kept = await enter_sheet(door, organization=theirs, digits="1 111111 555551", **{"23.6.comment": "нет"})
    assert kept.status_code == 303 and f"organization={theirs}" in kept.headers["location"]
    async with database.transaction(write=False) as session:
        (row,) = await stored(session)
    assert (str(row.organization_id), row.answers["comments"]) == (theirs, {"hotline": "нет"})
    for unknown in (str(UUID(int=5)), "x"):
        assert (await door.http.get(PAPER, params={"organization": unknown}, headers=BROWSER)).status_code == 404
        assert (await enter_sheet(door, organization=unknown)).status_code == 404


@pytest.mark.order("A-1.fn", "A-1.11–13")
async def test_a_sheet_is_entered_by_the_form_and_the_municipalities_of_its_day(
    api: Api, people: People, door: Door, database: JoinedDatabase
) -> None:
    assert (await publish(api, people, await drafted(api, people))).is_success
    await sign_in_employee(door, database)
    new = await enter_sheet(door, number="1", digits="1 111111 555555")
    old = await enter_sheet(door, number="2", municipality="Венгеровский", filled_at="2025-12-20")
    assert (new.status_code, old.status_code) == (303, 303), text_of(old.text)
    following = await door.http.get(f"http://service{old.headers['location']}", headers=BROWSER)
    assert "Ответы подряд, цифр: 9" in following.text, "the next sheet of the batch has the same day"
    async with database.transaction(write=False) as session:
        rows = await stored(session)
    assert [(row.form_version, row.municipality) for row in rows] == [(2, None), (1, "50608000")]
    for day, error in (("2023-01-01", "13: На эту дату форма не действует."), ("2999-01-01", "13: ")):
        refused = await enter_sheet(door, number="3", filled_at=day, digits="1 111111 555555")
        assert refused.status_code == 422 and error in text_of(refused.text)
