"""Debian's Chromium, driven by Playwright, with a profile of its own and no traffic of its own."""

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
    """A fresh page (`viewport`, `java_script_enabled`, …); every request that leaves loopback fails its test."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
        page = await browser.new_page(**{"viewport": {"width": 1200, "height": 900}, **context})
        foreign: list[str] = []

        def watch(url: str) -> None:
            if not url.startswith(("http://127.0.0.1:", "data:", "blob:")):
                foreign.append(url)

        def blocked(request: Request) -> None:
            # ReDoc asks for its maker's logo; our Content-Security-Policy lets nothing out.
            if request.url in foreign and request.failure == "csp":
                foreign.remove(request.url)

        page.on("request", lambda request: watch(request.url))
        page.on("requestfailed", blocked)
        try:
            yield page
        finally:
            await browser.close()
        assert foreign == [], foreign
