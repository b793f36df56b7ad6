"""Appeals: registration, redirects, closing (59-FZ)."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from tests.callers import People
from tests.conftest import Api, JoinedDatabase
from tests.messages.factories import act, drafted, triage_body
from tests.messages.test_closing import ACT, START, came_in, fetch, relayed, sent, sorted_out, stopped_clock
from tests.messages.test_deadlines_api import by_stage

__all__ = ["stopped_clock"]


@pytest.mark.order("O-6.2.2")
async def test_an_appeal_is_registered_by_an_employee_and_its_deadlines_start_then(
    api: Api, people: People, stopped_clock: time_machine.Traveller, database: JoinedDatabase
) -> None:
    path = await came_in(api, people)
    stopped_clock.move_to(datetime(2026, 12, 1, 3, 0, tzinfo=UTC))
    body = {"came_by": "Платформа обратной связи", "registration_number": "01-45/1234"}
    answer = await act(api, people.operator, path, "register_as_appeal", body)
    assert answer.status_code == 200, answer.text
    data = answer.json()
    assert (data["state"], data["class"]) == ("registered_as_appeal", "appeal")
    assert data["appeal"] == body | {"registered_at": "2026-12-01T10:00:00+07:00"}
    found = by_stage(data)
    assert found["final_reply", "limit"]["due_at"] == "2026-12-30T23:59:59+07:00"
    assert found["final_reply", "limit"]["legal_act"] == "Федеральный закон от 02.05.2006 № 59-ФЗ"
    assert ("first_reply", "target") not in found
    early = await api.post(
        f"{path}/replies", headers=api.as_(people.operator), json={"kind": "answer", "text": "Здравствуйте!"}
    )
    assert early.status_code == 409, "the need comes first"
    await sorted_out(api, people, path)
    assert (await fetch(api, people, path))["state"] == "registered_as_appeal"
    other = await act(api, people.operator, path, "triage", triage_body(people, **{"class": "message"}))
    assert (other.status_code, other.json()["code"]) == (409, "appeal_keeps_its_class")
    bare = await act(api, people.operator, path, "close", {"reason": "Не по адресу"})
    assert (bare.status_code, bare.json()["code"]) == (409, "no_answer_reason_missing")
    another = (await came_in(api, people)).rpartition("/")[2]
    repeat = await act(api, people.operator, path, "duplicate", {"of": another})
    assert (repeat.status_code, repeat.json()["code"]) == (409, "no_answer_reason_missing"), "it is owed its own answer"
    closed = await act(
        api, people.operator, path, "close", {"reason": "Суть неясна", "no_answer_reason": "essence_unclear"}
    )
    assert (closed.status_code, closed.json()["no_answer_reason"]) == (200, "essence_unclear")
    again = await came_in(api, people)
    assert (await act(api, people.operator, again, "register_as_appeal", body)).status_code == 200
    await sorted_out(api, people, again)
    await sent(api, people, again, database)
    assert (await act(api, people.operator, again, "close", {"reason": "Дан ответ"})).status_code == 200


@pytest.mark.order("O-6.2.2")
async def test_a_redirected_appeal_is_closed_without_a_reason_of_article_11(
    api: Api, people: People, database: JoinedDatabase
) -> None:
    """A redirect completes an appeal (59-FZ, article 8); after reopening it needs an answer again."""
    path = await came_in(api, people)
    appeal = {"came_by": "Платформа обратной связи", "registration_number": "1"}
    assert (await act(api, people.operator, path, "register_as_appeal", appeal)).status_code == 200
    await sorted_out(api, people, path, competence="outside", reason="Здравоохранение")
    redirect = {"to": "Министерство здравоохранения", "legal_act_id": ACT, "text": "Здравствуйте! Передано."}
    assert (await act(api, people.operator, path, "redirect", redirect)).status_code == 200
    await relayed(database)
    closed = await act(api, people.operator, path, "close", {"reason": "Перенаправлено"})
    assert (closed.status_code, closed.json()["no_answer_reason"]) == (200, None)
    assert (await act(api, people.operator, path, "reopen", {"reason": "Вернули"})).status_code == 200
    again = await act(api, people.operator, path, "close", {"reason": "Закрыть"})
    assert again.json()["code"] == "no_answer_reason_missing"


@pytest.mark.order("O-6.2.2")
async def test_an_appeal_is_registered_once_and_cannot_be_spam(
    api: Api, people: People, stopped_clock: time_machine.Traveller
) -> None:
    path = await came_in(api, people)
    appeal = {"came_by": "Платформа обратной связи", "registration_number": "1"}
    assert (await act(api, people.operator, path, "register_as_appeal", appeal)).status_code == 200
    await sorted_out(api, people, path)
    await drafted(api, people, path)
    before = by_stage(await fetch(api, people, path))
    stopped_clock.move_to(START + timedelta(days=20))
    for verb, body in (("register_as_appeal", appeal | {"registration_number": "2"}), ("spam", {})):
        refused = await act(api, people.operator, path, verb, body)
        assert (refused.status_code, refused.json()["code"]) == (409, "appeal_keeps_its_class")
    data = await fetch(api, people, path)
    assert (by_stage(data), data["appeal"]["registration_number"]) == (before, "1")


@pytest.mark.order("O-6.2.2")
async def test_a_wrong_registration_number_is_corrected_and_the_old_one_is_kept(
    api: Api, people: People, stopped_clock: time_machine.Traveller
) -> None:
    path = await came_in(api, people)
    right = {"registration_number": "01-45/1235"}
    refused = await act(api, people.operator, path, "correct_registration", right)
    assert (refused.status_code, refused.json()["code"]) == (409, "no_appeal")
    appeal = {"came_by": "Платформа обратной связи", "registration_number": "01-45/1234"}
    assert (await act(api, people.operator, path, "register_as_appeal", appeal)).status_code == 200
    before = await fetch(api, people, path)
    stopped_clock.shift(timedelta(days=2))
    bare = await api.post(f"{path}/correct_registration", headers=api.as_(people.operator), json=right)
    assert bare.status_code == 428
    answer = await act(api, people.unit_head, path, "correct_registration", right)
    assert answer.status_code == 200, answer.text
    data = answer.json()
    assert data["appeal"] == before["appeal"] | right
    assert (data["state"], data["deadlines"]) == (before["state"], before["deadlines"]), "the deadlines do not change"
    step = data["history"][-1]
    assert (step["what"], step["by"], step["note"]) == (
        "correct_registration",
        str(people.unit_head.id),
        "01-45/1234 → 01-45/1235",
    )
    assert step["from_state"] == step["to_state"] == "registered_as_appeal"
    again = await act(api, people.unit_head, path, "correct_registration", right)
    assert (again.status_code, again.headers["etag"]) == (200, answer.headers["etag"]), "nothing to change"
    timeline = (await api.get(f"{path}/timeline", headers=api.as_(people.operator))).json()["items"]
    assert "Исправлен регистрационный номер обращения: 01-45/1234 → 01-45/1235" in [one["what"] for one in timeline]
    assert (
        await act(api, people.operator, path, "close", {"reason": "Неясно", "no_answer_reason": "unreadable"})
    ).is_success
    late = await act(api, people.operator, path, "correct_registration", {"registration_number": "7"})
    assert (late.status_code, late.json()["state"]) == (200, "closed"), "a wrong number can be corrected at any time"


@pytest.mark.order("O-6.2.2")
async def test_an_answer_to_a_comment_does_not_answer_the_later_appeal(
    api: Api, people: People, database: JoinedDatabase, stopped_clock: time_machine.Traveller
) -> None:
    path = await came_in(api, people)
    await sorted_out(api, people, path)
    await sent(api, people, path, database)
    stopped_clock.shift(timedelta(hours=1))
    appeal = {"came_by": "Платформа обратной связи", "registration_number": "1"}
    assert (await act(api, people.operator, path, "register_as_appeal", appeal)).status_code == 200
    refused = await act(api, people.operator, path, "close", {"reason": "Закрыть"})
    assert (refused.status_code, refused.json()["code"]) == (409, "no_answer_reason_missing")
    await sent(api, people, path, database)
    assert (await act(api, people.operator, path, "close", {"reason": "Дан ответ"})).status_code == 200


@pytest.mark.order("O-6.2.1")
async def test_an_appeal_redirected_before_triage_is_reopened(api: Api, people: People) -> None:
    path = await came_in(api, people)
    appeal = {"came_by": "Платформа обратной связи", "registration_number": "1"}
    assert (await act(api, people.operator, path, "register_as_appeal", appeal)).status_code == 200
    redirect = {"to": "Министерство здравоохранения", "legal_act_id": ACT, "text": "Здравствуйте! Передано."}
    assert (await act(api, people.operator, path, "redirect", redirect)).status_code == 200
    answer = await act(api, people.operator, path, "reopen", {"reason": "Вернули"})
    assert (answer.status_code, answer.json()["state"]) == (200, "received"), "its need is still to be analysed"


@pytest.mark.order("O-6.2.3b")
async def test_a_draft_is_submitted_after_the_registration_as_an_appeal(api: Api, people: People) -> None:
    path = await came_in(api, people)
    await sorted_out(api, people, path)
    reply = await drafted(api, people, path)
    appeal = {"came_by": "Платформа обратной связи", "registration_number": "1"}
    assert (await act(api, people.operator, path, "register_as_appeal", appeal)).status_code == 200
    answer = await act(api, people.operator, reply, "submit", {})
    assert answer.status_code == 200, answer.text
    assert (await fetch(api, people, path))["state"] == "awaiting_approval"
