"""The monitoring page: access, forged cookies, filters and figures (O-4, O-10, O-11)."""

import re
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import httpx
import pytest
import time_machine
from sqlmodel import select

from app.core import clock
from app.core.db import require_no_transaction
from app.core.ids import new_id
from app.monitoring.report import download
from app.organizations.models import Employee
from app.web import monitoring, page_sessions
from tests.conftest import SECRET, JoinedDatabase
from tests.identity.conftest import PASSWORD, Door
from tests.monitoring.factories import answered
from tests.web.factories import BROWSER, FORM, text_of

MONITORING = "http://service/monitoring"
SIGN_IN = f"{MONITORING}/sign-in"


async def open_monitoring(door: Door, query: str = "", **headers: str) -> httpx.Response:
    return await door.http.get(f"{MONITORING}{query}", headers={**BROWSER, **headers})


async def sign_in(door: Door, username: str = "boris", password: str = PASSWORD, **headers: str) -> httpx.Response:
    """Submit the sign-in form; the client keeps the cookie."""
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
    text = text_of(page.text)
    assert "Борис" in text and "Отчётный период 40 75 % 59,8 % 85,8 %" in text
    assert "городской округ город Новосибирск 40 75 %" in text
    assert page.text.count("<svg") == 6 and "Официальный сайт ведомства" in text
    out = await door.http.post(f"{MONITORING}/sign-out", headers=BROWSER)
    assert out.status_code == 303 and "Max-Age=0" in out.headers["set-cookie"]
    door.http.cookies.set(page_sessions.COOKIE, cookie.split("=", 1)[1].split(";")[0], path="/monitoring")
    assert (await open_monitoring(door)).status_code == 303, "a copy of the cookie is no longer valid"


@pytest.mark.order("O-11")
async def test_filters_apply_to_the_page_and_to_the_files(door: Door, database: JoinedDatabase) -> None:
    async with database.transaction() as session:
        await answered(session, 40, 30, date(2026, 9, 10), municipality="50701000")
        await answered(session, 20, 2, date(2026, 10, 10), municipality="50708000")
    await sign_in(door)
    query = "?from=2026-09-01&to=&organization_id=&municipality=50701000&source="
    page = await open_monitoring(door, query)
    text = text_of(page.text)
    assert page.status_code == 200 and "Отчётный период 40 75 %" in text and "с 01.09.2026" in text
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
    ("query", "error"),
    [
        ("from=yesterday", "Дата начала периода указана неверно."),
        ("to=9999-12-31", "Дата окончания периода указана неверно."),
        ("from=2026-10-02&to=2026-10-01", "Дата окончания периода раньше даты начала."),
        ("organization_id=1", "Такой организации нет."),
        ("municipality=<script>", "Такого муниципального района или городского округа нет."),
        ("source=pigeon", "Такого способа заполнения нет."),
    ],
)
async def test_an_invalid_filter_shows_its_error_on_the_page(door: Door, query: str, error: str) -> None:
    await sign_in(door)
    page = await open_monitoring(door, f"?{query}")
    assert page.status_code == 422 and error in page.text and "Показать" in page.text
    assert "<script" not in page.text


async def test_wrong_passwords_are_rejected_and_lock_the_account(door: Door) -> None:
    for username in ("boris", "unknown"):
        wrong = await sign_in(door, username, "не тот")
        assert wrong.status_code == 422 and "Неверное имя пользователя или пароль." in wrong.text
        assert "set-cookie" not in wrong.headers and "не тот" not in wrong.text
    for _ in range(20):
        locked = await sign_in(door, "boris", "не тот")
        if locked.status_code == 429:
            break
    assert locked.status_code == 429 and int(locked.headers["retry-after"]) > 0
    assert (await sign_in(door)).status_code == 429, "the lock also rejects the right password"


