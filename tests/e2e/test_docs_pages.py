"""Swagger UI and ReDoc in a real browser: scripts are served by the service, and signing in works."""

from pathlib import Path

from tests.browser import OpenPage
from tests.servers import Server


async def test_swagger_ui_signs_in_and_calls(server: Server, open_page: OpenPage, tmp_path: Path) -> None:
    account = next(a for a in server.accounts()["accounts"] if a["role"] == "operator")
    async with open_page() as page:
        problems: list[str] = []
        page.on("pageerror", lambda error: problems.append(str(error)))
        await page.goto(f"{server.base_url}/docs")
        await page.get_by_role("button", name="Authorize").first.click()
        await page.locator("#oauth_username").fill(account["username"])
        await page.locator("#oauth_password").fill(account["password"])
        await page.locator(".auth-btn-wrapper .authorize").first.click()
        await page.locator(".auth-btn-wrapper", has_text="Logout").first.wait_for()
        await page.locator(".auth-btn-wrapper .btn-done").first.click()
        operation = page.locator("#operations-auth-get_me")
        await operation.scroll_into_view_if_needed()
        await operation.locator(".opblock-summary").click()
        await operation.get_by_role("button", name="Try it out").click()
        await operation.get_by_role("button", name="Execute").click()
        answer = operation.locator(".live-responses-table")
        await answer.wait_for()
        assert account["username"] in await answer.inner_text()
        await page.screenshot(path=tmp_path / "swagger.png")
        assert problems == []


async def test_redoc_shows_the_document(server: Server, open_page: OpenPage, tmp_path: Path) -> None:
    async with open_page() as page:
        await page.goto(f"{server.base_url}/redoc")
        await page.locator("h2", has_text="Register a message").first.wait_for()
        await page.wait_for_timeout(300)
        await page.screenshot(path=tmp_path / "redoc.png")
