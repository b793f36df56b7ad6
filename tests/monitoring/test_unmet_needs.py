"""Unmet needs: grouped, linked to a template, started, resolved, reopened (O-11)."""

from datetime import date
from typing import Any

import pytest
from sqlmodel import select

from app.core import example_ids
from app.core.outbox import Relay
from app.core.security import Principal
from app.monitoring.models import UnmetNeedLemma
from app.monitoring.service.comment_grouping import group_comments
from app.surveys import counter_repair, counters
from app.surveys.models.comments import SurveyComment
from app.surveys.models.submissions import SurveySubmission
from app.surveys.rules.counts import Span
from app.worker import HANDLERS
from tests.callers import People
from tests.conftest import Api, JoinedDatabase
from tests.messages.factories import act
from tests.monitoring.factories import answered
from tests.surveys.factories import subordinate
from tests.surveys.test_comments import worked_off

PATH = "/api/v1/monitoring/unmet-needs"
DAY = date(2026, 11, 10)


async def store_comments(
    database: JoinedDatabase, *texts: str, on: date = DAY, source: str = "vk", **more: Any
) -> None:
    """Store comments of respondents and run the worker that indexes and groups them."""
    async with database.transaction() as session:
        for text in texts:
            await answered(session, 1, 1, on, answers={"comments": {source: text}}, **more)
    await worked_off(database)
    relay = Relay(database, HANDLERS)
    while await relay.relay_batch():
        pass


async def list_needs(api: Api, by: Principal, **query: Any) -> dict[str, Any]:
    answer = await api.get(PATH, params=query, headers=api.as_(by))
    assert answer.status_code == 200, answer.text
    read: dict[str, Any] = answer.json()
    return read


@pytest.mark.order("A-1.23x", "O-11")
async def test_similar_comments_are_grouped_and_linked_to_the_template_that_answers_them(
    api: Api, people: People, database: JoinedDatabase
) -> None:
    await store_comments(database, "Не нашёл расписание приёма граждан", "Нет расписания приёма", on=date(2026, 10, 5))
    await store_comments(database, "Где график и расписание приёма граждан?", source="ok")
    await store_comments(database, "Не нашёл, где взять льготный заём для малого бизнеса", "🙂")
    read = await list_needs(api, people.client_centricity)
    assert (read["n"], read["groups"]) == (4, 2)
    times, loan = read["items"]
    assert (times["n"], times["state"], times["first_on"], times["last_on"]) == (3, "open", "2026-10-05", "2026-11-10")
    assert times["words"][:2] == ["прием", "расписание"]
    assert times["examples"][0] == "Где график и расписание приёма граждан?"
    assert [(one["code"], one["n"]) for one in times["sources"]] == [("23.3", 2), ("23.4", 1)]
    assert (loan["n"], loan["template_id"]) == (1, example_ids.TEMPLATE)
    assert loan["template_title"] == "Льготный заём для малого бизнеса"
    assert loan["unit_id"] == str(people.operator.unit_id)
    november = await list_needs(api, people.client_centricity, **{"from": "2026-11-01"})
    assert {item["id"]: item["n"] for item in november["items"]} == {times["id"]: 1, loan["id"]: 1}
    assert (await list_needs(api, people.client_centricity, template_id=loan["template_id"]))["n"] == 1
    assert (await list_needs(api, people.client_centricity, limit=1))["groups"] == 2
    assert (await list_needs(api, people.client_centricity, state="resolved"))["items"] == []
    assert (await list_needs(api, people.client_centricity, source="paper"))["n"] == 0
    async with database.transaction() as session:
        await group_comments(session, (await session.exec(select(SurveyComment.id))).all())
    assert await list_needs(api, people.client_centricity) == read, "grouping a comment twice changes nothing"


@pytest.mark.order("A-1.23x", "O-11")
async def test_a_removed_template_is_not_set_again_by_the_next_comment(
    api: Api, people: People, database: JoinedDatabase
) -> None:
    await store_comments(database, "Не нашёл, где взять льготный заём для малого бизнеса")
    (loan,) = (await list_needs(api, people.client_centricity))["items"]
    assert loan["template_id"] == example_ids.TEMPLATE
    headers = api.as_(people.client_centricity) | {"If-Match": "*"}
    untied = await api.patch(f"{PATH}/{loan['id']}", headers=headers, json={"template_id": None})
    assert untied.json()["template_id"] is None
    await store_comments(database, "Где взять льготный заём малому бизнесу?")
    (again,) = (await list_needs(api, people.client_centricity))["items"]
    assert (again["id"], again["n"], again["template_id"]) == (loan["id"], 2, None)


@pytest.mark.order("A-1.23x", "O-11")
async def test_a_respondents_own_telephone_is_not_a_request_for_one(
    api: Api, people: People, database: JoinedDatabase
) -> None:
    await store_comments(
        database, "Не нашёл телефон отдела", "Где парковка? +7 913 123-45-67", "Нет программы, +7 913 123-45-68"
    )
    read = await list_needs(api, people.client_centricity)
    assert (read["n"], read["groups"]) == (3, 3)
    assert sorted(item["words"] for item in read["items"]) == [
        ["найти", "отдел", "телефон"],
        ["парковка"],
        ["программа"],
    ]
    for words, found in (("телефоны", 1), ("парковка", 1)):
        answer = await api.get(
            "/api/v1/monitoring/comments", params={"q": words}, headers=api.as_(people.client_centricity)
        )
        assert len(answer.json()["items"]) == found, words


