"""The survey page in a real browser: phone and desktop, with and without JavaScript, checked with axe (A-1)."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Page

from tests.browser import OpenPage
from tests.servers import Server

PAGE = "/survey/information-access"
PHONE, DESKTOP = {"width": 390, "height": 844}, {"width": 1280, "height": 900}
SOURCES = ("official_site", "telegram", "vk", "ok")


async def require_clean(page: Page) -> None:
    """Require no findings of axe-core and no horizontal scrolling."""
    found = await Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    assert await page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


async def choose(page: Page, name: str, value: int) -> None:
    await page.locator(f"input[name='{name}'][value='{value}']").check()


async def fill_in(page: Page) -> None:
    await choose(page, "satisfaction", 1)
    for source, usage, ease in zip(SOURCES, (1, 2, 3, 3), (5, 2, 4, 4), strict=True):
        await choose(page, f"source_usage.{source}", usage)
        await choose(page, f"ease_of_finding.{source}", ease)


async def require_filled_in(page: Page) -> None:
    """Require that no answer is lost."""
    assert await page.locator("#municipality").input_value() == "Бердск"
    assert await page.locator("input[name='source_usage.vk'][value='3']").is_checked()
    comment = page.locator("textarea[name='comments.telegram']")
    assert (await comment.is_visible(), await comment.input_value()) == (True, "не нашёл телефон")


def answers(server: Server) -> list[dict[str, object]]:
    headers = server.sign_in("client_centricity")
    items: list[dict[str, object]] = server.get("/survey-submissions", headers=headers).json()["items"]
    return items


@pytest.mark.order("A-1", "A-1.23x", "O-11")
@pytest.mark.parametrize("viewport", [PHONE, DESKTOP], ids=["phone", "desktop"])
async def test_with_javascript(server: Server, open_page: OpenPage, tmp_path: Path, viewport: dict[str, int]) -> None:
    async with open_page(viewport=viewport) as page:
        problems: list[str] = []
        page.on("pageerror", lambda error: problems.append(str(error)))
        await page.goto(server.base_url + PAGE)
        await require_clean(page)
        comment = page.locator("textarea[name='comments.telegram']")
        assert not await comment.is_visible()
        await choose(page, "ease_of_finding.telegram", 2)
        await comment.fill("не нашёл телефон")
        await choose(page, "ease_of_finding.telegram", 4)
        assert not await comment.is_visible(), "a good score asks no follow-up question"
        await page.locator("#municipality").fill("искит")
        await page.locator("button[value=send]").click()

        await page.locator("#errors").wait_for()
        assert await page.evaluate("document.activeElement.id") == "errors"
        assert await page.locator("#errors li").count() == 9  # the municipality, 1 + 4 + 3 answers
        await require_clean(page)
        await page.screenshot(path=tmp_path / "errors.png", full_page=True)
        await page.locator("#errors a", has_text="Вопрос 5.3").click()
        assert await page.evaluate("document.activeElement.name") == "source_usage.vk"
        await page.keyboard.press("Space")
        assert await page.evaluate("document.activeElement.checked")

        await page.get_by_label("городской округ город Искитим").check()
        await fill_in(page)
        await comment.fill("не нашёл телефон")
        await page.locator("button[value=send]").dblclick()
        await page.get_by_role("heading", name="Спасибо!").wait_for()
        await require_clean(page)
        await page.reload()
        await page.go_back()
        assert await comment.input_value() == "не нашёл телефон" and await comment.is_visible()
        await page.locator("button[value=send]").click()
        await page.get_by_role("heading", name="Спасибо!").wait_for()
        assert problems == []
    (stored,) = answers(server)
    assert stored["municipality"] == "50712000"
    assert stored["answers"]["comments"] == {"telegram": "не нашёл телефон"}  # type: ignore[index]


@pytest.mark.order("A-1", "A-1.23x", "O-11")
@pytest.mark.parametrize("viewport", [PHONE, DESKTOP], ids=["phone", "desktop"])
async def test_without_javascript(
    server: Server, open_page: OpenPage, tmp_path: Path, viewport: dict[str, int]
) -> None:
    async with open_page(viewport=viewport, java_script_enabled=False) as page:
        await page.goto(server.base_url + PAGE)
        comment = page.locator("textarea[name='comments.telegram']")
        assert await comment.is_visible(), "the follow-up question is shown"
        assert "Только если вы поставили 1, 2 или 3." in await page.locator(".follow-up").first.inner_text()
        await comment.fill("не нашёл телефон")
        await choose(page, "satisfaction", 2)
        await page.locator("button[value=save]").click()
        code = await page.locator(".code").inner_text()
        assert re.fullmatch(r"(\d{3}-){3}\d{3}", code)
        await page.screenshot(path=tmp_path / "saved.png", full_page=True)

        await page.goto(server.base_url + PAGE)
        await page.get_by_text("Продолжить анкету, сохранённую раньше").click()
        await page.get_by_label("Код").fill("000 000 000 000")
        await page.get_by_role("button", name="Открыть анкету").click()
        assert "Код не найден" in await page.locator("#errors").inner_text()
        await page.get_by_label("Код").fill(code)
        await page.get_by_role("button", name="Открыть анкету").click()
        assert await comment.input_value() == "не нашёл телефон"
        assert await page.locator("input[name=satisfaction][value='2']").is_checked()
        await page.locator("button[value=send]").click()
        assert await page.locator("#errors li").count() == 8
        assert await page.locator("#errors:focus").count() == 1, "focus is on the summary without JavaScript too"
        await fill_in(page)
        await page.screenshot(path=tmp_path / "whole.png", full_page=True)
        await page.locator("button[value=send]").click()
        await page.get_by_role("heading", name="Спасибо!").wait_for()
        await page.go_back()
        await page.locator("button[value=send]").click()
        await page.get_by_role("heading", name="Спасибо!").wait_for()
    assert len(answers(server)) == 1, "resubmitting after going back adds nothing"


async def test_the_form_works_with_the_keyboard_only(server: Server, open_page: OpenPage) -> None:
    """Every answer can be reached with Tab and given with Space and the arrows, in the order of the page."""
    async with open_page() as page:
        await page.goto(server.base_url + PAGE)
        seen: list[str] = []
        for _ in range(40):
            await page.keyboard.press("Tab")
            name = await page.evaluate("document.activeElement.name || document.activeElement.className")
            seen.append(name)
            if name == "action":
                break
            if name in ("satisfaction",) or "." in name:
                await page.keyboard.press("Space")
                if name.startswith("ease_of_finding"):
                    await page.keyboard.press("ArrowLeft")  # wraps from 1 to 5
        expected = ["satisfaction", *(f"source_usage.{s}" for s in SOURCES), *(f"ease_of_finding.{s}" for s in SOURCES)]
        assert [name for name in seen if name in expected] == expected, seen
        assert "homepage" not in seen, "the honeypot is not focusable"
        await page.keyboard.press("Enter")
        await page.get_by_role("heading", name="Спасибо!").wait_for()
    (stored,) = answers(server)
    assert stored["answers"]["ease_of_finding"] == dict.fromkeys(SOURCES, 5)  # type: ignore[index]


async def test_answers_are_kept_after_a_rate_limit(make_server: Callable[..., Server], open_page: OpenPage) -> None:
    server = make_server(rate_limit="on", rate_limit_questionnaires_per_minute="1")
    async with open_page(viewport=PHONE) as page:
        for _ in range(3):  # the second or, if a minute starts in between, the third is over the limit
            await page.goto(server.base_url + PAGE)
            await fill_in(page)
            await page.locator("#municipality").fill("Бердск")
            await page.locator("textarea[name='comments.telegram']").fill("не нашёл телефон")
            await page.locator("button[value=send]").click()
            await page.locator("#errors, .panel").wait_for()
            if await page.locator("#errors").count():
                break
        assert "слишком много анкет подряд" in await page.locator("#errors").inner_text()
        await require_clean(page)
        await require_filled_in(page)


async def test_errors_are_pages(server: Server, open_page: OpenPage) -> None:
    async with open_page(viewport=PHONE) as page:
        for path, words in (
            (f"{PAGE}?link=spent", "Ссылка больше не действует"),
            ("/survey/none", "Такого опроса нет"),
        ):
            await page.goto(server.base_url + path)
            assert words in await page.locator("h1").inner_text()
            await require_clean(page)
        await page.goto(f"{server.base_url}{PAGE}/resume")
        await require_clean(page)
