"""Random sequences of actions on a message, compared with a simple model of the allowed transitions."""

import os
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.core.ids import new_id
from tests.callers import People
from tests.conftest import Api, JoinedDatabase
from tests.deliveries.factories import work_off
from tests.messages.factories import MESSAGES, act, message_body, registered, triage_body

EXAMPLES = 200 if os.environ.get("TRUST") == "1" else 25
ACT = "01900000-0000-7000-8000-000000000041"

OVER = {"answered", "closed", "redirected", "spam"}
STEPS = ["within", "outside", "unclear", "assign", "draft", "transfer", "submit", "approve", "return", "send"]
STEPS += ["close", "reopen", "spam", "duplicate", "redirect", "appeal", "wrote"]


@dataclass
class Model:
    """A model of a message, independent of the tables of the service."""

    state: str = "received"
    competence: str | None = None
    is_analysed: bool = False
    is_appeal: bool = False
    is_answered: bool = False
    is_repeat: bool = False
    reply: str | None = None
    reply_kind: str = "answer"

    def try_step(self, step: str) -> bool:  # noqa: PLR0911, PLR0912  a plain list of what is allowed
        """Apply the step if it is allowed; return whether it was."""
        state = self.state
        if step in ("within", "outside", "unclear"):
            if state not in ("received", "triaged", "in_progress", "out_of_competence", "registered_as_appeal"):
                return False
            stays = {"in_progress", "registered_as_appeal"}
            self.state = "out_of_competence" if step == "outside" else state if state in stays else "triaged"
            self.competence, self.is_analysed = step, True
            return True
        if step == "assign":
            if state in ("closed", "spam", "redirected"):
                return False
            self.state = "in_progress" if state == "triaged" else state
            return True
        if step in ("draft", "transfer"):
            can = {"triaged", "in_progress", "awaiting_client", "out_of_competence", "registered_as_appeal"}
            if state not in can or not self.is_analysed:
                return False
            self.state = state if state == "out_of_competence" else "in_progress"
            self.reply, self.reply_kind = "draft", "answer" if step == "draft" else "channel_transfer"
            return True
        if step == "submit":
            can = {"in_progress", "out_of_competence", "registered_as_appeal"}
            if self.reply not in ("draft", "returned") or state not in can:
                return False
            self.reply, self.state = "awaiting_approval", "awaiting_approval"
            return True
        if step == "approve":
            if self.reply != "awaiting_approval":
                return False
            self.reply = "approved"
            return True
        if step == "return":
            if self.reply not in ("awaiting_approval", "approved") or state != "awaiting_approval":
                return False
            self.reply = "returned"
            self.state = "out_of_competence" if self.competence == "outside" else "in_progress"
            return True
        if step == "send":
            if self.reply != "approved" or state != "awaiting_approval":
                return False
            self.reply = "sent"
            self.state = "answered" if self.reply_kind == "answer" else "awaiting_client"
            self.is_answered = self.is_answered or self.reply_kind == "answer"
            return True
        if step == "close":
            is_owed = self.is_appeal and not self.is_answered and state != "redirected"
            if state in ("closed", "spam", "awaiting_approval") or is_owed:
                return False
            self.state = "closed"
            return True
        if step == "reopen":
            if state not in ("answered", "closed", "spam", "awaiting_client", "redirected"):
                return False
            self.state = "in_progress" if self.is_analysed and state != "spam" else "received"
            self.is_repeat = False
            return True
        if step == "spam":
            if state not in ("received", "triaged", "in_progress", "out_of_competence") or self.is_appeal:
                return False
            self.state = "spam"
            return True
        if step == "duplicate":
            can = {"received", "triaged", "in_progress", "out_of_competence"}
            if state not in can or (self.is_appeal and not self.is_answered):
                return False
            self.state, self.is_repeat = "closed", True
            return True
        if step == "redirect":
            can = {"triaged", "in_progress", "out_of_competence", "registered_as_appeal"}
            if state not in can or self.competence == "within":
                return False
            self.state = "redirected"
            return True
        if step == "appeal":
            can = {"received", "triaged", "in_progress", "out_of_competence", "awaiting_client", "answered"}
            if state not in can or self.is_appeal:
                return False
            self.state, self.is_appeal = "registered_as_appeal", True
            self.is_answered = False  # an earlier answer does not answer the appeal
            return True
        assert step == "wrote"
        is_taken_up = state == "closed" and self.is_analysed and not self.is_repeat
        if state in ("answered", "awaiting_client") or is_taken_up:
            self.state = "in_progress"
        return True


