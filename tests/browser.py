"""Debian's Chromium, driven by Playwright, with a fresh profile and without background traffic."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

from playwright.async_api import Browser, Page, Request, async_playwright

FLAGS = [
    "--no-sandbox",  # the tests may run as root
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


OpenPage = Callable[..., AbstractAsyncContextManager[Page]]
"""Opens a page in a new browser context; the arguments are those of the context (`viewport`, …)."""


@asynccontextmanager
async def launch_browser() -> AsyncIterator[Browser]:
    """Yield a browser and close it afterwards."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
        yield browser
        await browser.close()


@asynccontextmanager
async def open_page_of(browser: Browser, **context: Any) -> AsyncIterator[Page]:
    """Yield a page with no cookies or cache of another page. Any request beyond loopback fails the test."""
    page = await browser.new_page(**{"viewport": {"width": 1200, "height": 900}, **context})
    page.set_default_timeout(60_000)  # the machine may be busy with other tests
    foreign: list[str] = []

    def record_foreign(url: str) -> None:
        if not url.startswith(("http://127.0.0.1:", "data:", "blob:")):
            foreign.append(url)

    def forget_blocked(request: Request) -> None:
        # ReDoc requests its vendor's logo; our Content-Security-Policy blocks it.
        if request.url in foreign and request.failure == "csp":
            foreign.remove(request.url)

    page.on("request", lambda request: record_foreign(request.url))
    page.on("requestfailed", forget_blocked)
    try:
        yield page
    finally:
        await page.close()
    assert foreign == [], foreign
