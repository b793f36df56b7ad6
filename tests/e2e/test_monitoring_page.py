"""The heads' page in a real browser, with and without JavaScript, on a desk and on a phone (O-11)."""

from pathlib import Path

import pytest
from axe_playwright_python.async_playwright import Axe

from tests.browser import open_page
from tests.e2e.test_crash import SUBMISSION
from tests.servers import Server


@pytest.mark.order("O-11")
@pytest.mark.parametrize(("width", "height", "script"), [(1200, 900, True), (390, 844, True), (390, 844, False)])
async def test_a_head_reads_the_monitoring(
    server: Server, tmp_path: Path, width: int, height: int, script: bool
) -> None:
    assert server.post("/survey-submissions", json=SUBMISSION).status_code == 201
    account = next(a for a in server.accounts()["accounts"] if a["role"] == "unit_head")
    async with open_page(viewport={"width": width, "height": height}, java_script_enabled=script) as page:
        await page.goto(f"{server.base_url}/monitoring")
        if script:
            signing = await Axe().run(page)
            assert signing.violations_count == 0, signing.generate_report()
        await page.get_by_label("Имя пользователя").fill(account["username"])
        await page.get_by_label("Пароль").fill(account["password"])
        await page.keyboard.press("Enter")
        await page.get_by_role("heading", level=1).wait_for()
        assert await page.locator("svg[role=img]").count() == 5
        assert "Отчётный период" in await page.locator("table").first.inner_text()
        wide = await page.evaluate("document.documentElement.scrollWidth") if script else width
        assert wide <= width, "nothing but tables and charts scrolls sideways"
        await page.screenshot(path=tmp_path / "monitoring.png", full_page=True)
        if script:
            shown = await Axe().run(page)
            assert shown.violations_count == 0, shown.generate_report()
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
