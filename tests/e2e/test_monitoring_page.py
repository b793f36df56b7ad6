"""The monitoring page in a real browser: with and without JavaScript, on a desktop and on a phone (O-11)."""

from pathlib import Path

import pytest
from playwright.async_api import Page

from tests.browser import OpenPage
from tests.e2e.test_crash import SUBMISSION
from tests.e2e.test_survey_page import answers, require_clean
from tests.servers import Server


async def sign_in(page: Page, server: Server, role: str) -> None:
    """Sign in as a demo account of a role on the sign-in page."""
    account = next(a for a in server.accounts()["accounts"] if a["role"] == role)
    await page.get_by_label("Имя пользователя").fill(account["username"])
    await page.get_by_label("Пароль").fill(account["password"])
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/monitoring")


@pytest.mark.order("O-11")
@pytest.mark.parametrize(("width", "height", "script"), [(1200, 900, True), (390, 844, True), (390, 844, False)])
async def test_a_head_views_the_monitoring(
    server: Server, open_page: OpenPage, tmp_path: Path, width: int, height: int, script: bool
) -> None:
    assert server.post("/survey-submissions", json=SUBMISSION).status_code == 201
    async with open_page(viewport={"width": width, "height": height}, java_script_enabled=script) as page:
        await page.goto(f"{server.base_url}/monitoring")
        if script:
            await require_clean(page)
        await sign_in(page, server, "unit_head")
        assert await page.locator("svg[role=img]").count() == 6
        assert "Отчётный период" in await page.locator("table").first.inner_text()
        await page.screenshot(path=tmp_path / "monitoring.png", full_page=True)
        if script:
            await require_clean(page)
        await page.get_by_label("Способ заполнения").select_option("На бумаге")
        await page.get_by_role("button", name="Показать").click()
        await page.wait_for_url("**source=paper**")
        assert "нет данных" in await page.locator("main").inner_text()
        async with page.expect_download() as download:
            await page.get_by_role("link", name="документ PDF").click()
        await (await download.value).save_as(tmp_path / "report.pdf")
        await page.get_by_role("button", name="Выйти").click()
        await page.wait_for_url("**/monitoring/sign-in")
    assert (tmp_path / "report.pdf").read_bytes().startswith(b"%PDF-")


@pytest.mark.order("A-1.fn")
async def test_a_paper_questionnaire_takes_ten_keystrokes_and_one_request(
    server: Server, open_page: OpenPage, tmp_path: Path
) -> None:
    async with open_page() as page:
        await page.goto(f"{server.base_url}/monitoring")
        await sign_in(page, server, "client_centricity")
        await page.get_by_role("link", name="Ввод бумажных анкет").click()
        await page.get_by_label("Пачка").wait_for()
        await require_clean(page)
        await page.get_by_label("Пачка").fill("МФЦ Бердск")
        await page.get_by_label("12. Муниципальный").fill("Бердск")
        await page.locator("#digits").focus()
        sent: list[str] = []
        page.on("request", lambda request: sent.append(request.url) if request.method == "POST" else None)
        for number, keys in ((1, "112335244"), (2, "211115555")):
            assert len(keys) + 1 < 20
            await page.keyboard.type(keys)  # wherever the focus is: from the second sheet on no other input is needed
            await page.keyboard.press("Enter")
            await page.get_by_text(f"Лист {number} сохранён").wait_for()
            assert len(sent) == number
        await page.keyboard.type("9")
        await page.keyboard.press("Enter")
        await page.get_by_text("Ответов на листе 9, набрано 1.").wait_for()
        await require_clean(page)
        await page.screenshot(path=tmp_path / "paper.png", full_page=True)
        await page.set_viewport_size({"width": 390, "height": 844})
        await require_clean(page)
    stored = answers(server)
    assert [(one["batch"], one["sheet_number"]) for one in stored] == [("МФЦ Бердск", 2), ("МФЦ Бердск", 1)]
    assert {one["municipality"] for one in stored} == {"50708000"}
