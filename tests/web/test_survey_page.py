"""The survey page with any input and repeated submissions (A-1, O-11)."""

import re
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import httpx
import pytest
import sqlalchemy as sa
import time_machine
from fastapi import FastAPI
from sqlmodel import SQLModel, select

from app.core import clock
from app.core.ids import new_id
from app.core.settings import Settings
from app.housekeeping import delete_expired_questionnaires
from app.interaction_points.models import Point
from app.organizations.models import Organization
from app.surveys.models.drafts import UnfinishedQuestionnaire
from app.surveys.models.links import SurveyLink
from app.surveys.models.submissions import SurveySubmission
from app.web.router import PageLimits
from tests.callers import People
from tests.conftest import Api, JoinedDatabase
from tests.surveys.factories import subordinate
from tests.surveys.test_forms import drafted, publish, sources
from tests.web.factories import BROWSER, FORM, PAGE, count_of, filled, hidden, open_page, send, stored, text_of

RESPONDENT = ("198.51.100.77", 4711)


@pytest.mark.order("A-1")
async def test_the_page_has_the_wording_of_the_order(api: Api) -> None:
    form = (await api.get("/api/v1/survey-forms/information-access")).json()
    page = await open_page(api)
    assert page.status_code == 200
    text = text_of(page.text)
    statistical, assessment = form["blocks"]
    assert form["title"] in text and f"({statistical['note']})" in text
    for block in form["blocks"]:
        assert block["title"] in text
        for question in block["questions"]:
            assert f"{question['number']}. {question['text']}" in text
    satisfaction, usage, ease = assessment["questions"]
    for option in satisfaction["options"]:
        assert text.count(option["text"]) == 1
    for place, source in enumerate(form["sources"], 1):
        assert f"5.{place}. {source['text']}" in text and f"6.{place}. {source['text']}" in text
    for option in usage["options"]:
        assert text.count(option["text"]) == len(form["sources"])
    assert text.count(ease["follow_up"]["text"]) == len(form["sources"])
    assert ease["scale"]["min_text"] in text and ease["scale"]["max_text"] in text


@pytest.mark.order("A-1", "A-1.11–13", "A-1.23x", "O-11")
async def test_a_submitted_page_is_stored_and_counted(api: Api, people: People, database: JoinedDatabase) -> None:
    sent = await send(api, await open_page(api), filled(municipality="г. Бердск", comments__telegram="не\r\nнашёл"))
    assert (sent.status_code, sent.headers["location"]) == (303, f"{PAGE}/thanks")
    thanks = await api.get(sent.headers["location"], headers=BROWSER)
    assert thanks.status_code == 200 and "Ваши ответы приняты" in thanks.text
    async with database.transaction() as session:
        (row,) = await stored(session)
    assert (row.form, row.form_version, row.source, row.municipality) == ("information-access", 1, "web", "50708000")
    assert row.filled_at is None and row.keyed_by is None and row.came_from_point_id is None
    assert row.answers == {
        "satisfaction": 1,
        "source_usage": {"official_site": 1, "telegram": 2, "vk": 3, "ok": 3},
        "ease_of_finding": {"official_site": 5, "telegram": 2, "vk": 4, "ok": 4},
        "comments": {"telegram": "не\nнашёл"},
    }
    figures = await api.get("/api/v1/monitoring/satisfaction", headers=api.as_(people.client_centricity))
    assert figures.json()["total"]["n"] == 1


@pytest.mark.order("A-1")
async def test_a_double_click_adds_one_submission(api: Api, database: JoinedDatabase) -> None:
    page = await open_page(api)
    refused = await send(api, page, {"satisfaction": "1"})
    assert hidden(refused.text)["token"] == hidden(page.text)["token"], "a form shown again keeps its token"
    first, again = await send(api, refused, filled()), await send(api, page, filled())
    assert (first.status_code, again.status_code) == (303, 303)
    changed = await send(api, page, filled("2"))
    assert changed.status_code == 409 and "уже отправлена" in changed.text
    other = await send(api, await open_page(api), filled("2"))
    assert other.status_code == 303, "a page opened again is another questionnaire"
    async with database.transaction() as session:
        assert [row.satisfaction for row in await stored(session)] == [1, 2]


