"""Version differences, four-eyes publishing, reviews, reminders and outdated mentions (O-6.2.6)."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import time_machine
from sqlmodel import col, select

from app.core import clock
from app.core.audit import AuditEvent
from app.core.db import Database
from app.core.outbox import OutboxEntry, Relay
from app.core.security import Principal
from app.legal_acts.models import LegalAct
from app.legal_acts.rules import LegalActKind
from app.main import create_app
from app.organizations.models import Employee, Unit
from app.reply_templates.models import ReplyTemplate
from app.reply_templates.service import review
from app.worker import HANDLERS
from tests.callers import People, make_people
from tests.conftest import Api, JoinedDatabase, KnownCallers, settings_for
from tests.messages.factories import drafted, triaged
from tests.reply_templates.factories import PATH, act, make, published, template_body

DAY = timedelta(days=1)


async def list_notification_kinds(api: Api, who: Principal) -> list[str]:
    answer = await api.get("/api/v1/notifications", headers=api.as_(who))
    return [item["kind"] for item in answer.json()["items"] if item["object_type"] == "reply_template"]


async def run_review_job(database: Database) -> int:
    """Run the worker's review job and relay its events; return the number of events."""
    async with database.transaction() as session:
        count = await review.remind_of_reviews(session)
    relay = Relay(database, HANDLERS)
    while await relay.relay_batch():
        pass
    return count


def in_days(days: int) -> time_machine.travel:
    return time_machine.travel(clock.now() + days * DAY, tick=True)


@pytest.mark.order("O-6.2.6")
async def test_version_differences_are_described_in_russian(api: Api, people: People) -> None:
    made = await make(api, people, text="Заём до 3 млн рублей.", defaults={"телефон": "112"})
    await act(
        api,
        people.operator,
        made,
        "patch",
        {"text": "Заём до 5 млн рублей.", "title": "Заём", "keywords": ["заём"], "examples": [], "defaults": {}},
    )
    path = f"{PATH}/{made.json()['id']}/versions"
    headers = api.as_(people.operator)
    answer = (await api.get(f"{path}/2/diff", headers=headers)).json()
    assert (answer["version"], answer["against"]) == (2, 1)
    assert answer["summary"] == [
        "Название: [было: Ежевика][стало: Заём]",
        "Текст: Заём до [было: 3] [стало: 5] млн рублей.",
        "Ключевые слова: добавлено «заём»",
        "Ключевые слова: убрано «ёжик»",
        "Типовые сообщения: убрано «Что едят ежи?»",
        "Значения по умолчанию: убрано «телефон: 112»",
    ]
    back = (await api.get(f"{path}/1/diff", params={"against": 2}, headers=headers)).json()
    assert "Ключевые слова: добавлено «ёжик»" in back["summary"]
    first = (await api.get(f"{path}/1/diff", headers=headers)).json()
    assert first["against"] == 0 and first["summary"][0] == "Название: [стало: Ежевика]"
    same = (await api.get(f"{path}/1/diff", params={"against": 1}, headers=headers)).json()
    assert same["summary"] == ["Содержание не изменилось."]
    for wrong in (f"{path}/3/diff", f"{path}/1/diff?against=9"):
        assert (await api.get(wrong, headers=headers)).status_code == 404
    assert (await api.get(f"{path}/99999999999/diff", headers=headers)).status_code == 422


@pytest.mark.order("O-6.2.6")
async def test_an_author_of_an_unpublished_version_cannot_publish(api: Api, people: People) -> None:
    made = await published(api, people)
    await act(api, people.unit_head, made, "patch", {"text": "Текст начальника, {имя}."})
    await act(api, people.operator, made, "patch", {"title": "Поправлено оператором"})
    refused = await act(api, people.unit_head, made, "publish")
    assert (refused.status_code, refused.json()["code"]) == (409, "four_eyes")
    versions = (await api.get(f"{PATH}/{made.json()['id']}/versions", headers=api.as_(people.operator))).json()["items"]
    assert [(v["version"], v["author_id"]) for v in versions] == [
        (3, str(people.operator.id)),
        (2, str(people.unit_head.id)),
        (1, str(people.operator.id)),
    ]


