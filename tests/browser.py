"""Debian's Chromium, driven by Playwright, with a fresh profile and without background traffic."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from playwright.async_api import Page, Request, async_playwright

FLAGS = [
    "--no-sandbox",  # the tests may run as root
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@asynccontextmanager
async def open_page(**context: Any) -> AsyncIterator[Page]:
    """Yield a new page (`viewport`, `java_script_enabled`, …). Any request beyond loopback fails the test."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
        page = await browser.new_page(**{"viewport": {"width": 1200, "height": 900}, **context})
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
            await browser.close()
        assert foreign == [], foreign