@pytest.mark.order("A-1")
async def test_missing_answers_are_listed_in_a_summary_with_links(api: Api, database: JoinedDatabase) -> None:
    page = await open_page(api)
    fields = filled(municipality="Бердск")
    for name in ("satisfaction", "source_usage.vk", "ease_of_finding.ok"):
        del fields[name]
    refused = await send(api, page, fields)
    assert refused.status_code == 422
    assert re.findall(r'<li><a href="#([^"]+)">([^<]+)</a></li>', refused.text) == [
        ("satisfaction", "Вопрос 4: выберите ответ"),
        (
            "source_usage-vk",
            "Вопрос 5.3. Страница ведомства в социальной сети «ВКонтакте»: выберите ответ",
        ),
        (
            "ease_of_finding-ok",
            "Вопрос 6.4. Страница ведомства в социальной сети «Одноклассники»: выберите ответ",
        ),
    ]
    assert "Не на все вопросы есть ответ" in refused.text and "<title>Ошибка: " in refused.text
    for anchor in ("satisfaction", "source_usage-vk", "ease_of_finding-ok"):
        assert refused.text.count(f'id="{anchor}"') == 1
        assert f'aria-describedby="{anchor}-error"' in refused.text and f'id="{anchor}-error"' in refused.text
    # The typed values are kept, and the corrected form is accepted with the token of the new page.
    assert 'value="Бердск"' in refused.text and "не нашёл телефон" in refused.text
    assert 'name="ease_of_finding.official_site" value="5" id="ease_of_finding-official_site-5" checked' in refused.text
    assert (await send(api, refused, filled())).status_code == 303
    async with database.transaction() as session:
        assert len(await stored(session)) == 1


@pytest.mark.order("A-1.23x")
async def test_a_comment_to_a_good_score_is_refused(api: Api) -> None:
    refused = await send(api, await open_page(api), filled(comments__vk="всё хорошо"))
    assert refused.status_code == 422
    assert 'href="#ease_of_finding-vk-comment"' in refused.text and "только к оценкам 1, 2 и 3" in refused.text.replace(
        "пишут ", ""
    )
    long = await send(api, await open_page(api), filled(comments__telegram="ё" * 4001))
    assert long.status_code == 422 and "не более 4000 знаков" in long.text
    assert (await send(api, await open_page(api), filled(comments__telegram="ё" * 4000))).status_code == 303
    blank = await send(api, await open_page(api), filled(comments__vk=" \r\n "))
    assert blank.status_code == 303, "a blank comment is ignored"


@pytest.mark.order("A-1.11–13")
async def test_a_municipality_is_found_by_name_or_offered_as_a_choice(api: Api, database: JoinedDatabase) -> None:
    unclear = await send(api, await open_page(api), filled(municipality="искит"))
    assert unclear.status_code == 422
    assert "Искитимский муниципальный район" in unclear.text and "городской округ город Искитим" in unclear.text
    assert re.findall(r'name="municipality_choice" value="(\d+)"', unclear.text) == ["50615000", "50712000"]
    assert "Анкета не отправлена" in unclear.text and "Не на все вопросы" not in unclear.text
    chosen = await send(api, unclear, filled(municipality="искит", municipality_choice="50712000"))
    assert chosen.status_code == 303
    foreign = await send(api, await open_page(api), filled(municipality="искит", municipality_choice="50701000"))
    assert foreign.status_code == 422, "only a candidate can be chosen"
    unknown = await send(api, await open_page(api), filled(municipality="Атлантида"))
    assert unknown.status_code == 422 and "не нашли такого названия" in unknown.text.lower()
    both = await send(api, await open_page(api), filled("7", municipality="Атлантида"))
    assert 'href="#municipality"' in both.text and 'href="#satisfaction"' in both.text, "all errors are shown at once"
    async with database.transaction() as session:
        assert [row.municipality for row in await stored(session)] == ["50712000"]