@pytest.mark.order("O-6.2.6")
async def test_the_review_date_depends_on_publication_review_and_period(
    api: Api, people: People, database: JoinedDatabase
) -> None:
    today = clock.today()
    made = await make(api, people)
    assert (made.json()["review"], made.json()["next_review_on"]) == (None, None)
    assert (await act(api, people.unit_head, made, "review")).json()["code"] == "move_not_allowed"
    done = (await act(api, people.unit_head, made, "publish")).json()
    assert (done["review"], done["next_review_on"]) == ("current", str(today + 180 * DAY))
    assert done["reviewed_by"] == str(people.unit_head.id)
    own = (await act(api, people.operator, made, "patch", {"review_days": 10})).json()
    assert (own["version"], own["next_review_on"]) == (1, str(today + 10 * DAY))
    with in_days(11):
        late = (await api.get(f"{PATH}/{done['id']}", headers=api.as_(people.operator))).json()
        assert late["review"] == "overdue"
        assert (await act(api, people.operator, made, "review")).status_code == 403
        confirmed = (await act(api, people.unit_head, made, "review", {"note": "Сверено"})).json()
        assert (confirmed["review"], confirmed["next_review_on"]) == ("current", str(today + 21 * DAY))
        listed = await api.get(f"{PATH}/{done['id']}/reviews", headers=api.as_(people.operator))
        (row,) = listed.json()["items"]
        assert (row["version"], row["note"], row["reviewed_by"]) == (1, "Сверено", str(people.unit_head.id))
    async with database.transaction() as session:
        unit = await session.get_one(Unit, people.operator.unit_id)
        unit.template_review_days = 7
    back = (await act(api, people.operator, made, "patch", {"review_days": None})).json()
    assert back["review_days"] is None
    archived = (await act(api, people.unit_head, made, "archive")).json()
    assert (archived["review"], archived["next_review_on"]) == (None, None)


@pytest.mark.order("O-6.2.6", "O-10")
async def test_reminders_and_overdue_notices_are_sent_once_and_listed(
    api: Api, people: People, database: JoinedDatabase
) -> None:
    made = await published(api, people, review_days=30)
    other = await published(api, people, key="malina", review_days=365)
    queue = f"/api/v1/monitoring/units/{people.unit_head.unit_id}"

    async def listed(review: str) -> set[str]:
        answer = await api.get(PATH, params={"review": review, "limit": 200}, headers=api.as_(people.operator))
        figures = (await api.get(queue, headers=api.as_(people.unit_head))).json()
        name = {"due_soon": "templates_due_soon", "overdue": "templates_past_review"}[review]
        keys = {item["key"] for item in answer.json()["items"]}
        assert figures[name] == len(keys)
        return keys

    with in_days(15):
        assert await run_review_job(database) == 0 and await listed("due_soon") == set()
    with in_days(16):
        assert await run_review_job(database) == 1 and await run_review_job(database) == 0
        assert await listed("due_soon") == {"ezhevika"} and await listed("overdue") == set()
        for who in (people.operator, people.unit_head):
            assert await list_notification_kinds(api, who) == ["template_review_near"]
        for stranger in (people.colleague, people.other_head):
            assert await list_notification_kinds(api, stranger) == []
    with in_days(30):
        assert await run_review_job(database) == 0 and await listed("overdue") == set()  # the last day still counts
    with in_days(31):
        async with database.transaction() as session:  # the author leaves the unit
            (await session.get_one(Employee, people.operator.id)).unit_id = None
        assert await run_review_job(database) == 1 and await run_review_job(database) == 0
        assert await listed("overdue") == {"ezhevika"}
        assert await list_notification_kinds(api, people.unit_head) == [
            "template_review_overdue",
            "template_review_near",
        ]
        assert await list_notification_kinds(api, people.operator) == ["template_review_near"]
        await act(api, people.unit_head, made, "review")
        assert await listed("overdue") == set()
    with in_days(31 + 31):
        assert await run_review_job(database) == 1  # a new period: the reminder was missed, the overdue notice is sent
    assert (await act(api, people.unit_head, other, "archive")).status_code == 200
    with in_days(400):
        async with database.transaction() as session:
            await review.remind_of_reviews(session)
            query = select(OutboxEntry).where(col(OutboxEntry.event).like("reply_template.review%"))
            entries = {entry.payload["template_id"] for entry in (await session.exec(query)).all()}
        assert made.json()["id"] in entries and other.json()["id"] not in entries


