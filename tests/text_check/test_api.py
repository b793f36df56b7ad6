"""The HTTP API of the reply check: texts, drafts, dictionary and rules."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest
from sqlmodel import select

from app.core.audit import AuditEvent
from app.text_check import queries, reference
from app.text_check.models import CheckEntry, EntryKind
from app.text_check.service import build_entry
from tests.callers import People
from tests.conftest import Api, JoinedDatabase
from tests.messages.factories import MESSAGES, act, drafted, message_body, register, triage_body
from tests.reply_templates.factories import make
from tests.text_check.factories import PLAIN

PATH = "/api/v1/reply-check"
ENTRIES, RULES = f"{PATH}/entries", f"{PATH}/rules"
HEAVY = "В целях роста. 😡"


async def check_text(api: Api, people: People, text: str, **more: Any) -> dict[str, Any]:
    response = await api.post(PATH, headers=api.as_(people.operator), json={"text": text} | more)
    assert response.status_code == 200, response.text
    result: dict[str, Any] = response.json()
    return result


async def find_codes(api: Api, people: People, text: str, **more: Any) -> list[str]:
    return [finding["code"] for finding in (await check_text(api, people, text, **more))["findings"]]


async def update(api: Api, people: People, path: str, body: dict[str, Any]) -> httpx.Response:
    headers = api.as_(people.admin)
    tag = (await api.get(path, headers=headers)).headers["etag"]
    return await api.patch(path, headers=headers | {"If-Match": tag}, json=body)


async def create_message_in_progress(api: Api, people: People, **more: Any) -> str:
    """Create a message with a recorded need and return its path."""
    response = await register(api, people.integration, message_body(people, **more))
    path = f"{MESSAGES}/{response.json()['id']}"
    assert (await act(api, people.operator, path, "triage", triage_body(people))).status_code == 200
    return path


@pytest.mark.order("O-6.2.4", "O-6.2.5")
async def test_a_text_is_checked_without_a_message(api: Api, people: People) -> None:
    text = "👩‍👩‍👧 И\u0306од. В целях роста!"
    result = await check_text(api, people, text, channel="vk")
    places = {one["code"]: text[one["start"] : one["end"]] for one in result["findings"]}
    assert places["emoji_not_positive"] == "👩‍👩‍👧" and places["bureaucratic_phrase"] == "В целях"
    by_code = {finding["code"]: finding for finding in result["findings"]}
    assert by_code["emoji_not_positive"]["severity"] == "error"
    assert by_code["bureaucratic_phrase"]["severity"] == "warning"
    assert by_code["bureaucratic_phrase"]["suggestion"] == "Чтобы"
    assert set(result["readability"]) == {
        "flesch",
        "fk_grade",
        "cli",
        "smog",
        "ari",
        "dale_chall",
        "sentences",
        "words",
    }
    assert await check_text(api, people, "1 2 3", channel="vk") == {"findings": [], "readability": None}
    assert await find_codes(api, people, PLAIN) == []


@pytest.mark.order("O-6.2.5")
async def test_emoji_are_for_social_channels_only(api: Api, people: People) -> None:
    assert await find_codes(api, people, PLAIN + " 😊", channel="vk") == []
    for channel in ("email", "site", "post"):
        assert await find_codes(api, people, PLAIN + " 😊", channel=channel) == ["emoji_not_social"]
    headers = api.as_(people.admin)
    made = await api.post(
        "/api/v1/interaction-points/channel-kinds",
        headers=headers,
        json={"key": "max", "name": "MAX", "is_social": True},
    )
    assert made.status_code == 201, "a social network can be added"
    assert await find_codes(api, people, PLAIN + " 😊", channel="max") == []


async def test_an_unknown_channel_or_publicity_is_treated_strictly(api: Api, people: People) -> None:
    text = PLAIN + " СНИЛС 112-233-445 95"
    for more, expected in (
        ({"channel": "vk"}, ["personal_data"]),
        ({"channel": "vk", "is_public": False}, []),
        ({"channel": "email", "is_public": True}, ["personal_data"]),
        ({"channel": "email"}, []),
        ({}, []),
    ):
        assert await find_codes(api, people, text, **more) == expected, more


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"text": ""}, "/text"),
        ({"text": "а" * 10_001}, "/text"),
        ({"text": "\x00"}, "/text"),
        ({"text": "да", "channel": "myspace"}, "/channel"),
        ({"text": "да", "channel": "VK!"}, "/channel"),
        ({"text": "да", "is_public": "yes"}, "/is_public"),
        ({"text": "да", "lang": "ru"}, "/lang"),
        ({}, "/text"),
    ],
)
async def test_an_invalid_text_is_rejected(api: Api, people: People, body: dict[str, Any], pointer: str) -> None:
    rejected = await api.post(PATH, headers=api.as_(people.operator), json=body)
    assert (rejected.status_code, rejected.json()["errors"][0]["pointer"]) == (422, pointer)


@pytest.mark.order("O-6.2.3b", "O-6.2.4", "O-6.2.5")
async def test_errors_block_every_step_and_warnings_do_not(api: Api, people: People) -> None:
    path = await create_message_in_progress(api, people)
    reply = await drafted(api, people, path, text=HEAVY)
    headers = api.as_(people.operator)
    draft = (await api.get(reply, headers=headers)).json()
    assert [(one["code"], draft["text"][one["start"] : one["end"]]) for one in draft["findings"]][:2] == [
        ("bureaucratic_phrase", "В целях"),
        ("missing_greeting", "В целях роста."),
    ]
    rejected = await act(api, people.operator, reply, "submit", {})
    assert (rejected.status_code, rejected.json()["code"]) == (409, "reply_not_ready")
    assert [one["code"] for one in rejected.json()["errors"]] == ["emoji_not_positive"]
    assert "«Эмодзи не из списка позитивных»" in rejected.json()["detail"]
    assert rejected.json()["errors"][0]["pointer"] == "/text"
    tag = (await api.get(reply, headers=headers)).headers["etag"]
    corrected = await api.patch(reply, headers=headers | {"If-Match": tag}, json={"text": "В целях роста."})
    assert {one["severity"] for one in corrected.json()["findings"]} == {"warning"}
    for caller, action in ((people.operator, "submit"), (people.unit_head, "approve"), (people.operator, "send")):
        assert (await act(api, caller, reply, action, {})).is_success
    message = (await api.get(path, headers=headers)).json()
    assert message["replies"][0]["findings"] == corrected.json()["findings"], (
        "the message must show the findings of the reply"
    )


@pytest.mark.parametrize("state", ["awaiting_approval", "approved"])
async def test_a_reply_is_checked_again_after_the_dictionary_changes(api: Api, people: People, state: str) -> None:
    path = await create_message_in_progress(api, people)
    reply = await drafted(api, people, path, text=PLAIN + " 😊")
    assert (await act(api, people.operator, reply, "submit", {})).json()["findings"] == []
    if state == "approved":
        assert (await act(api, people.unit_head, reply, "approve", {})).status_code == 200
    listed = await api.get(ENTRIES, params={"kind": "emoji", "limit": 200}, headers=api.as_(people.admin))
    entry = next(one for one in listed.json()["items"] if one["text"] == "😊")
    assert (await update(api, people, f"{ENTRIES}/{entry['id']}", {"closed_on": "2020-01-01"})).status_code == 200
    caller, action = (people.unit_head, "approve") if state == "awaiting_approval" else (people.operator, "send")
    rejected = await act(api, caller, reply, action, {})
    assert (rejected.status_code, [one["code"] for one in rejected.json()["errors"]]) == (409, ["emoji_not_positive"])
    before = await api.get(reply, headers=api.as_(people.operator))
    assert before.json()["findings"] == []
    checked = await api.post(f"{reply}/check", headers=api.as_(people.operator), json={})
    assert [one["code"] for one in checked.json()["findings"]] == ["emoji_not_positive"]
    assert checked.headers["etag"] != before.headers["etag"]
    repeated = await api.post(f"{reply}/check", headers=api.as_(people.operator), json={})
    assert repeated.headers["etag"] == checked.headers["etag"], "the same findings must not change the version"
    assert (await api.get(reply, headers=api.as_(people.operator))).json()["findings"] == checked.json()["findings"]
    assert (await act(api, people.unit_head, reply, "return", {"reason": "Без эмодзи"})).status_code == 200


async def test_a_public_reply_must_not_contain_client_data(api: Api, people: People) -> None:
    client = {
        "kind": "individual",
        "name": "Петров Иван",
        "contacts": [{"kind": "vk", "value": "id123456"}, {"kind": "phone", "value": "+79131234567"}],
    }
    text = "Мой адрес ivan.petrov@nso.ru, где узнать про заём?"
    path = await create_message_in_progress(api, people, client=client, text=text)
    headers = api.as_(people.operator)
    for part, expected in (
        ("Петрову ответили.", "Петрову"),
        ("Ваш номер 8 (913) 123-45-67.", "8 (913) 123-45-67"),
        ("Писали на ivan.petrov@nso.ru.", "ivan.petrov@nso.ru"),
        ("Страница id123456.", "id123456"),
        ("СНИЛС 112-233-445 95.", "112-233-445 95"),
        ("Телефон министерства +7 (383) 238-66-00, почта econom@nso.ru.", None),
    ):
        reply = await drafted(api, people, path, text=f"Здравствуйте, Иван! {part} Чем ещё помочь?")
        draft = (await api.get(reply, headers=headers)).json()
        errors = [draft["text"][one["start"] : one["end"]] for one in draft["findings"] if one["severity"] == "error"]
        assert errors == ([expected] if expected else []), part
        assert (await act(api, people.operator, reply, "submit", {})).status_code == (409 if expected else 200)
    private = await create_message_in_progress(api, people, client=client, text=text, kind="message")
    reply = await drafted(
        api, people, private, text="Здравствуйте, Иван! Ваш номер 8 (913) 123-45-67, Петров? Чем помочь?"
    )
    assert (await act(api, people.operator, reply, "submit", {})).status_code == 200


async def test_contacts_of_another_client_in_the_thread_are_allowed(api: Api, people: People) -> None:
    thread = {"thread_external_id": "wall-1_900"}
    other = {"kind": "individual", "name": "Анна", "contacts": [{"kind": "vk", "value": "id999999"}]}
    await create_message_in_progress(api, people, text="Пишите help@nso.ru", client=other, **thread)
    path = await create_message_in_progress(api, people, **thread)
    reply = await drafted(api, people, path, text="Здравствуйте! Пишите help@nso.ru. Чем ещё помочь?")
    assert (await api.get(reply, headers=api.as_(people.operator))).json()["findings"] == []


@pytest.mark.order("O-6.2.1", "O-6.2.2")
async def test_redirect_notices_are_checked_like_replies(api: Api, people: People) -> None:
    path = await create_message_in_progress(api, people)
    body = triage_body(people, competence="outside", reason="Не наше")
    assert (await act(api, people.operator, path, "triage", body)).status_code == 200
    acts = await api.get("/api/v1/legal-acts", headers=api.as_(people.operator))
    body = {"to": "Минздрав", "legal_act_id": acts.json()["items"][0]["id"], "text": "Здравствуйте! Передали 😡"}
    rejected = await act(api, people.operator, path, "redirect", body)
    assert (rejected.status_code, rejected.json()["errors"][0]["code"]) == (409, "emoji_not_positive")
    before = (await api.get(path, headers=api.as_(people.operator))).json()
    assert (before["state"], before["replies"]) == ("out_of_competence", [])
    sent = await act(api, people.operator, path, "redirect", body | {"text": "Здравствуйте! Передали в минздрав."})
    assert sent.status_code == 200
    assert [one["code"] for one in sent.json()["replies"][0]["findings"]] == ["missing_interest"]


async def test_rendering_a_template_checks_the_text_for_the_channel(api: Api, people: People) -> None:
    headers = api.as_(people.operator)
    made = await make(api, people, text="Здравствуйте, {имя}! 😊 Чем помочь?")
    path = f"/api/v1/reply-templates/{made.json()['id']}/render"
    values = {"имя": "Иван"}
    by_channel = {}
    for channel in ("vk", "email"):
        rendered = (await api.post(path, headers=headers, json={"values": values, "channel": channel})).json()
        by_channel[channel] = {finding["code"] for finding in rendered["findings"]}
    assert by_channel["email"] - by_channel["vk"] == {"emoji_not_social"}
    unknown = await api.post(path, headers=headers, json={"channel": "myspace"})
    assert unknown.json()["errors"][0]["pointer"] == "/channel"


async def test_listing_messages_does_not_run_the_check(
    api: Api, people: People, count_queries: Callable[[], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(3):
        await drafted(api, people, await create_message_in_progress(api, people), text=HEAVY)
    monkeypatch.setattr("app.text_check.service.check", None)
    monkeypatch.setattr("app.text_check.service.load_tables", None)
    listed = await api.get(MESSAGES, headers=api.as_(people.operator))
    assert all(item["replies"][0]["findings"] for item in listed.json()["items"])


async def test_unchanged_tables_cost_one_small_query(
    api: Api, people: People, database: JoinedDatabase, count_queries: Callable[[], int]
) -> None:
    async with database.transaction() as session:
        first = await queries.load_tables(session)
        count_queries()
        assert await queries.load_tables(session) is first
        assert count_queries() == 1


@pytest.mark.order("O-6.2.4")
async def test_changes_of_a_phrase_apply_at_once(api: Api, people: People) -> None:
    text = "Здравствуйте! Мы на связи в преддверии праздников. Чем помочь?"
    assert await find_codes(api, people, text) == []
    body = {"kind": "bureaucratic_phrase", "text": "в преддверие", "replacement": "перед"}
    headers = api.as_(people.admin)
    made = await api.post(ENTRIES, headers=headers, json=body)
    assert made.status_code == 201 and made.json() == body | {"id": made.json()["id"], "closed_on": None}
    (finding,) = (await check_text(api, people, text))["findings"]
    assert (finding["suggestion"], text[finding["start"] : finding["end"]]) == ("перед", "в преддверии")
    duplicate = await api.post(ENTRIES, headers=headers, json=body | {"text": "В преддверии"})
    assert (duplicate.status_code, duplicate.json()["code"]) == (409, "check_entry_exists")
    path = f"{ENTRIES}/{made.json()['id']}"
    assert (await update(api, people, path, {"replacement": "до"})).json()["replacement"] == "до"
    assert (await check_text(api, people, text))["findings"][0]["suggestion"] == "до"
    closed = await update(api, people, path, {"closed_on": "2020-01-01"})
    assert closed.headers["etag"] != made.headers["etag"]
    assert await find_codes(api, people, text) == []
    reopened = await update(api, people, path, {"closed_on": None})
    assert reopened.json()["closed_on"] is None and await find_codes(api, people, text) == ["bureaucratic_phrase"]
    stale = await api.patch(path, headers=headers | {"If-Match": made.headers["etag"]}, json={"replacement": "x"})
    assert stale.status_code == 412
    assert (await api.patch(path, headers=headers, json={"replacement": "x"})).status_code == 428
    assert (await api.get(path, headers=headers | {"If-None-Match": reopened.headers["etag"]})).status_code == 304
    assert (await api.get(f"{ENTRIES}/{people.admin.id}", headers=headers)).json()["code"] == "check_entry_not_found"


async def test_abbreviations_and_emoji_can_be_added(api: Api, people: People) -> None:
    headers = api.as_(people.admin)
    assert await find_codes(api, people, PLAIN + " ЦОНК 🦄", channel="vk") == [
        "unexplained_abbreviation",
        "emoji_not_positive",
    ]
    for body in ({"kind": "well_known_abbreviation", "text": "ЦОНК"}, {"kind": "emoji", "text": "🦄"}):
        assert (await api.post(ENTRIES, headers=headers, json=body)).status_code == 201
    assert await find_codes(api, people, PLAIN + " ЦОНК 🦄", channel="vk") == []
    listed = await api.get(ENTRIES, headers=headers, params={"kind": "emoji"})
    assert listed.json()["items"][0]["replacement"] == "unicorn", "the Unicode name"
    response = await update(api, people, f"{ENTRIES}/{listed.json()['items'][0]['id']}", {"replacement": "x"})
    assert response.json()["errors"][0]["pointer"] == "/replacement"


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("emoji", "да"),
        ("emoji", "😊😊"),
        ("emoji", " 😊"),
        ("bureaucratic_phrase", "123"),
        ("bureaucratic_phrase", "да " * 11 + "да"),
        ("abbreviation", "М С П"),
        ("abbreviation", "М" * 21),
        ("slang", "да"),
        ("emoji", "а" * 201),
    ],
)
async def test_an_entry_that_can_never_match_is_rejected(api: Api, people: People, kind: str, text: str) -> None:
    rejected = await api.post(ENTRIES, headers=api.as_(people.admin), json={"kind": kind, "text": text})
    assert rejected.status_code == 422
    assert rejected.json()["errors"][0]["pointer"] in ("/text", "/kind")


async def test_a_rule_is_switched_off_everywhere_or_in_a_channel(api: Api, people: People) -> None:
    rules = (await api.get(RULES, headers=api.as_(people.operator))).json()["items"]
    assert len(rules) == 22 and {rule["severity"] for rule in rules} == {"error", "warning"}
    assert all(rule["name"] for rule in rules)
    path = f"{RULES}/repeated_punctuation"
    text = PLAIN + "??"
    assert await find_codes(api, people, text, channel="vk") == ["repeated_punctuation"]
    off = {"overrides": [{"channel": "vk", "is_on": False}, {"channel": "vk", "is_public": True, "is_on": True}]}
    changed = await update(api, people, path, off)
    assert changed.json()["overrides"][0] == {"channel": "vk", "is_public": None, "is_on": False, "threshold": None}
    assert await find_codes(api, people, text, channel="vk", is_public=False) == []
    assert await find_codes(api, people, text, channel="vk", is_public=True) == ["repeated_punctuation"]
    assert await find_codes(api, people, text, channel="telegram") == ["repeated_punctuation"]
    assert (await update(api, people, path, {"is_on": False, "overrides": []})).status_code == 200
    assert await find_codes(api, people, text, channel="telegram") == []


async def test_limits_and_allowed_sites_can_be_changed(api: Api, people: People) -> None:
    text = PLAIN + " https://evil.com https://econom.nso.ru"
    assert await find_codes(api, people, text, channel="vk") == []
    assert (await update(api, people, f"{RULES}/link_not_allowed", {"values": ["nso.ru"]})).status_code == 200
    findings = (await check_text(api, people, text, channel="vk"))["findings"]
    assert [(one["code"], text[one["start"] : one["end"]]) for one in findings] == [
        ("link_not_allowed", "https://evil.com")
    ]
    limits = {"overrides": [{"channel": "telegram", "threshold": 10}]}
    assert (await update(api, people, f"{RULES}/too_long", limits)).status_code == 200
    assert await find_codes(api, people, PLAIN, channel="telegram") == ["too_long"]
    assert await find_codes(api, people, PLAIN, channel="vk") == []


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"threshold": 0}, "/threshold"),
        ({"threshold": 10_001}, "/threshold"),
        ({"overrides": [{"channel": "myspace"}]}, "/overrides/0/channel"),
        ({"overrides": [{"channel": "vk"}] * 51}, "/overrides"),
        ({"values": ["x"] * 201}, "/values"),
        ({"is_on": "off"}, "/is_on"),
        ({"severity": "warning"}, "/severity"),
    ],
)
async def test_invalid_rule_settings_are_rejected(api: Api, people: People, body: dict[str, Any], pointer: str) -> None:
    rejected = await update(api, people, f"{RULES}/too_long", body)
    assert (rejected.status_code, rejected.json()["errors"][0]["pointer"]) == (422, pointer)
    headers = api.as_(people.admin)
    assert (await api.get(f"{RULES}/no_such", headers=headers)).json()["code"] == "check_rule_not_found"


async def test_changes_are_recorded_in_the_audit_trail(api: Api, people: People, database: JoinedDatabase) -> None:
    made = await api.post(ENTRIES, headers=api.as_(people.admin), json={"kind": "emoji", "text": "🦄"})
    await update(api, people, f"{ENTRIES}/{made.json()['id']}", {"closed_on": "2020-01-01"})
    await update(api, people, f"{RULES}/capitals", {"is_on": False})
    async with database.transaction() as session:
        rows = (await session.exec(select(AuditEvent).where(AuditEvent.actor_id == people.admin.id))).all()
    assert [(row.action, row.fields) for row in sorted(rows, key=lambda row: row.id)] == [
        ("check_entry.created", []),
        ("check_entry.changed", ["closed_on"]),
        ("check_rule.changed", ["is_on"]),
    ]


async def test_loading_the_reference_data_keeps_changes_of_an_administrator(
    api: Api, people: People, database: JoinedDatabase
) -> None:
    listed = await api.get(ENTRIES, params={"kind": "emoji", "limit": 200}, headers=api.as_(people.admin))
    entry = next(one for one in listed.json()["items"] if one["text"] == "😊")
    await update(api, people, f"{ENTRIES}/{entry['id']}", {"closed_on": "2020-01-01"})
    await update(api, people, f"{RULES}/capitals", {"is_on": False})
    async with database.transaction() as session:
        count = len((await session.exec(select(CheckEntry))).all())
        await reference.load_reference(session)
        assert len((await session.exec(select(CheckEntry))).all()) == count
    assert await find_codes(api, people, PLAIN + " 😊 ВАЖНО", channel="vk") == ["emoji_not_positive"]


async def test_there_are_entries_of_every_kind(api: Api, people: People) -> None:
    for kind in EntryKind:
        listed = await api.get(ENTRIES, params={"kind": kind, "with_count": "true"}, headers=api.as_(people.operator))
        assert listed.json()["count"] >= 30, kind


@pytest.mark.parametrize("path", [f"{ENTRIES}?limit=200&with_count=true", RULES])
async def test_a_list_needs_equally_many_statements_for_2_and_for_50_rows(
    api: Api, people: People, database: JoinedDatabase, count_queries: Callable[[], int], path: str
) -> None:
    counted = []
    for first, last in ((0, 2), (2, 50)):
        async with database.transaction() as session:
            for number in range(first, last):
                word = "А" * (number // 10 + 3) + "БВГДЕЖЗИКЛ"[number % 10]
                session.add(build_entry(EntryKind.ABBREVIATION, word, None))
        count_queries()
        answer = await api.get(path, headers=api.as_(people.admin))
        assert answer.status_code == 200, answer.text
        counted.append(count_queries())
    assert counted[0] == counted[1]


async def test_overrides_for_many_channels_are_checked_with_one_statement(
    api: Api, people: People, count_queries: Callable[[], int]
) -> None:
    path = f"{RULES}/capitals"
    counted = []
    for channels in (["vk"], ["vk", "ok", "telegram", "email"]):
        tag = (await api.get(path, headers=api.as_(people.admin))).headers["ETag"]
        overrides = [{"channel": channel, "is_on": False} for channel in channels]
        count_queries()
        answer = await api.patch(path, headers=api.as_(people.admin) | {"If-Match": tag}, json={"overrides": overrides})
        assert answer.status_code == 200, answer.text
        assert [one["channel"] for one in answer.json()["overrides"]] == channels
        counted.append(count_queries())
    assert counted[0] == counted[1]