@pytest.mark.order("O-3")
async def test_only_an_approved_point_of_origin_is_counted(api: Api, people: People, database: JoinedDatabase) -> None:
    async with database.transaction() as session:
        draft = (await session.exec(select(Point).where(Point.status == "draft"))).first()
    unknown = [str(new_id()), "x", "<script>alert(1)</script>", "\x00"] + ([str(draft.id)] if draft else [])
    for point in unknown:
        page = await open_page(api, point=point)
        assert page.status_code == 200 and "point" not in re.sub("interaction.point", "", page.text), point
    assert (await send(api, page, filled())).status_code == 303
    page = await open_page(api, point=people.point_id)
    assert (await send(api, page, filled())).headers["location"] == f"{PAGE}/thanks?point={people.point_id}"
    async with database.transaction() as session:
        assert [row.came_from_point_id for row in await stored(session)] == [None, people.point_id]


@pytest.mark.order("A-1", "O-2.2")
async def test_a_form_of_another_organization_with_six_sources(
    api: Api, people: People, database: JoinedDatabase
) -> None:
    async with database.transaction() as session:
        theirs = await subordinate(session)
    tied = sources(interaction_point_id=str(people.point_id))
    assert (
        await publish(api, people, await drafted(api, people, organization_id=str(theirs), sources=tied))
    ).is_success
    page = await open_page(api, organization=theirs)
    assert "6.6. Горячая линия ведомства" in page.text and "1. Учреждение" in text_of(page.text)
    keys = [source["key"] for source in tied]
    fields = {"satisfaction": "2"} | {f"{q}.{k}": "3" for q in ("source_usage", "ease_of_finding") for k in keys}
    fields["comments.hotline"] = "не дозвонился"
    sent = await send(api, page, fields)
    assert sent.status_code == 303, text_of(sent.text)
    async with database.transaction() as session:
        (row,) = await stored(session)
    assert (row.organization_id, row.answers["comments"]) == (theirs, {"hotline": "не дозвонился"})
    for nobody in (str(UUID(int=5)), "x"):
        assert (await open_page(api, organization=nobody)).status_code == 404


@pytest.mark.order("A-1")
async def test_a_changed_form_is_shown_again_with_the_answers(api: Api, people: People) -> None:
    page = await open_page(api)
    assert (await publish(api, people, await drafted(api, people, sources=sources("vk", "max")))).is_success
    refused = await send(api, page, filled())
    assert refused.status_code == 422 and "Анкета изменилась, пока вы её заполняли" in refused.text
    assert 'name="source_usage.max"' in refused.text and 'name="source_usage.ok"' not in refused.text
    assert 'name="source_usage.vk" value="3" id="source_usage-vk-3" checked' in refused.text


async def test_answers_of_an_expired_page_are_kept(api: Api, database: JoinedDatabase) -> None:
    page = await open_page(api)
    with time_machine.travel(clock.now() + timedelta(hours=25), tick=False):
        late = await send(api, page, filled())
        assert late.status_code == 422 and "открыта слишком давно" in late.text and "не нашёл телефон" in late.text
        assert (await send(api, late, filled())).status_code == 303
    for token in ("", "x", "0.0.0", hidden(page.text)["token"][:-1] + "z", "é.ж.x", "zz.aa." + "0" * 32):
        forged = await send(api, page, filled() | {"token": token})
        assert forged.status_code == 422, token
    async with database.transaction() as session:
        assert len(await stored(session)) == 1


async def test_a_filled_honeypot_is_refused_and_the_answers_are_kept(api: Api, database: JoinedDatabase) -> None:
    caught = await send(api, await open_page(api), filled(homepage="http://spam.example"))
    assert caught.status_code == 422 and "скрытое поле" in caught.text and "spam.example" not in caught.text
    async with database.transaction() as session:
        assert await stored(session) == []
    assert (await send(api, caught, filled())).status_code == 303


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"Sec-Fetch-Site": "same-origin"}, 303),
        ({"Sec-Fetch-Site": "none"}, 303),  # a reload
        ({"Sec-Fetch-Site": "cross-site", "Origin": "http://service"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Sec-Fetch-Site": "\x7f"}, 403),
        ({"Origin": "http://service"}, 303),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "http://service.evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "http://[::"}, 403),
        ({}, 303),  # not a browser: no credentials are sent along
    ],
)
async def test_a_cross_site_form_is_refused(api: Api, headers: dict[str, str], expected: int) -> None:
    page = await open_page(api)
    content = urlencode({**hidden(page.text), **filled()})
    sent = await api.post(PAGE, content=content, headers={"Accept": "text/html", **FORM, **headers})
    assert sent.status_code == expected


