"""The heads' page: who gets in, what no forged cookie opens, and whose figures it shows (O-4, O-10, O-11)."""

import re
from datetime import date, timedelta

import httpx
import pytest
import time_machine
from sqlmodel import select

from app.core import clock
from app.core.ids import new_id
from app.organizations.models import Employee
from app.web import page_sessions
from tests.conftest import SECRET, JoinedDatabase
from tests.identity.conftest import PASSWORD, Door
from tests.monitoring.factories import answered
from tests.web.factories import BROWSER, FORM, text_of

MONITORING = "http://service/monitoring"
SIGN_IN = f"{MONITORING}/sign-in"


async def open_monitoring(door: Door, query: str = "", **headers: str) -> httpx.Response:
    return await door.http.get(f"{MONITORING}{query}", headers={**BROWSER, **headers})


async def sign_in(door: Door, username: str = "boris", password: str = PASSWORD, **headers: str) -> httpx.Response:
    """Fill in the form and press the button; the client keeps the cookie."""
    fields = {"username": username, "password": password}
    return await door.http.post(SIGN_IN, data=fields, headers={**BROWSER, **headers})


@pytest.mark.order("O-10", "O-11")
async def test_a_head_signs_in_sees_the_figures_and_signs_out(door: Door, database: JoinedDatabase) -> None:
    today = clock.today()
    async with database.transaction() as session:
        await answered(session, 40, 30, today, municipality="50701000")
    led = await open_monitoring(door)
    assert (led.status_code, led.headers["location"]) == (303, "/monitoring/sign-in")
    asked = await door.http.get(SIGN_IN, headers=BROWSER)
    assert asked.status_code == 200 and 'type="password"' in asked.text
    came = await sign_in(door)
    assert (came.status_code, came.headers["location"]) == (303, "/monitoring")
    cookie = came.headers["set-cookie"]
    assert "HttpOnly" in cookie and "SameSite=lax" in cookie and "Path=/monitoring" in cookie and "Secure" not in cookie
    page = await open_monitoring(door)
    assert page.status_code == 200 and page.headers["cache-control"] == "no-store"
    assert "script-src 'self'" in page.headers["content-security-policy"] and "<script" not in page.text
    told = text_of(page.text)
    assert "Борис" in told and "Отчётный период 40 75 % 59,8 % 85,8 %" in told
    assert "городской округ город Новосибирск 40 75 %" in told
    assert page.text.count("<svg") == 6 and "Официальный сайт ведомства" in told
    out = await door.http.post(f"{MONITORING}/sign-out", headers=BROWSER)
    assert out.status_code == 303 and "Max-Age=0" in out.headers["set-cookie"]
    door.http.cookies.set(page_sessions.COOKIE, cookie.split("=", 1)[1].split(";")[0], path="/monitoring")
    assert (await open_monitoring(door)).status_code == 303, "a copy of the cookie opens nothing any more"


@pytest.mark.order("O-11")
async def test_filters_are_those_of_the_api_and_go_into_the_files(door: Door, database: JoinedDatabase) -> None:
    async with database.transaction() as session:
        await answered(session, 40, 30, date(2026, 9, 10), municipality="50701000")
        await answered(session, 20, 2, date(2026, 10, 10), municipality="50708000")
    await sign_in(door)
    query = "?from=2026-09-01&to=&organization_id=&municipality=50701000&source="
    page = await open_monitoring(door, query)
    told = text_of(page.text)
    assert page.status_code == 200 and "Отчётный период 40 75 %" in told and "с 01.09.2026" in told
    assert '<option value="50701000" selected>' in page.text
    links = re.findall(r'href="(/monitoring/report\.[^"]*)"', page.text)
    assert links == [f"/monitoring/report.{kind}?from=2026-09-01&amp;municipality=50701000" for kind in ("xlsx", "pdf")]
    for link, start in zip(links, (b"PK", b"%PDF-"), strict=True):
        file = await door.http.get(f"http://service{link.replace('&amp;', '&')}", headers=BROWSER)
        assert file.status_code == 200 and file.content.startswith(start)
        assert file.headers["content-disposition"].startswith("attachment")
    for bad in ("/report.svg", "/report.exe", "/report.pdf?from=yesterday"):
        assert (await open_monitoring(door, bad)).status_code == 404


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("from=yesterday", "Начало периода — не дата."),
        ("to=9999-12-31", "Конец периода — не дата."),
        ("from=2026-10-02&to=2026-10-01", "Конец периода раньше начала."),
        ("organization_id=1", "Такой организации нет."),
        ("municipality=<script>", "Такого муниципалитета нет."),
        ("source=pigeon", "Такого способа заполнения нет."),
    ],
)
async def test_what_is_typed_wrong_is_said_and_the_page_is_there_all_the_same(
    door: Door, query: str, said: str
) -> None:
    await sign_in(door)
    page = await open_monitoring(door, f"?{query}")
    assert page.status_code == 422 and said in page.text and "Показать" in page.text
    assert "<script" not in page.text