async def test_a_notice_is_sent_after_a_worker_is_killed_before_commit(
    api: Api, people: People, database: JoinedDatabase
) -> None:
    await published(api, people, review_days=30)
    with in_days(31):
        with pytest.raises(RuntimeError):
            async with database.transaction() as session:
                assert await review.remind_of_reviews(session) == 1
                raise RuntimeError("killed")
        assert await run_review_job(database) == 1 and await run_review_job(database) == 0
        assert await list_notification_kinds(api, people.unit_head) == ["template_review_overdue"]


@pytest.mark.order("O-6.2.6")
async def test_a_reply_has_a_finding_for_an_overdue_template(api: Api, people: People) -> None:
    made = await published(api, people, review_days=10, text="Здравствуйте! Чем ещё помочь?")
    message = await triaged(api, people)
    sound = await drafted(api, people, message, template_id=made.json()["id"], text=None)
    due = clock.today() + 10 * DAY
    with in_days(11):
        late = await drafted(api, people, message, template_id=made.json()["id"], text=None)
        rendered = await api.post(f"{PATH}/{made.json()['id']}/render", headers=api.as_(people.operator), json={})
        assert [finding["code"] for finding in rendered.json()["findings"]] == ["template_past_review"]
        await act(api, people.unit_head, made, "review")
        headers = api.as_(people.operator)
        (finding,) = (await api.get(late, headers=headers)).json()["findings"]  # even though it was reviewed later
        assert (finding["code"], finding["severity"]) == ("template_past_review", "warning")
        assert (finding["start"], finding["end"]) == (0, len("Здравствуйте! Чем ещё помочь?"))
        assert f"{due:%d.%m.%Y}" in finding["message"]
        assert (await api.get(sound, headers=headers)).json()["findings"] == []
        tag = (await api.get(late, headers=headers)).headers["etag"]
        anew = await api.patch(late, headers=headers | {"If-Match": tag}, json={"template_id": made.json()["id"]})
        assert anew.json()["findings"] == []
        tag = anew.headers["etag"]
        assert (await api.post(f"{late}/submit", headers=headers | {"If-Match": tag}, json={})).status_code == 200


@pytest.mark.order("O-6.2.6")
async def test_outdated_templates_are_listed_with_their_mentions(
    api: Api, people: People, database: JoinedDatabase
) -> None:
    async with database.transaction() as session:
        old = LegalAct(kind=LegalActKind.ORDER, number="31", signed_on=date(2020, 3, 2), title="Порядок")
        old.closed_on = clock.today() - timedelta(days=1)
        last_day = LegalAct(kind=LegalActKind.ORDER, number="32", signed_on=date(2020, 3, 3), title="Перечень")
        last_day.closed_on = clock.today()  # the last day counts: the act is in force today
        session.add_all([old, last_day])
    text = (
        "Приём шёл до 15 марта 2021 года по приказу от 02.03.2020 № 31 и приказу от 03.03.2020 № 32. "
        "Работаем с 01.01.2020."
    )
    made = await published(api, people, text=text, defaults={"дата": "01.02.2022"})
    await published(api, people, key="sound", text="Приказ от 15.02.2024 № 27 действует. Ждём вас.")
    draft = await make(api, people, key="draft", text="До 01.01.2001")
    answer = await api.get(f"{PATH}/outdated", headers=api.as_(people.operator))
    (found,) = answer.json()["items"]
    assert (found["template_id"], found["key"], found["template_version"]) == (made.json()["id"], "ezhevika", 1)
    quotes = [(m["kind"], m["field"], m["quote"], m["reason"]) for m in found["mentions"]]
    ended_on = f"{old.closed_on:%d.%m.%Y}"
    reason = f"Приказ от 02.03.2020 № 31 не действует: последний день действия — {ended_on}."
    assert quotes == [
        ("date", "text", "15 марта 2021 года", "Дата 15.03.2021 уже прошла."),
        (
            "legal_act",
            "text",
            "02.03.2020 № 31",
            reason,
        ),
        ("date", "defaults/дата", "01.02.2022", "Дата 01.02.2022 уже прошла."),
    ]
    for mention in found["mentions"][:2]:
        assert text[mention["start"] : mention["end"]] == mention["quote"]
    assert found["mentions"][1]["legal_act_id"] == str(old.id)
    assert (await api.get(f"{PATH}/outdated", headers=api.as_(people.other_operator))).json()["items"] == []
    await act(api, people.unit_head, draft, "publish")
    first = (await api.get(f"{PATH}/outdated", params={"limit": 1}, headers=api.as_(people.operator))).json()
    query = {"limit": 1, "cursor": first["next_cursor"]}
    second = (await api.get(f"{PATH}/outdated", params=query, headers=api.as_(people.operator))).json()
    assert [page["items"][0]["key"] for page in (first, second)] == ["draft", "ezhevika"]
    assert second["next_cursor"] is None