async def test_pages_load_nothing_from_other_sites_and_set_no_cookie(api: Api) -> None:
    page = await open_page(api)
    assert "unsafe" not in page.headers["content-security-policy"]
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert page.headers["referrer-policy"] == "same-origin", "otherwise older browsers send Origin: null"
    assert page.headers["cache-control"] == "private, no-cache" and "set-cookie" not in page.headers
    assert re.findall(r'(?:src|href|action)="(?!/|#)', page.text) == []
    assert not re.search(r"<script>|<style|\sstyle=|\son\w+=", page.text)
    for address in re.findall(r'"(/static/[^"]+)"', page.text):
        asset = await api.get(address)
        assert asset.status_code == 200 and "immutable" in asset.headers["cache-control"]
        assert asset.headers["x-content-type-options"] == "nosniff"
    for address in ("/static/none.css", "/static/..%2fpages.py", "/static/%00", "/static/"):
        assert (await api.get(address, headers=BROWSER)).status_code == 404


@pytest.mark.order("A-1")
async def test_a_draft_is_saved_and_resumed_by_its_code(api: Api, database: JoinedDatabase) -> None:
    page = await open_page(api)
    half = {"satisfaction": "2", "comments.vk": "искал <b>долго</b>", "municipality": "Обь", "action": "save"}
    saved = await send(api, page, half)
    again = await send(api, page, half)
    code = re.search(r'class="code">([\d-]+)<', saved.text)[1]  # type: ignore[index]
    assert saved.status_code == 200 and re.fullmatch(r"(\d{3}-){3}\d{3}", code) and code in again.text
    async with database.transaction() as session:
        (row,) = (await session.exec(select(UnfinishedQuestionnaire))).all()
    assert saved.headers["cache-control"] == "no-store"
    assert code.replace("-", "") not in repr(row) and len(row.code_hash) == 64
    assert row.fields == {"satisfaction": "2", "comments.vk": "искал <b>долго</b>", "municipality": "Обь"}

    async def resume(typed: str) -> httpx.Response:
        door = await api.get(f"{PAGE}/resume", headers=BROWSER)
        return await api.post(f"{PAGE}/resume", data={"code": typed}, headers=BROWSER) if door.is_success else door

    for wrong in ("", "1", "000000000000", "0" * 30, code[:-1] + "٣"):
        refused = await resume(wrong)
        assert refused.status_code == 422 and "Код не найден" in refused.text, wrong
    back = await resume(f" {code.replace('-', ' ')} ")
    assert back.status_code == 200
    assert 'name="satisfaction" value="2" id="satisfaction-2" checked' in back.text
    assert "искал &lt;b&gt;долго&lt;/b&gt;" in back.text and 'value="Обь"' in back.text
    more = await send(api, back, half | {"source_usage.vk": "1"})
    assert code in more.text, "the code is unchanged"
    back = await resume(code)
    assert 'name="source_usage.vk" value="1" id="source_usage-vk" checked' in back.text
    assert (await send(api, back, filled())).status_code == 303
    assert (await resume(code)).status_code == 422, "a submitted draft is deleted"
    async with database.transaction() as session:
        assert (len(await stored(session)), await count_of(session, UnfinishedQuestionnaire)) == (1, 0)


@pytest.mark.order("A-1")
async def test_submitting_the_page_deletes_its_draft(api: Api, database: JoinedDatabase) -> None:
    page = await open_page(api)
    assert (await send(api, page, {"satisfaction": "2", "action": "save"})).status_code == 200
    assert (await send(api, page, filled())).status_code == 303, "the respondent went back and completed the form"
    async with database.transaction() as session:
        assert (len(await stored(session)), await count_of(session, UnfinishedQuestionnaire)) == (1, 0)


@pytest.mark.parametrize("name", ["comments.vk", "municipality", "satisfaction"])
async def test_invalid_text_is_not_saved_in_a_draft(api: Api, database: JoinedDatabase, name: str) -> None:
    refused = await send(api, await open_page(api), {"satisfaction": "1", name: "а\x00б", "action": "save"})
    assert refused.status_code == 422 and "уберите из текста недопустимые знаки" in refused.text
    assert (await send(api, refused, {"satisfaction": "1", "action": "save"})).status_code == 200
    async with database.transaction() as session:
        assert await count_of(session, UnfinishedQuestionnaire) == 1