@pytest.mark.order("O-11", "O-10")
async def test_new_comments_reopen_a_resolved_need(api: Api, people: People, database: JoinedDatabase) -> None:
    await store_comments(database, "Не нашёл расписание приёма граждан")
    (item,) = (await list_needs(api, people.unit_head))["items"]
    path = f"{PATH}/{item['id']}"
    taken = await act(api, people.unit_head, path, "start", {"note": "Спросим канцелярию"})
    assert taken.status_code == 200, taken.text
    assert (taken.json()["state"], taken.json()["unit_id"]) == ("taken_up", str(people.unit_head.unit_id))
    assert taken.json()["changed_by"] == str(people.unit_head.id)
    again = await act(api, people.unit_head, path, "start", {})
    assert (again.status_code, again.json()["code"]) == (409, "move_not_allowed")
    await store_comments(database, "Нет расписания приёма граждан")
    assert (await list_needs(api, people.unit_head))["items"][0]["state"] == "taken_up", "work has already started"
    assert (await act(api, people.unit_head, path, "resolve", {})).status_code == 422
    done = await act(api, people.client_centricity, path, "resolve", {"note": "Опубликовано на сайте"})
    assert (done.status_code, done.json()["state"], done.json()["n"]) == (200, "resolved", 2)
    await store_comments(database, "Расписание приёма граждан опять не нашла")
    whole = (await api.get(path, headers=api.as_(people.unit_head))).json()
    assert (whole["state"], whole["changed_by"], whole["note"]) == ("open", None, "Появились новые ответы.")
    assert [(step["state"], step["by"], step["note"]) for step in whole["history"]] == [
        ("open", None, None),
        ("taken_up", str(people.unit_head.id), "Спросим канцелярию"),
        ("resolved", str(people.client_centricity.id), "Опубликовано на сайте"),
        ("open", None, "Появились новые ответы."),
    ]
    stale = await api.post(
        f"{path}/resolve", headers=api.as_(people.unit_head) | {"If-Match": '"1"'}, json={"note": "Готово"}
    )
    assert stale.status_code == 412
    resolved = await act(api, people.unit_head, path, "resolve", {"note": "Готово"})
    reopened = await act(api, people.unit_head, path, "reopen", {"note": "Не всё"})
    assert (resolved.status_code, reopened.json()["state"]) == (200, "open")


@pytest.mark.order("O-11")
async def test_a_correction_of_another_answer_reopens_nothing(
    api: Api, people: People, database: JoinedDatabase
) -> None:
    await store_comments(database, "Не нашёл расписание приёма граждан")
    (group,) = (await list_needs(api, people.client_centricity))["items"]
    path = f"{PATH}/{group['id']}"
    assert (await act(api, people.client_centricity, path, "resolve", {"note": "Готово"})).status_code == 200
    async with database.transaction() as session:
        (row,) = (await session.exec(select(SurveySubmission))).all()
        await counters.count(session, [row], sign=-1)
        row.municipality = "50701000"
        await session.flush()
        await counters.count(session, [row])
    await store_comments(database)
    read = await list_needs(api, people.client_centricity, municipality="50701000")
    assert [(item["id"], item["state"], item["n"]) for item in read["items"]] == [(group["id"], "resolved", 1)]
    async with database.transaction() as session:
        assert set((await session.exec(select(UnmetNeedLemma.n))).all()) == {1}
        assert [
            row for span in Span for row in await counter_repair.find_drift(session, DAY.replace(day=1), span)
        ] == []


@pytest.mark.order("O-11")
async def test_a_head_sees_the_needs_of_their_unit_and_the_unassigned_ones(
    api: Api, people: People, database: JoinedDatabase
) -> None:
    async with database.transaction() as session:
        other = await subordinate(session)
    await store_comments(database, "Не нашёл, где взять льготный заём для малого бизнеса")
    await store_comments(database, "Где стоянка для велосипедов?")
    await store_comments(database, "Не нашёл схему проезда автобуса", organization_id=other)
    assert (await list_needs(api, people.client_centricity))["groups"] == 3
    mine = (await list_needs(api, people.unit_head))["items"]
    theirs = (await list_needs(api, people.other_head))["items"]
    loan = next(item for item in mine if item["template_id"])
    assert len(mine) == 2 and [item["id"] for item in theirs] == [item["id"] for item in mine if item is not loan]
    path = f"{PATH}/{loan['id']}"
    for method, more in (("GET", ""), ("PATCH", ""), ("POST", "/start"), ("POST", "/resolve"), ("POST", "/reopen")):
        headers = api.as_(people.other_head) | {"If-Match": "*"}
        body = {"note": "x"} if more else {}
        assert (await api.request(method, f"{path}{more}", headers=headers, json=body)).status_code == 404, more
    parking = f"{PATH}/{theirs[0]['id']}"

    async def patched(by: Principal, body: dict[str, Any]) -> Any:
        return await api.patch(parking, headers=api.as_(by) | {"If-Match": "*"}, json=body)

    foreign = await patched(people.other_head, {"template_id": example_ids.TEMPLATE})
    assert [fault["pointer"] for fault in foreign.json()["errors"]] == ["/template_id"]
    tied = (await patched(people.unit_head, {"template_id": example_ids.TEMPLATE})).json()
    assert (tied["template_id"], tied["unit_id"]) == (example_ids.TEMPLATE, str(people.unit_head.unit_id))
    untied = (await patched(people.client_centricity, {"template_id": None, "unit_id": None})).json()
    assert (untied["template_id"], untied["unit_id"]) == (None, None)
    wrong = await patched(people.client_centricity, {"unit_id": example_ids.TEMPLATE})
    assert [fault["pointer"] for fault in wrong.json()["errors"]] == ["/unit_id"]
    assert (await api.get(PATH, headers=api.as_(people.operator))).status_code == 403
