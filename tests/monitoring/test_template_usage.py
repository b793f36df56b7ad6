"""Use of reply templates: inserted, sent unchanged, edited, rated (O-6.2.6)."""

from typing import Any

import pytest

from app.core import example_ids
from app.messages.rules.text_similarity import compute_changed_share
from app.monitoring.rules import compute_wilson
from tests.callers import People
from tests.conftest import Api, JoinedDatabase
from tests.messages.factories import MESSAGES, act, drafted, message_body, register, triage_body
from tests.messages.test_closing import came_in, sent, sorted_out
from tests.reply_templates.factories import act as act_on_template
from tests.reply_templates.factories import published

USES = "/api/v1/monitoring/templates"
TEMPLATE = example_ids.TEMPLATE
FILLED = {"template_id": TEMPLATE, "text": None, "values": {"имя": "Иван", "ссылка": "https://mb.example.ru"}}


@pytest.mark.order("O-6.2.6")
@pytest.mark.parametrize(
    ("template", "text", "expected"),
    [
        ("Заём дают быстро", "Заём дают быстро", 0.0),
        (
            "Заём дают быстро",
            "быстро заём дают!",
            0.0001,
        ),  # the words are the same, but their order and the punctuation changed
        ("слово " * 9_999, "слово " * 9_998, 0.0001),
        ("Заём дают быстро", "Кредит берут долго", 1.0),
        ("раз два три четыре", "раз два три пять", 0.25),  # one word of four removed, one of four added
        ("раз раз", "раз", 0.3333),  # two words and one word, one in common
        ("!", "?", 0.0001),  # no words
        ("!", "!", 0.0),
    ],
)
def test_the_changed_share_counts_words(template: str, text: str, expected: float) -> None:
    assert compute_changed_share(template, text) == expected


async def uses(api: Api, by: Any, **query: Any) -> dict[str, Any]:
    answer = await api.get(USES, headers=api.as_(by), params=query)
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


@pytest.mark.order("O-6.2.6")
async def test_uses_are_counted_by_outcome(api: Api, people: People, database: JoinedDatabase) -> None:
    assert (await uses(api, people.unit_head))["total"]["n"] == 0
    as_it_is, changed, waiting, own = [await came_in(api, people) for _ in range(4)]
    for path in (as_it_is, changed, waiting, own):
        await sorted_out(api, people, path)
    await sent(api, people, as_it_is, database, **FILLED)
    text = "Здравствуйте, Иван! Приходите к нам, всё расскажем. Когда вам удобно?"
    await sent(api, people, changed, database, **FILLED | {"text": text})
    await drafted(api, people, waiting, **FILLED)
    await sent(api, people, own, database)
    too_early = await act(api, people.integration, waiting, "satisfaction", {"satisfaction": 1})
    assert (too_early.status_code, too_early.json()["code"]) == (409, "not_answered_yet")
    for path, rating in ((as_it_is, 2), (as_it_is, 1), (changed, 2)):
        rated = await act(api, people.integration, path, "satisfaction", {"satisfaction": rating})
        assert (rated.status_code, rated.json()["satisfaction"]) == (200, rating), rated.text

    usage = await uses(api, people.unit_head, group_by="template")
    (item,) = usage["items"]
    assert item["key"] == TEMPLATE and item["name"] == "Льготный заём для малого бизнеса"
    low, high = compute_wilson(1, 2)
    satisfaction = {"n": 2, "satisfied": 1, "share": 0.5, "low": low, "high": high, "is_too_few": True}
    total = usage["total"]
    assert total["satisfaction"] == satisfaction, "the later rating counts"
    assert {name: total[name] for name in ("n", "sent", "sent_unchanged", "edited")} == {
        "n": 3,
        "sent": 2,
        "sent_unchanged": 1,
        "edited": 1,
    }
    assert 0.2 < total["mean_changed_share"] <= 0.5 and total["last_used_at"].endswith("+07:00")
    assert {**item, "key": 0, "name": 0} == {**total, "key": 0, "name": 0}
    by_channel = await uses(api, people.operator, group_by="channel")
    assert [(item["key"], item["n"]) for item in by_channel["items"]] == [("vk", 3)]
    by_unit = await uses(api, people.client_centricity, group_by="unit")
    assert [(item["key"], item["n"]) for item in by_unit["items"]] == [(str(people.operator.unit_id), 3)]


@pytest.mark.order("O-6.2.6")
async def test_a_use_has_the_published_title_of_its_template_and_never_that_of_a_draft(
    api: Api, people: People, database: JoinedDatabase
) -> None:
    other = str(people.other_operator.unit_id)
    made = await published(api, people, shared_unit_ids=[other], text="Здравствуйте! Чем помочь?")
    point = {"interaction_point_id": str(people.other_point_id)}
    message = (await register(api, people.other_operator, message_body(people, **point))).json()
    path = f"{MESSAGES}/{message['id']}"
    assert (await act(api, people.other_operator, path, "triage", triage_body(people, unit_id=other))).is_success
    draft = {"kind": "answer", "template_id": made.json()["id"]}
    used = await api.post(f"{path}/replies", headers=api.as_(people.other_operator), json=draft)
    assert used.status_code == 201, used.text
    assert (await act_on_template(api, people.operator, made, "patch", {"title": "Тайный черновик"})).is_success
    for who in (people.other_head, people.unit_head, people.client_centricity):
        usage = await uses(api, who, group_by="template")
        assert [item["name"] for item in usage["items"]] == ["Ежевика"]


@pytest.mark.order("O-6.2.6")
async def test_a_unit_sees_only_its_own_uses_and_only_those_of_the_period(api: Api, people: People) -> None:
    path = await came_in(api, people)
    await sorted_out(api, people, path)
    await drafted(api, people, path, **FILLED)
    for query in ({}, {"template_id": TEMPLATE}, {"unit_id": str(people.operator.unit_id)}):
        assert (await uses(api, people.other_head, group_by="template", **query))["items"] == []
    assert (await uses(api, people.unit_head, **{"from": "2100-01-01"}))["total"]["n"] == 0
    assert (await uses(api, people.unit_head, **{"to": "2100-01-01"}))["total"]["n"] == 1
    assert (await uses(api, people.unit_head, **{"to": "2020-01-01"}))["total"]["n"] == 0


async def test_only_the_unit_of_the_message_records_the_rating(
    api: Api, people: People, database: JoinedDatabase
) -> None:
    path = await came_in(api, people)
    await sorted_out(api, people, path)
    await sent(api, people, path, database)
    assert (await act(api, people.other_operator, path, "satisfaction", {"satisfaction": 1})).status_code == 404
    for body in ({"satisfaction": 3}, {"satisfaction": True}, {"satisfaction": "1"}, {}):
        assert (await act(api, people.operator, path, "satisfaction", body)).status_code == 422, body