async def test_expired_drafts_are_deleted(
    api: Api, people: People, database: JoinedDatabase, settings: Settings
) -> None:
    saved = await send(api, await open_page(api), {"satisfaction": "1", "action": "save"})
    code = re.search(r'class="code">([\d-]+)<', saved.text)[1]  # type: ignore[index]
    made = await api.post(
        "/api/v1/survey-links",
        headers=api.as_(people.client_centricity),
        json={"form": "information-access", "count": 2, "expires_on": clock.today().isoformat()},
    )
    assert made.status_code == 201
    async with database.transaction() as session:
        assert await delete_expired_questionnaires(session, settings) == 0
    with time_machine.travel(clock.now() + timedelta(days=14, seconds=1), tick=False):
        late = await api.post(f"{PAGE}/resume", data={"code": code}, headers=BROWSER)
        assert late.status_code == 422, "an expired draft is not found even before the worker deletes it"
        async with database.transaction() as session:
            assert await delete_expired_questionnaires(session, settings) == 3
    async with database.transaction() as session:
        assert await count_of(session, UnfinishedQuestionnaire) == await count_of(session, SurveyLink) == 0


@pytest.mark.order("A-1")
async def test_respondents_behind_one_address_are_not_blocked(
    api: Api, application: FastAPI, monkeypatch: pytest.MonkeyPatch
) -> None:
    limited = application.state.settings.model_copy(
        update={"rate_limit": "on", "rate_limit_questionnaires_per_minute": 3, "rate_limit_codes_per_minute": 1}
    )
    assert application.state.settings.rate_limit_questionnaires_per_minute == 600
    monkeypatch.setattr(application.state, "settings", limited)
    monkeypatch.setitem(application.state._provided, PageLimits, PageLimits())
    statuses = [(await send(api, await open_page(api), filled())).status_code for _ in range(3)]
    assert statuses == [303] * 3
    refused = await send(api, await open_page(api), filled())
    assert refused.status_code == 429 and int(refused.headers["retry-after"]) > 0
    assert "Подождите минуту" in refused.text and "не нашёл телефон" in refused.text, "the typed values are kept"
    tried = [await api.post(f"{PAGE}/resume", data={"code": "1"}, headers=BROWSER) for _ in range(2)]
    assert [answer.status_code for answer in tried] == [422, 429]


