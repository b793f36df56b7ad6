"""Appeals: what a message becomes by a person's decision, and what ends it (59-FZ)."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from tests.callers import People
from tests.conftest import Api, JoinedDatabase
from tests.messages.factories import act, drafted, triage_body
from tests.messages.test_closing import ACT, START, came_in, relayed, sent, shown, sorted_out, stopped_clock
from tests.messages.test_deadlines_api import by_stage

__all__ = ["stopped_clock"]


@pytest.mark.order("O-6.2.2")
async def test_an_appeal_is_a_persons_decision_and_its_clock_starts_then(
    api: Api, people: People, stopped_clock: time_machine.Traveller, database: JoinedDatabase
) -> None:
    path = await came_in(api, people)
    stopped_clock.move_to(datetime(2026, 12, 1, 3, 0, tzinfo=UTC))
    body = {"came_by": "Платформа обратной связи", "registration_number": "01-45/1234"}
    answer = await act(api, people.operator, path, "register_as_appeal", body)
    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert (told["state"], told["class"]) == ("registered_as_appeal", "appeal")
    assert told["appeal"] == body | {"registered_at": "2026-12-01T10:00:00+07:00"}
    found = by_stage(told)
    assert found["final_reply", "limit"]["due_at"] == "2026-12-30T23:59:59+07:00"
    assert found["final_reply", "limit"]["legal_act"] == "Федеральный закон от 02.05.2006 № 59-ФЗ"
    assert ("first_reply", "target") not in found
    early = await api.post(
        f"{path}/replies", headers=api.as_(people.operator), json={"kind": "answer", "text": "Здравствуйте!"}
    )
    assert early.status_code == 409, "the need comes first"
    await sorted_out(api, people, path)
    assert (await shown(api, people, path))["state"] == "registered_as_appeal"
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
    """Article 8 of 59-FZ ends it as lawfully; taken up again it is owed an answer as before."""
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
async def test_the_clock_of_an_appeal_starts_once_and_an_appeal_is_no_spam(
    api: Api, people: People, stopped_clock: time_machine.Traveller
) -> None:
    path = await came_in(api, people)
    appeal = {"came_by": "Платформа обратной связи", "registration_number": "1"}
    assert (await act(api, people.operator, path, "register_as_appeal", appeal)).status_code == 200
    await sorted_out(api, people, path)
    await drafted(api, people, path)
    before = by_stage(await shown(api, people, path))
    stopped_clock.move_to(START + timedelta(days=20))
    for verb, body in (("register_as_appeal", appeal | {"registration_number": "2"}), ("spam", {})):
        refused = await act(api, people.operator, path, verb, body)
        assert (refused.status_code, refused.json()["code"]) == (409, "appeal_keeps_its_class")
    told = await shown(api, people, path)
    assert (by_stage(told), told["appeal"]["registration_number"]) == (before, "1")


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
    before = await shown(api, people, path)
    stopped_clock.shift(timedelta(days=2))
    bare = await api.post(f"{path}/correct_registration", headers=api.as_(people.operator), json=right)
    assert bare.status_code == 428
    answer = await act(api, people.unit_head, path, "correct_registration", right)
    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert told["appeal"] == before["appeal"] | right
    assert (told["state"], told["deadlines"]) == (before["state"], before["deadlines"]), "its clock runs on"
    step = told["history"][-1]
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
    assert (late.status_code, late.json()["state"]) == (200, "closed"), "a slip is mended whenever it is seen"


@pytest.mark.order("O-6.2.2")
async def test_the_answer_to_a_comment_is_none_to_the_appeal_that_it_became(
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
async def test_an_appeal_redirected_at_once_is_taken_up_again(api: Api, people: People) -> None:
    path = await came_in(api, people)
    appeal = {"came_by": "Платформа обратной связи", "registration_number": "1"}
    assert (await act(api, people.operator, path, "register_as_appeal", appeal)).status_code == 200
    redirect = {"to": "Министерство здравоохранения", "legal_act_id": ACT, "text": "Здравствуйте! Передано."}
    assert (await act(api, people.operator, path, "redirect", redirect)).status_code == 200
    answer = await act(api, people.operator, path, "reopen", {"reason": "Вернули"})
    assert (answer.status_code, answer.json()["state"]) == (200, "received"), "its need is still to be analysed"


@pytest.mark.order("O-6.2.3b")
async def test_a_draft_is_handed_in_after_the_message_became_an_appeal(api: Api, people: People) -> None:
    path = await came_in(api, people)
    await sorted_out(api, people, path)
    reply = await drafted(api, people, path)
    appeal = {"came_by": "Платформа обратной связи", "registration_number": "1"}
    assert (await act(api, people.operator, path, "register_as_appeal", appeal)).status_code == 200
    answer = await act(api, people.operator, reply, "submit", {})
    assert answer.status_code == 200, answer.text
    assert (await shown(api, people, path))["state"] == "awaiting_approval"