async def test_wrong_passwords_are_refused_and_lock_the_account(door: Door) -> None:
    for username in ("boris", "nobody"):
        wrong = await sign_in(door, username, "не тот")
        assert wrong.status_code == 422 and "Неверное имя или пароль." in wrong.text
        assert "set-cookie" not in wrong.headers and "не тот" not in wrong.text
    for _ in range(20):
        locked = await sign_in(door, "boris", "не тот")
        if locked.status_code == 429:
            break
    assert locked.status_code == 429 and int(locked.headers["retry-after"]) > 0
    assert (await sign_in(door)).status_code == 429, "the right password does not open it before its time"


@pytest.mark.parametrize("username", ["anna", "vera"])
async def test_who_may_not_read_monitoring_is_told_so(door: Door, username: str) -> None:
    await sign_in(door, username)
    page = await open_monitoring(door)
    assert page.status_code == 403 and "<svg" not in page.text


@pytest.mark.parametrize("headers", [{"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}])
async def test_no_other_site_signs_anybody_in_or_out(door: Door, headers: dict[str, str]) -> None:
    assert (await sign_in(door, **headers)).status_code == 403
    await sign_in(door)
    refused = await door.http.post(f"{MONITORING}/sign-out", headers={**BROWSER, **headers})
    assert refused.status_code == 403 and (await open_monitoring(door)).status_code == 200


async def test_a_forged_cookie_opens_nothing(door: Door) -> None:
    await sign_in(door)
    real = door.http.cookies[page_sessions.COOKIE]
    family, ends, signature = real.split(".")
    later = f"{int(ends, 16) + 3600:x}"
    forged = [
        f"{family}.{later}.{signature}",
        f"{new_id().hex}.{ends}.{signature}",
        f"{family}.{ends}.{signature[:-1]}{'0' if signature[-1] != '0' else '1'}",
        f"{family}.{ends}.",
        f"{family}.{ends}",
        "", ".", "..", "a.b.c", "x" * 5000,
        page_sessions.sign("another secret of thirty-two chars", new_id(), int(ends, 16)),
        page_sessions.sign(SECRET, new_id(), int(ends, 16)),
    ]  # fmt: skip
    door.http.cookies.clear()
    for told in forged:
        page = await open_monitoring(door, cookie=f"{page_sessions.COOKIE}={told}")
        assert page.status_code == 303, told
    not_ascii = {**BROWSER, "Cookie": f"{page_sessions.COOKIE}=é.é.é".encode()}
    assert (await door.http.get(MONITORING, headers=not_ascii)).status_code == 303  # type: ignore[arg-type]
    assert (await open_monitoring(door, cookie=f"{page_sessions.COOKIE}={real}")).status_code == 200


async def test_a_session_ends_by_itself_and_with_its_owners_rights(door: Door, database: JoinedDatabase) -> None:
    await sign_in(door)
    with time_machine.travel(clock.now() + timedelta(hours=12, minutes=1), tick=False):
        cookie = door.http.cookies[page_sessions.COOKIE]
        assert (await open_monitoring(door, cookie=f"{page_sessions.COOKIE}={cookie}")).status_code == 303
    async with database.transaction() as session:
        boris = (await session.exec(select(Employee).where(Employee.username == "boris"))).one()
        boris.is_disabled = True
    assert (await open_monitoring(door)).status_code == 303


async def test_the_cookie_is_no_token_and_a_token_no_cookie(door: Door) -> None:
    await sign_in(door)
    cookie = door.http.cookies[page_sessions.COOKIE]
    for headers in ({}, {"Authorization": f"Bearer {cookie}"}):
        assert (await door.http.get("/monitoring/satisfaction", headers=headers)).status_code == 401
    token = (await door.sign_in("boris"))["access_token"]
    door.http.cookies.clear()
    for headers in ({"Authorization": f"Bearer {token}"}, {"Cookie": f"{page_sessions.COOKIE}={token}"}):
        assert (await open_monitoring(door, **headers)).status_code == 303


async def test_programs_get_problems_and_heads_of_pages_have_no_body(door: Door) -> None:
    told = await door.http.get(MONITORING, headers={"Accept": "application/json"})
    assert told.status_code == 401 and told.json()["code"] == "unauthenticated"
    head = await door.http.head(SIGN_IN, headers=BROWSER)
    assert head.status_code == 200 and head.content == b""
    too_long = await door.http.post(SIGN_IN, content="username=" + "x" * 5000, headers={**BROWSER, **FORM})
    assert too_long.status_code == 400 and "<h1>" in too_long.text
    put = await door.http.put(SIGN_IN, headers=BROWSER)
    assert put.status_code == 405 and put.headers["allow"] == "GET, HEAD, POST"