@pytest.mark.order("A-1")
async def test_no_data_about_the_respondent_is_stored_or_logged(
    api: Api,
    application: FastAPI,
    database: JoinedDatabase,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """G8: the same for the page as for the API."""
    canary = new_id().hex
    monkeypatch.setattr(api, "_transport", httpx.ASGITransport(application, client=RESPONDENT))
    caplog.set_level("DEBUG")
    traces = {
        "User-Agent": f"agent-{canary}",
        "Cookie": f"c={canary}",
        "X-Forwarded-For": "203.0.113.77",
        "Referer": f"https://example.org/{canary}",
        "Accept-Language": f"ru, x-{canary[:8]}",
    }
    page = await open_page(api)
    assert (await send(api, page, filled() | {"action": "save"}, **traces)).status_code == 200
    assert (await send(api, page, filled(), **traces)).status_code == 303
    token = hidden(page.text)["token"]
    async with database.transaction() as session:
        for name, table in SQLModel.metadata.tables.items():
            for row in (await session.exec(sa.select(table))).all():  # type: ignore[call-overload]
                text = repr(row)
                for trace in (canary, "203.0.113.77", RESPONDENT[0], token, token.split(".")[1]):
                    assert trace not in text, name
    assert not any(trace in caplog.text for trace in (canary, "203.0.113.77", RESPONDENT[0], token))


HOSTILE: list[tuple[bytes, dict[str, str], int]] = [
    (b"", {}, 422),
    (b"satisfaction=1&satisfaction=2", FORM, 400),
    (b"unknown-field=1", FORM, 400),
    (b"__proto__=1", FORM, 400),
    (b"source_usage.vk.x=1", FORM, 400),
    (b"satisfaction=%ff%fe", FORM, 400),
    (b"satisfaction=%ED%A0%80", FORM, 400),
    ("satisfaction=я".encode(), FORM, 400),
    (b"satisfaction=%00", FORM, 422),
    (b"comments.vk=%00&satisfaction=1", FORM, 422),
    (b"municipality=%00", FORM, 422),
    (b"municipality=" + b"x" * 501, FORM, 400),
    (b"code=%00", FORM, 422),
    (b"source_usage.radio=1", FORM, 422),
    (b"comments=1&source_usage=1&satisfaction.vk=1", FORM, 422),
    (b"satisfaction=99999999999999999999", FORM, 422),
    (b"satisfaction=1&" * 199, FORM, 400),
    (b"a=1&" * 100_000, FORM, 400),
    (b"comments.vk=" + b"x" * 1_100_000, FORM, 413),
    (b'{"satisfaction": 1}', {"Content-Type": "application/json"}, 415),
    (b"--x\r\n", {"Content-Type": "multipart/form-data; boundary=x"}, 415),
    (b"satisfaction=1", {"Content-Type": "text/plain"}, 415),
    (b"satisfaction=1", {}, 415),
]


@pytest.mark.parametrize("place", range(len(HOSTILE)))
async def test_malformed_forms_are_answered_with_a_page(api: Api, database: JoinedDatabase, place: int) -> None:
    content, headers, expected = HOSTILE[place]
    token = b"&token=" + hidden((await open_page(api)).text)["token"].encode()
    for path in (PAGE, f"{PAGE}/resume"):
        sent = content + token if content and headers is FORM and len(content) < 10_000 else content
        answer = await api.post(path, content=sent, headers={**BROWSER, **headers})
        assert answer.status_code == expected, (path, text_of(answer.text)[:300])
        assert answer.headers["content-type"].startswith("text/html") and "<main" in answer.text
        assert "Traceback" not in answer.text and "\x00" not in answer.text
        assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
    async with database.transaction() as session:
        assert await count_of(session, SurveySubmission) == 0


async def test_every_error_is_a_page_with_its_status(api: Api) -> None:
    for path, status, words in (
        ("/survey/absent", 404, "Такого опроса нет"),
        ("/survey/%00", 404, "Такого опроса нет"),
        ("/survey/%F0%9F%98%80", 404, "Такого опроса нет"),
        ("/survey/" + "x" * 300, 404, "Такого опроса нет"),
        ("/survey/absent/resume", 404, "Такого опроса нет"),
        ("/survey/", 404, "Такой страницы нет"),
        (f"{PAGE}/other", 404, "Такой страницы нет"),
        (f"{PAGE}?link=x", 410, "Ссылка больше не действует"),
        (f"{PAGE}?link=%00", 410, "Ссылка больше не действует"),
        (f"{PAGE}?point=%ff", 400, "не удалось прочитать"),
    ):
        answer = await api.get(path, headers={**BROWSER, "Accept-Language": "en"})
        assert (answer.status_code, words in answer.text) == (status, True), (path, text_of(answer.text))
    machine = await api.get("/survey/absent")
    assert machine.headers["content-type"] == "application/problem+json", "API clients still get a problem document"


async def test_head_and_other_methods(api: Api) -> None:
    for path, allowed in (
        (PAGE, "GET, HEAD, POST"),
        (f"{PAGE}/resume", "GET, HEAD, POST"),
        (f"{PAGE}/thanks", "GET, HEAD"),
        ("/static/pages.css", "GET, HEAD"),
        ("/health/live", "GET"),
    ):
        for method in ("PUT", "DELETE", "PATCH", "OPTIONS"):
            answer = await api.request(method, path, headers=BROWSER)
            assert (answer.status_code, answer.headers["allow"]) == (405, allowed)
            assert answer.headers["content-type"].startswith("text/html")
        if "HEAD" in allowed:
            whole, head = await api.get(path, headers=BROWSER), await api.head(path, headers=BROWSER)
            assert (head.status_code, head.headers["content-type"]) == (200, whole.headers["content-type"])


async def test_one_time_links(api: Api, people: People, database: JoinedDatabase) -> None:
    body: dict[str, Any] = {"form": "information-access", "count": 2, "came_from_point_id": str(people.point_id)}
    headers = api.as_(people.client_centricity) | {"Idempotency-Key": "links-1"}
    made = await api.post("/api/v1/survey-links", headers=headers, json=body)
    assert made.status_code == 201, made.text
    assert made.headers["cache-control"] == "no-store"
    replayed = await api.post("/api/v1/survey-links", headers=headers, json=body)
    assert replayed.json() == made.json() | {"links": None} and replayed.headers["idempotent-replayed"] == "true"
    first, second = made.json()["links"]
    tokens = [httpx.URL(link).params["link"] for link in (first, second)]
    async with database.transaction() as session:
        for name, table in SQLModel.metadata.tables.items():
            for row in (await session.exec(sa.select(table))).all():  # type: ignore[call-overload]
                assert not any(token in repr(row) for token in tokens), name
        assert await count_of(session, SurveyLink) == 2

    page, another = [await api.get(first, headers=BROWSER) for _ in range(2)]
    assert page.status_code == 200
    unanswered = await send(api, page, {"satisfaction": "1"})
    assert unanswered.status_code == 422
    sent = await send(api, unanswered, filled())
    assert (sent.status_code, tokens[0] in sent.headers["location"]) == (303, False)
    assert (await send(api, unanswered, filled())).status_code == 303, (
        "a repeated submission shows the thanks page again"
    )
    spent = await api.get(first, headers=BROWSER)
    assert spent.status_code == 410 and "анкету уже заполнили, или срок действия ссылки истёк" in spent.text
    late = await send(api, another, filled())
    assert late.status_code == 410, "another page of the same link, opened before its use"
    with time_machine.travel(clock.now() + timedelta(days=31), tick=False):
        assert (await api.get(second, headers=BROWSER)).status_code == 410
    assert (await api.get(second, headers=BROWSER)).status_code == 200
    async with database.transaction() as session:
        (row,) = await stored(session)
        assert await count_of(session, SurveyLink) == 1
    assert row.came_from_point_id == people.point_id
    assert not any(tokens[0] in repr(value) for value in row.model_dump().values())


async def test_a_double_click_on_a_link_thanks_for_the_same_organization(
    api: Api, people: People, database: JoinedDatabase
) -> None:
    async with database.transaction() as session:
        theirs = await subordinate(session)
    body = {"form": "information-access", "count": 1, "organization_id": str(theirs)}
    made = await api.post("/api/v1/survey-links", headers=api.as_(people.client_centricity), json=body)
    page = await api.get(made.json()["links"][0], headers=BROWSER)
    first, again = [await send(api, page, filled()) for _ in range(2)]
    assert (first.status_code, first.headers["location"]) == (303, f"{PAGE}/thanks?organization={theirs}")
    assert (again.status_code, again.headers["location"]) == (303, first.headers["location"])


async def test_links_of_a_closed_organization_are_refused(api: Api, people: People, database: JoinedDatabase) -> None:
    async with database.transaction() as session:
        theirs = await subordinate(session)
        (await session.get_one(Organization, theirs)).closed_on = clock.today() - timedelta(days=2)
    body = {"form": "information-access", "count": 1, "organization_id": str(theirs)}
    refused = await api.post("/api/v1/survey-links", headers=api.as_(people.client_centricity), json=body)
    assert refused.status_code == 422 and refused.json()["errors"][0]["pointer"] == "/organization_id"


async def test_creating_links_is_validated_and_needs_the_permission(api: Api, people: People) -> None:
    good = {"form": "information-access", "count": 1}
    for stranger in (people.operator, people.unit_head, people.admin, people.press, people.integration):
        assert (await api.post("/api/v1/survey-links", headers=api.as_(stranger), json=good)).status_code == 403
    for change, pointer in (
        ({"form": "absent"}, "/form"),
        ({"count": 0}, "/count"),
        ({"count": 501}, "/count"),
        ({"organization_id": str(UUID(int=5))}, "/organization_id"),
        ({"came_from_point_id": str(UUID(int=5))}, "/came_from_point_id"),
        ({"expires_on": (clock.today() - timedelta(days=1)).isoformat()}, "/expires_on"),
        ({"expires_on": (clock.today() + timedelta(days=367)).isoformat()}, "/expires_on"),
    ):
        refused = await api.post("/api/v1/survey-links", headers=api.as_(people.client_centricity), json=good | change)
        assert refused.status_code == 422 and [e["pointer"] for e in refused.json()["errors"]] == [pointer]