class Driver:
    """Applies the steps over HTTP."""

    def __init__(self, api: Api, people: People, database: JoinedDatabase) -> None:
        self.api, self.people, self.database = api, people, database
        self.thread = f"wall-1_{new_id().hex}"
        self.client = {"kind": "individual", "name": "Иван", "contacts": [{"kind": "vk", "value": new_id().hex}]}
        self.path, self.reply, self.other_id = "", "", ""

    async def begin(self) -> None:
        data = await registered(self.api, self.people, thread_external_id=self.thread, client=self.client)
        self.path = f"{MESSAGES}/{data['id']}"
        stranger = {"kind": "individual", "name": "Другой", "contacts": [{"kind": "vk", "value": new_id().hex}]}
        self.other_id = (await registered(self.api, self.people, client=stranger))["id"]

    async def do(self, step: str) -> int:
        operator, head = self.people.operator, self.people.unit_head
        if step in ("within", "outside", "unclear"):
            reason = None if step == "within" else "Причина"
            body = triage_body(self.people, competence=step, reason=reason)
            return (await act(self.api, operator, self.path, "triage", body)).status_code
        if step in ("draft", "transfer"):
            offered = [str(self.people.point_id)] if step == "transfer" else []
            kind = "answer" if step == "draft" else "channel_transfer"
            body = {"kind": kind, "text": "Здравствуйте!", "offered_point_ids": offered}
            answer = await self.api.post(f"{self.path}/replies", headers=self.api.as_(operator), json=body)
            if answer.status_code == 201:
                self.reply = f"{self.path}/replies/{answer.json()['id']}"
            return answer.status_code
        if step in ("submit", "approve", "return", "send"):
            if not self.reply:
                return 409
            by = head if step in ("approve", "return") else operator
            status = (
                await act(self.api, by, self.reply, step, {"reason": "Причина"} if step == "return" else {})
            ).status_code
            await self.relay()
            return status
        if step == "wrote":
            again = message_body(self.people, thread_external_id=self.thread, client=self.client)
            headers = self.api.as_(self.people.integration) | {"Idempotency-Key": new_id().hex}
            return (await self.api.post(MESSAGES, headers=headers, json=again)).status_code
        bodies: dict[str, tuple[str, dict[str, Any]]] = {
            "assign": ("assign", {"assignee_id": str(operator.id)}),
            "close": ("close", {"reason": "Причина"}),
            "reopen": ("reopen", {"reason": "Причина"}),
            "spam": ("spam", {}),
            "duplicate": ("duplicate", {"of": self.other_id}),
            "redirect": ("redirect", {"to": "Туда", "legal_act_id": ACT, "text": "Передано."}),
            "appeal": ("register_as_appeal", {"came_by": "Почта", "registration_number": "1"}),
        }
        verb, body = bodies[step]
        status = (await act(self.api, operator, self.path, verb, body)).status_code
        await self.relay()
        return status

    async def relay(self) -> None:
        await work_off(self.database)

    async def fetch(self) -> dict[str, Any]:
        data: dict[str, Any] = (await self.api.get(self.path, headers=self.api.as_(self.people.operator))).json()
        return data


# Steps are random, but many follow the usual order of work, so that long sequences occur.
ROAD = ["within", "assign", "draft", "submit", "approve", "send", "wrote", "draft", "submit", "approve", "send"]
STEP_LISTS = st.lists(st.sampled_from(STEPS), min_size=1, max_size=14).flatmap(
    lambda drawn: st.integers(0, len(ROAD)).map(lambda length: ROAD[:length] + drawn)
)


@pytest.mark.order("O-6.2.1", "O-6.2.2", "O-6.2.3a", "O-6.2.3b", "O-10")
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
@given(steps=STEP_LISTS)
async def test_a_message_behaves_like_the_model(
    api: Api, people: People, database: JoinedDatabase, steps: list[str]
) -> None:
    driver, model = Driver(api, people, database), Model()
    await driver.begin()
    version = 0
    for step in steps:
        allowed = model.try_step(step)
        status = await driver.do(step)
        data = await driver.fetch()
        assert (status < 300) is allowed, (step, status, model)
        assert allowed or status == 409, (step, status)
        assert data["state"] == model.state, step
        running = [d for d in data["deadlines"] if d["ended_at"] is None]
        paused = {d["state"] for d in running} == {"paused"}
        assert (data["due_at"] is None) is (not running or paused), step
        if model.state in OVER and model.state != "redirected":
            assert running == [], step
        assert [d for d in running if d["state"] == "paused"] == [] or model.state == "awaiting_client", step
        assert len(data["history"]) >= version
        version = len(data["history"])
    sent = [reply for reply in data["replies"] if reply["kind"] != "notice" and reply["state"] == "sent"]
    assert len({reply["id"] for reply in sent}) == len(sent)
