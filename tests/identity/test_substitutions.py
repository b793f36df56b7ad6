"""Tests of substitutions: the deputy has the head's rights, actions are audited, four eyes are kept (O-10)."""

import asyncio
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlmodel import select

from app.core import clock
from app.core.audit import AuditEvent
from app.core.db import Database
from app.core.ids import new_id
from app.core.problems import Problem
from app.core.security import Principal
from app.core.settings import Settings
from app.identity.commands import NewSubstitution
from app.identity.errors import SubstitutionOverlaps
from app.identity.models import Substitution
from app.identity.queries import load_heads, load_rights, load_running_substitution
from app.identity.roles import ROLE_SCOPES, Role
from app.identity.schemas import SubstitutionCreate
from app.identity.service.substitutions import create_substitution
from app.organizations.models import Employee
from tests.callers import People, make_people
from tests.conftest import JoinedDatabase, settings_for
from tests.identity.conftest import SignedIn, bearer
from tests.messages.factories import MESSAGES, act, message_body, register, triage_body

PATH = "/api/v1/substitutions"
HEAD_SCOPES = ROLE_SCOPES[Role.UNIT_HEAD]


def build_period(first: int, last: int) -> dict[str, str]:
    """Return a period in days from today."""
    today = clock.today()
    starts_on, ends_on = today + timedelta(days=first), today + timedelta(days=last)
    return {"starts_on": starts_on.isoformat(), "ends_on": ends_on.isoformat()}


async def request_substitution(
    api: SignedIn, by: Principal, deputy: Principal, first: int = 0, last: int = 13, **more: Any
) -> Any:
    """Request a substitution."""
    body = {"deputy_id": str(deputy.id), "reason": "Ежегодный отпуск", **build_period(first, last), **more}
    return await api.post(PATH, headers=api.as_(by) | {"Idempotency-Key": new_id().hex}, json=body)


async def create_head_substitution(api: SignedIn, people: People) -> httpx.Response:
    """Create a substitution of the head by the colleague from today on."""
    created: httpx.Response = await request_substitution(api, people.unit_head, people.colleague)
    assert created.status_code == 201, created.text
    return created


async def update_row(database: JoinedDatabase, table: Any, row_id: Any, **fields: Any) -> None:
    async with database.transaction() as session:
        row = await session.get_one(table, UUID(str(row_id)))
        for field, value in fields.items():
            setattr(row, field, value)


@pytest.mark.order("O-10")
async def test_a_head_creates_a_substitution(signed_in: SignedIn, people: People) -> None:
    created = await create_head_substitution(signed_in, people)
    assert created.headers["etag"] == '"1"'
    payload = created.json()
    assert payload == {
        "id": payload["id"],
        "unit_id": str(people.unit_head.unit_id),
        "head_id": str(people.unit_head.id),
        "deputy_id": str(people.colleague.id),
        **build_period(0, 13),
        "reason": "Ежегодный отпуск",
        "created_at": payload["created_at"],
        "created_by": str(people.unit_head.id),
        "cancelled_at": None,
    }
    fetched = await signed_in.get(f"{PATH}/{payload['id']}", headers=signed_in.as_(people.unit_head))
    assert fetched.json() == payload


@pytest.mark.order("O-10")
async def test_the_deputys_rights_apply_at_once_and_end_with_the_last_day(
    signed_in: SignedIn, people: People, database: JoinedDatabase
) -> None:
    before = await signed_in.me(people.colleague)
    assert (before["roles"], before["substitutes_for"]) == (["operator"], None)
    assert "replies:approve" not in before["scopes"]
    created = (await create_head_substitution(signed_in, people)).json()
    during = await signed_in.me(people.colleague)
    assert (during["roles"], during["substitutes_for"]) == (["operator", "unit_head"], str(people.unit_head.id))
    assert set(during["scopes"]) == HEAD_SCOPES | set(before["scopes"])
    assert set((await signed_in.sign_in(people.colleague))["scope"].split()) == set(during["scopes"])
    assert (await signed_in.me(people.operator))["roles"] == ["operator"]
    today = clock.today()
    for first, last, expected in ((1, 5, before), (-5, -1, before), (-5, 0, during), (0, 0, during)):
        moved = {"starts_on": today + timedelta(days=first), "ends_on": today + timedelta(days=last)}
        await update_row(database, Substitution, created["id"], **moved)
        assert await signed_in.me(people.colleague) == expected, (first, last)