@pytest.mark.parametrize("username", ["anna", "vera"])
async def test_a_user_without_the_right_to_monitoring_gets_403(door: Door, username: str) -> None:
    await sign_in(door, username)
    page = await open_monitoring(door)
    assert page.status_code == 403 and "<svg" not in page.text


@pytest.mark.parametrize("headers", [{"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}])
async def test_sign_in_and_sign_out_from_other_sites_are_rejected(door: Door, headers: dict[str, str]) -> None:
    assert (await sign_in(door, **headers)).status_code == 403
    await sign_in(door)
    refused = await door.http.post(f"{MONITORING}/sign-out", headers={**BROWSER, **headers})
    assert refused.status_code == 403 and (await open_monitoring(door)).status_code == 200


async def test_a_forged_cookie_is_rejected(door: Door) -> None:
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
    for cookie in forged:
        page = await open_monitoring(door, cookie=f"{page_sessions.COOKIE}={cookie}")
        assert page.status_code == 303, cookie
    not_ascii = {**BROWSER, "Cookie": f"{page_sessions.COOKIE}=é.é.é".encode()}
    assert (await door.http.get(MONITORING, headers=not_ascii)).status_code == 303  # type: ignore[arg-type]
    assert (await open_monitoring(door, cookie=f"{page_sessions.COOKIE}={real}")).status_code == 200


async def test_a_session_expires_and_ends_with_the_rights_of_its_owner(door: Door, database: JoinedDatabase) -> None:
    await sign_in(door)
    with time_machine.travel(clock.now() + timedelta(hours=12, minutes=1), tick=False):
        cookie = door.http.cookies[page_sessions.COOKIE]
        assert (await open_monitoring(door, cookie=f"{page_sessions.COOKIE}={cookie}")).status_code == 303
    async with database.transaction() as session:
        boris = (await session.exec(select(Employee).where(Employee.username == "boris"))).one()
        boris.is_disabled = True
    assert (await open_monitoring(door)).status_code == 303


async def test_the_cookie_is_not_a_token_and_a_token_is_not_a_cookie(door: Door) -> None:
    await sign_in(door)
    cookie = door.http.cookies[page_sessions.COOKIE]
    for headers in ({}, {"Authorization": f"Bearer {cookie}"}):
        assert (await door.http.get("/monitoring/satisfaction", headers=headers)).status_code == 401
    token = (await door.sign_in("boris"))["access_token"]
    door.http.cookies.clear()
    for headers in ({"Authorization": f"Bearer {token}"}, {"Cookie": f"{page_sessions.COOKIE}={token}"}):
        assert (await open_monitoring(door, **headers)).status_code == 303


async def test_json_clients_get_problems_and_head_responses_have_no_body(door: Door) -> None:
    response = await door.http.get(MONITORING, headers={"Accept": "application/json"})
    assert response.status_code == 401 and response.json()["code"] == "unauthenticated"
    head = await door.http.head(SIGN_IN, headers=BROWSER)
    assert head.status_code == 200 and head.content == b""
    too_long = await door.http.post(SIGN_IN, content="username=" + "x" * 5000, headers={**BROWSER, **FORM})
    assert too_long.status_code == 400 and "<h1>" in too_long.text
    put = await door.http.put(SIGN_IN, headers=BROWSER)
    assert put.status_code == 405 and put.headers["allow"] == "GET, HEAD, POST"


async def test_the_page_and_its_files_are_rendered_without_an_open_transaction(
    door: Door, database: JoinedDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module, name in ((monitoring, "render_svg"), (download, "render_report_pdf"), (download, "render_report_xlsx")):
        render = getattr(module, name)

        def checked(content: Any, render: Callable[[Any], Any] = render) -> Any:
            require_no_transaction()
            return render(content)

        monkeypatch.setattr(module, name, checked)
    assert (await sign_in(door)).status_code == 303
    assert (await open_monitoring(door)).text.count("<svg") == 6
    for format in ("pdf", "xlsx"):
        assert (await open_monitoring(door, f"/report.{format}")).status_code == 200, format