@asynccontextmanager
async def service(address: str, folder: Path) -> AsyncIterator[tuple[Api, People, Database]]:
    """Run the application on a separate database with real transactions."""
    application = create_app(settings_for(address, folder))
    database: Database = application.state.database
    async with database.transaction() as session:
        people = await make_people(session)
    application.state.resolver = KnownCallers()
    transport = httpx.ASGITransport(application, client=("127.0.0.1", 1))
    async with Api(transport=transport, base_url="http://service") as api:
        api.callers = application.state.resolver
        yield api, people, database
    await database.close()


@pytest.mark.order("O-6.2.6")
async def test_only_one_concurrent_publication_succeeds(fresh_database: str, tmp_path: Path) -> None:
    async with service(fresh_database, tmp_path) as (api, people, database):
        made = await make(api, people)
        path, headers = f"{PATH}/{made.json()['id']}", api.as_(people.unit_head) | {"If-Match": made.headers["etag"]}
        answers = await asyncio.gather(*[api.post(f"{path}/publish", headers=headers, json={}) for _ in range(8)])
        assert Counter(answer.status_code for answer in answers) == {200: 1, 412: 7}
        async with database.transaction() as session:
            published = select(AuditEvent.id).where(AuditEvent.action == "template.published")
            assert len((await session.exec(published)).all()) == 1


async def test_only_one_concurrent_edit_succeeds_and_a_review_is_notified_once(
    fresh_database: str, tmp_path: Path
) -> None:
    async with service(fresh_database, tmp_path) as (api, people, database):
        made = await published(api, people, review_days=30)
        path, headers = f"{PATH}/{made.json()['id']}", api.as_(people.operator) | {"If-Match": made.headers["etag"]}
        edits: list[Any] = [api.patch(path, headers=headers, json={"title": f"Правка {n}"}) for n in range(8)]
        answers = await asyncio.gather(*edits)
        assert Counter(answer.status_code for answer in answers) == {200: 1, 412: 7}
        async with database.transaction() as session:
            query = select(ReplyTemplate).where(col(ReplyTemplate.review_days).is_(None))
            for row in (await session.exec(query)).all():
                row.next_review_on = row.review_remind_on = None
        with in_days(31):

            async def mark() -> int:
                async with database.transaction() as session:
                    return await review.remind_of_reviews(session)

            assert sum(await asyncio.gather(*[mark() for _ in range(4)])) == 1


async def test_an_empty_patch_changes_nothing(api: Api, people: People) -> None:
    made = await make(api, people)
    same = await act(api, people.operator, made, "patch", {})
    assert (same.json()["version"], same.headers["etag"]) == (1, made.headers["etag"])
    twice = await api.post(PATH, headers=api.as_(people.operator), json=template_body(people))
    assert twice.status_code == 409