@pytest.mark.order("O-10")
async def test_substitution_days_are_in_the_time_zone_of_novosibirsk(
    people: People, database: JoinedDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert people.unit_head.unit_id is not None
    row = Substitution(
        unit_id=people.unit_head.unit_id,
        head_id=people.unit_head.id,
        deputy_id=people.colleague.id,
        starts_on=date(2030, 7, 1),
        ends_on=date(2030, 7, 14),
        reason="Отпуск",
        created_at=clock.now(),
        created_by=people.unit_head.id,
    )
    async with database.transaction() as session:
        session.add(row)
    for moment, is_running in (
        (datetime(2030, 6, 30, 16, 59, 59, tzinfo=UTC), False),
        (datetime(2030, 6, 30, 17, 0, tzinfo=UTC), True),
        (datetime(2030, 7, 14, 16, 59, 59, tzinfo=UTC), True),
        (datetime(2030, 7, 14, 17, 0, tzinfo=UTC), False),
    ):
        monkeypatch.setattr(clock, "now", lambda moment=moment: moment)
        async with database.transaction() as session:
            found = await load_running_substitution(session, people.unit_head.unit_id)
            deputy = await session.get_one(Employee, people.colleague.id)
            assert ((await load_rights(session, deputy)).acts_for is not None) == is_running, moment
        assert (found is not None) == is_running, moment


async def test_a_narrowed_session_stays_narrowed(signed_in: SignedIn, people: People) -> None:
    narrow = await signed_in.sign_in(people.colleague, scope="messages:read replies:write")
    whole = await signed_in.sign_in(people.colleague)
    form = {"grant_type": "refresh_token", "refresh_token": whole["refresh_token"], "scope": "messages:read"}
    once_narrow = (await signed_in.post("/api/v1/auth/token", data=form)).json()
    await create_head_substitution(signed_in, people)
    for payload, expected in ((narrow, {"messages:read", "replies:write"}), (once_narrow, {"messages:read"})):
        me = await signed_in.get("/api/v1/auth/me", headers=bearer(payload["access_token"]))
        assert set(me.json()["scopes"]) == expected
    form = {"grant_type": "refresh_token", "refresh_token": once_narrow["refresh_token"]}
    refreshed = (await signed_in.post("/api/v1/auth/token", data=form)).json()
    assert "replies:approve" in refreshed["scope"].split()


@pytest.mark.order("O-10")
async def test_a_cancelled_substitution_gives_no_rights(signed_in: SignedIn, people: People) -> None:
    created = await create_head_substitution(signed_in, people)
    path = f"{PATH}/{created.json()['id']}"
    headers = signed_in.as_(people.unit_head)
    assert (await signed_in.post(f"{path}/cancel", headers=headers, json={})).status_code == 428
    stale = await signed_in.post(f"{path}/cancel", headers=headers | {"If-Match": '"7"'}, json={})
    assert stale.status_code == 412
    assert (await signed_in.me(people.colleague))["substitutes_for"] is not None
    done = await act(signed_in, people.unit_head, path, "cancel", {})
    assert done.status_code == 200 and done.json()["cancelled_at"] and done.headers["etag"] == '"2"'
    after = await signed_in.me(people.colleague)
    assert (after["roles"], after["substitutes_for"]) == (["operator"], None)
    refused = await signed_in.get("/api/v1/substitutions", headers=signed_in.as_(people.colleague))
    assert refused.status_code == 403
    again = await act(signed_in, people.unit_head, path, "cancel", {})
    assert (again.status_code, again.json()["code"]) == (409, "substitution_over")


async def test_a_past_substitution_cannot_be_cancelled(
    signed_in: SignedIn, people: People, database: JoinedDatabase
) -> None:
    created = (await create_head_substitution(signed_in, people)).json()
    yesterday = clock.today() - timedelta(days=1)
    await update_row(database, Substitution, created["id"], starts_on=yesterday, ends_on=yesterday)
    refused = await act(signed_in, people.unit_head, f"{PATH}/{created['id']}", "cancel", {})
    assert (refused.status_code, refused.json()["code"]) == (409, "substitution_over")


@pytest.mark.order("O-2.3", "O-10")
async def test_the_rights_end_when_the_deputy_or_the_head_leaves_the_unit(
    signed_in: SignedIn, people: People, database: JoinedDatabase
) -> None:
    await create_head_substitution(signed_in, people)
    deputy, head = people.colleague, people.unit_head

    async def get_acts_for() -> Any:
        return (await signed_in.me(deputy))["substitutes_for"]

    await update_row(database, Employee, head.id, is_disabled=True)
    assert await get_acts_for() == str(head.id), "the account of an absent head may be disabled"
    await update_row(database, Employee, head.id, is_disabled=False, roles=["operator"])
    assert await get_acts_for() is None
    await update_row(database, Employee, head.id, roles=["unit_head"], unit_id=people.other_head.unit_id)
    assert await get_acts_for() is None
    await update_row(database, Employee, head.id, unit_id=head.unit_id)
    await update_row(database, Employee, deputy.id, unit_id=people.other_head.unit_id)
    assert await get_acts_for() is None
    await update_row(database, Employee, deputy.id, unit_id=deputy.unit_id)
    assert await get_acts_for() == str(head.id)
    await update_row(database, Employee, deputy.id, is_disabled=True)
    refused = await signed_in.get("/api/v1/auth/me", headers=signed_in.as_(deputy))
    assert refused.status_code == 401


@pytest.mark.order("O-10")
async def test_head_and_deputy_are_validated(signed_in: SignedIn, people: People, database: JoinedDatabase) -> None:
    head, other, admin = people.unit_head, people.other_head, people.admin
    cases: list[tuple[Principal, Principal, dict[str, Any], str]] = [
        (head, people.other_operator, {}, "/deputy_id"),
        (head, head, {}, "/deputy_id"),
        (head, admin, {}, "/deputy_id"),
        (head, people.colleague, {"deputy_id": str(new_id())}, "/deputy_id"),
        (head, people.other_operator, {"head_id": str(other.id)}, "/head_id"),
        (admin, people.colleague, {}, "/head_id"),
        (admin, people.colleague, {"head_id": str(people.operator.id)}, "/head_id"),
        (admin, people.colleague, {"head_id": str(other.id)}, "/deputy_id"),
        (head, people.colleague, build_period(3, 2), "/ends_on"),
        (head, people.colleague, build_period(-3, -1), "/ends_on"),
        (head, people.colleague, build_period(0, 366), "/ends_on"),
    ]
    for by, deputy, more, pointer in cases:
        refused = await request_substitution(signed_in, by, deputy, **more)
        assert refused.status_code == 422, (pointer, refused.text)
        assert refused.json()["errors"][0]["pointer"] == pointer, (by.roles, more)
    await update_row(database, Employee, people.colleague.id, is_disabled=True)
    refused = await request_substitution(signed_in, head, people.colleague)
    assert refused.json()["errors"][0]["pointer"] == "/deputy_id"
    assert (await request_substitution(signed_in, people.operator, people.operator)).status_code == 403
    created = await request_substitution(signed_in, admin, people.operator, head_id=str(head.id))
    assert created.status_code == 201
    assert (created.json()["head_id"], created.json()["created_by"]) == (str(head.id), str(admin.id))


@pytest.mark.order("O-10")
async def test_a_unit_has_at_most_one_deputy_on_a_day(signed_in: SignedIn, people: People) -> None:
    head = people.unit_head
    first = await request_substitution(signed_in, head, people.colleague, 5, 10)
    for begins, ends in ((5, 10), (0, 5), (10, 20), (6, 7), (0, 30)):
        refused = await request_substitution(signed_in, head, people.operator, begins, ends)
        assert (refused.status_code, refused.json()["code"]) == (409, "substitution_overlaps"), (begins, ends)
    for begins, ends in ((0, 4), (11, 20)):
        assert (await request_substitution(signed_in, head, people.operator, begins, ends)).status_code == 201
    other = await request_substitution(
        signed_in, people.admin, people.other_operator, 5, 10, head_id=str(people.other_head.id)
    )
    assert other.status_code == 201
    cancelled = await act(signed_in, head, f"{PATH}/{first.json()['id']}", "cancel", {})
    assert cancelled.status_code == 200
    assert (await request_substitution(signed_in, head, people.operator, 5, 10)).status_code == 201


async def test_of_concurrent_substitutions_one_succeeds(fresh_database: str, settings: Settings) -> None:
    databases = [Database(settings_for(fresh_database, settings.var_dir)) for _ in range(4)]
    async with databases[0].transaction() as session:
        people = await make_people(session)

    async def attempt(database: Database, deputy: Principal) -> type[Problem] | None:
        values = {"deputy_id": str(deputy.id), "reason": "Отпуск", **build_period(0, 5)}
        body = SubstitutionCreate.model_validate(values)
        try:
            async with database.transaction() as session:
                await create_substitution(session, body.to_command(NewSubstitution), by=people.unit_head)
                await asyncio.sleep(0.05)  # the others start before this one is committed
        except Problem as problem:
            return type(problem)
        return None

    deputies = (people.operator, people.colleague) * 2
    results = await asyncio.gather(*map(attempt, databases, deputies))
    assert results.count(None) == 1 and results.count(SubstitutionOverlaps) == 3
    for database in databases:
        await database.close()


@pytest.mark.order("O-10")
async def test_visibility_of_substitutions(signed_in: SignedIn, people: People) -> None:
    past_cancel = (await create_head_substitution(signed_in, people)).json()["id"]
    assert (await act(signed_in, people.unit_head, f"{PATH}/{past_cancel}", "cancel", {})).status_code == 200
    mine = (await request_substitution(signed_in, people.unit_head, people.colleague, 0, 5)).json()["id"]
    theirs = (
        await request_substitution(
            signed_in, people.admin, people.other_operator, 3, 9, head_id=str(people.other_head.id)
        )
    ).json()["id"]

    async def list_ids(by: Principal, on: int | None = None) -> list[str]:
        query = {} if on is None else {"on_date": (clock.today() + timedelta(days=on)).isoformat()}
        response = await signed_in.get(PATH, params=query, headers=signed_in.as_(by))
        assert response.status_code == 200, response.text
        return [row["id"] for row in response.json()["items"]]

    assert await list_ids(people.unit_head) == [mine, past_cancel]
    assert await list_ids(people.colleague) == [mine, past_cancel], "the deputy sees what the head sees"
    assert await list_ids(people.other_head) == [theirs]
    assert await list_ids(people.admin) == [theirs, mine, past_cancel]
    for day, expected in ((-1, []), (0, [mine]), (3, [theirs, mine]), (5, [theirs, mine]), (6, [theirs]), (10, [])):
        assert await list_ids(people.admin, day) == expected, day
    for by, status in ((people.other_head, 404), (people.admin, 200), (people.operator, 403)):
        assert (await signed_in.get(f"{PATH}/{mine}", headers=signed_in.as_(by))).status_code == status
    foreign = signed_in.as_(people.other_head) | {"If-Match": "*"}
    assert (await signed_in.post(f"{PATH}/{mine}/cancel", headers=foreign, json={})).status_code == 404


async def test_a_cancelled_substitution_was_in_force_before(
    signed_in: SignedIn, people: People, database: JoinedDatabase
) -> None:
    created = (await create_head_substitution(signed_in, people)).json()["id"]
    today, two_days = clock.today(), timedelta(days=2)
    await update_row(database, Substitution, created, starts_on=today - two_days, cancelled_at=clock.now())
    headers = signed_in.as_(people.unit_head)
    for day, expected in ((today - two_days, [created]), (today - timedelta(days=1), [created]), (today, [])):
        response = await signed_in.get(PATH, params={"on_date": day.isoformat()}, headers=headers)
        assert [row["id"] for row in response.json()["items"]] == expected, day


@pytest.mark.order("O-10")
async def test_a_deputy_cannot_create_or_cancel_substitutions(signed_in: SignedIn, people: People) -> None:
    created = await create_head_substitution(signed_in, people)
    again = await request_substitution(
        signed_in, people.colleague, people.colleague, 20, 30, head_id=str(people.unit_head.id)
    )
    assert (again.status_code, again.json()["code"]) == (403, "forbidden")
    headers = signed_in.as_(people.colleague) | {"If-Match": "*"}
    refused = await signed_in.post(f"{PATH}/{created.json()['id']}/cancel", headers=headers, json={})
    assert refused.status_code == 403


async def create_submitted_reply(api: SignedIn, people: People, author: Principal) -> str:
    """Submit a reply for approval and return its path."""
    message = await register(api, people.operator, message_body(people))
    path = f"{MESSAGES}/{message.json()['id']}"
    assert (await act(api, people.operator, path, "triage", triage_body(people))).status_code == 200
    body = {"kind": "answer", "text": "Здравствуйте, Иван! Условия есть на сайте."}
    drafted = await api.post(f"{path}/replies", headers=api.as_(author), json=body)
    assert drafted.status_code == 201, drafted.text
    reply = f"{path}/replies/{drafted.json()['id']}"
    assert (await act(api, author, reply, "submit", {})).status_code == 200
    return reply


@pytest.mark.order("O-10")
async def test_the_four_eyes_rule_still_holds(signed_in: SignedIn, people: People, database: JoinedDatabase) -> None:
    head, deputy = people.unit_head, people.colleague
    of_head = await create_submitted_reply(signed_in, people, head)
    of_deputy = await create_submitted_reply(signed_in, people, deputy)
    refused = await act(signed_in, head, of_head, "approve", {})
    assert (refused.status_code, refused.json()["code"]) == (409, "four_eyes")
    assert (await act(signed_in, deputy, of_head, "approve", {})).status_code == 403
    await create_head_substitution(signed_in, people)
    refused = await act(signed_in, deputy, of_deputy, "approve", {})
    assert (refused.status_code, refused.json()["code"]) == (409, "four_eyes")
    approved = await act(signed_in, deputy, of_head, "approve", {})
    assert approved.status_code == 200 and approved.json()["approved_by"] == str(deputy.id)
    assert (await act(signed_in, head, of_deputy, "approve", {})).status_code == 200
    async with database.transaction() as session:
        query = select(AuditEvent).where(AuditEvent.action == "reply.approved").order_by(AuditEvent.id)  # type: ignore[arg-type]
        by_deputy, by_head = (await session.exec(query)).all()
    assert (by_deputy.actor_id, by_deputy.acting_for) == (deputy.id, head.id)
    assert by_deputy.actor_roles == ["operator", "unit_head"]
    assert (by_head.actor_id, by_head.acting_for) == (head.id, None)


@pytest.mark.order("O-10")
async def test_heads_of_a_unit_include_the_deputy(
    signed_in: SignedIn, people: People, database: JoinedDatabase
) -> None:
    async def load_head_ids() -> set[UUID]:
        async with database.transaction() as session:
            assert people.unit_head.unit_id is not None
            return set(await load_heads(session, people.unit_head.unit_id))

    assert await load_head_ids() == {people.unit_head.id}
    await create_head_substitution(signed_in, people)
    assert await load_head_ids() == {people.unit_head.id, people.colleague.id}
    await update_row(database, Employee, people.unit_head.id, is_disabled=True)
    assert await load_head_ids() == {people.colleague.id}
    await update_row(database, Employee, people.colleague.id, is_disabled=True)
    assert await load_head_ids() == set()
