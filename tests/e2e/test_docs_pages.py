"""Swagger UI and ReDoc in a real browser: scripts from the service itself, and the sign-in works."""

from pathlib import Path

from tests.browser import open_page
from tests.servers import Server


async def test_swagger_ui_signs_in_and_calls(server: Server, tmp_path: Path) -> None:
    account = next(a for a in server.accounts()["accounts"] if a["role"] == "operator")
    async with open_page() as page:
        problems: list[str] = []
        page.on("pageerror", lambda error: problems.append(str(error)))
        await page.goto(f"{server.base_url}/docs")
        await page.get_by_role("button", name="Authorize").first.click()
        await page.locator("#oauth_username").fill(account["username"])
        await page.locator("#oauth_password").fill(account["password"])
        await page.locator(".auth-btn-wrapper .authorize").first.click()
        await page.locator(".auth-btn-wrapper", has_text="Logout").first.wait_for(timeout=10_000)
        await page.locator(".auth-btn-wrapper .btn-done").first.click()
        operation = page.locator("#operations-auth-get_me")
        await operation.scroll_into_view_if_needed()
        await operation.locator(".opblock-summary").click()
        await operation.get_by_role("button", name="Try it out").click()
        await operation.get_by_role("button", name="Execute").click()
        answer = operation.locator(".live-responses-table")
        await answer.wait_for(timeout=10_000)
        assert account["username"] in await answer.inner_text()
        await page.screenshot(path=tmp_path / "swagger.png")
        assert problems == []


async def test_redoc_draws_the_document(server: Server, tmp_path: Path) -> None:
    async with open_page() as page:
        await page.goto(f"{server.base_url}/redoc")
        await page.locator("h2", has_text="Register a message").first.wait_for(timeout=20_000)
        await page.wait_for_timeout(300)
        await page.screenshot(path=tmp_path / "redoc.png")
