"""Sign-in, sessions and accounts over HTTP, with the real resolver (reliability A6, B5 to B8)."""

import asyncio
from typing import Any

import pytest
import sqlalchemy as sa
from fastapi import FastAPI
from sqlmodel import SQLModel, select

from app.core.db import Database
from app.core.etags import ANY_VERSION
from app.core.problems import Problem
from app.core.settings import Settings
from app.identity import passwords
from app.identity.errors import InvalidClient, InvalidGrant, SignInLocked
from app.identity.models import ApiClient, Password, TokenFamily
from app.identity.service import clients, sessions
from app.identity.service.demo_accounts import DemoAccount, DemoClient, load_demo_accounts, load_demo_client
from app.identity.service.employees import set_password
from app.organizations.models import Employee
from tests.conftest import JoinedDatabase, principal, settings_for
from tests.identity.conftest import PASSWORD, SECRET, Door, bearer


async def test_an_employee_signs_in(door: Door) -> None:
    answer = await door.token(grant_type="password", username="ANNA", password=PASSWORD)
    told = answer.json()
    assert answer.headers["cache-control"] == "no-store"
    assert (told["token_type"], told["expires_in"]) == ("bearer", 900)
    assert "messages:read" in told["scope"].split() and told["refresh_token"]
    me = (await door.me(told["access_token"])).json()
    assert (me["username"], me["name"], me["roles"]) == ("anna", "Анна", ["operator"])
    assert sorted(me["scopes"]) == sorted(told["scope"].split())
    assert me["unit_id"] and me["organization_id"]


async def test_a_client_signs_in_by_basic_or_form(door: Door) -> None:
    form = {"grant_type": "client_credentials"}
    basic = await door.http.post("/auth/token", data=form, auth=("platform", SECRET))
    assert basic.status_code == 200 and basic.json()["refresh_token"] is None
    assert (await door.me(basic.json()["access_token"])).json()["roles"] == ["integration"]
    assert (await door.token(**form, client_id="platform", client_secret=SECRET)).status_code == 200
    for auth in (("platform", "wrong"), ("nobody", SECRET), ("", ""), ("plat\x00form", SECRET), ("platform", "\x00")):
        refused = await door.http.post("/auth/token", data=form, auth=auth)
        assert (refused.status_code, refused.json()["error"]) == (401, "invalid_client")
        assert refused.headers["www-authenticate"].startswith("Basic")
    broken = await door.http.post("/auth/token", data=form, headers={"Authorization": "Basic %%%"})
    assert broken.json()["error"] == "invalid_client"


@pytest.mark.parametrize(
    ("form", "status", "error"),
    [
        ({"grant_type": "password", "username": "anna", "password": "wrong"}, 400, "invalid_grant"),
        ({"grant_type": "password", "username": "nobody", "password": PASSWORD}, 400, "invalid_grant"),
        ({"grant_type": "password", "username": "anna"}, 400, "invalid_request"),
        ({"grant_type": "refresh_token", "refresh_token": "x"}, 400, "invalid_grant"),
        ({"grant_type": "refresh_token"}, 400, "invalid_request"),
        ({"grant_type": "implicit"}, 400, "unsupported_grant_type"),
        ({}, 400, "invalid_request"),
        ({"grant_type": "password", "username": "anna", "password": PASSWORD, "scope": "x:y"}, 400, "invalid_scope"),
        ({"grant_type": "password", "username": "anna", "password": "x" * 5000}, 400, "invalid_request"),
        ({"grant_type": ["password", "password"], "username": "anna"}, 400, "invalid_request"),
    ],
)
async def test_what_the_token_endpoint_refuses(door: Door, form: dict[str, Any], status: int, error: str) -> None:
    answer = await door.http.post("/auth/token", data=form)
    assert (answer.status_code, answer.json()["error"]) == (status, error)
    assert answer.json()["error_description"].isascii() and answer.json()["request_id"]
    assert PASSWORD not in answer.text


async def test_known_and_unknown_names_are_refused_alike(door: Door) -> None:
    bodies = []
    for username in ("anna", "nobody"):
        told = (await door.token(grant_type="password", username=username, password="wrong")).json()
        bodies.append({key: value for key, value in told.items() if key not in ("instance", "request_id")})
    assert bodies[0] == bodies[1]


async def test_a_session_can_be_narrowed(door: Door) -> None:
    narrow = {"grant_type": "password", "username": "anna", "password": PASSWORD, "scope": "messages:read audit:read"}
    told = (await door.token(**narrow)).json()
    assert told["scope"] == "messages:read"
    headers = bearer(told["access_token"])
    assert (await door.http.get("/messages", headers=headers)).status_code == 200
    assert (await door.http.get("/reply-templates", headers=headers)).status_code == 403


async def test_refresh_tokens_rotate_and_a_used_one_ends_the_family(door: Door) -> None:
    first = await door.sign_in()
    second = (await door.token(grant_type="refresh_token", refresh_token=first["refresh_token"])).json()
    assert second["refresh_token"] != first["refresh_token"]
    assert (await door.me(second["access_token"])).status_code == 200
    reused = await door.token(grant_type="refresh_token", refresh_token=first["refresh_token"])
    assert (reused.status_code, reused.json()["error"]) == (400, "invalid_grant")
    for token in (first["access_token"], second["access_token"]):
        assert (await door.me(token)).status_code == 401
    gone = await door.token(grant_type="refresh_token", refresh_token=second["refresh_token"])
    assert gone.json()["error"] == "invalid_grant"


async def test_refresh_and_access_are_not_the_same(door: Door) -> None:
    told = await door.sign_in()
    assert (await door.me(told["refresh_token"])).status_code == 401
    wrong = await door.token(grant_type="refresh_token", refresh_token=told["access_token"])
    assert wrong.json()["error"] == "invalid_grant"


@pytest.mark.parametrize("which", ["access_token", "refresh_token"])
async def test_revoking_either_token_ends_the_session(door: Door, which: str) -> None:
    told = await door.sign_in()
    other = await door.sign_in()
    assert (await door.http.post("/auth/revoke", data={"token": told[which]})).status_code == 200
    assert (await door.me(told["access_token"])).status_code == 401
    refused = await door.token(grant_type="refresh_token", refresh_token=told["refresh_token"])
    assert refused.status_code == 400
    assert (await door.me(other["access_token"])).status_code == 200
    assert (await door.http.post("/auth/revoke", data={"token": "unknown"})).status_code == 200


async def test_signing_out_everywhere(door: Door) -> None:
    mine, also_mine = await door.sign_in(), await door.sign_in()
    other = await door.sign_in("boris")
    answer = await door.http.post("/auth/sign-out-everywhere", headers=bearer(mine["access_token"]), json={})
    assert answer.status_code == 200
    assert [(await door.me(t["access_token"])).status_code for t in (mine, also_mine, other)] == [401, 401, 200]


async def change(database: JoinedDatabase, username: str, **fields: Any) -> None:
    async with database.transaction() as session:
        row = (await session.exec(select(Employee).where(Employee.username == username))).one()
        for name, value in fields.items():
            setattr(row, name, value)


@pytest.mark.order("O-2.3")
async def test_rights_follow_the_database_and_not_the_token(door: Door, database: JoinedDatabase) -> None:
    token = (await door.sign_in())["access_token"]
    assert (await door.http.get("/messages", headers=bearer(token))).status_code == 200
    await change(database, "anna", roles=["press"])
    assert (await door.http.get("/messages", headers=bearer(token))).status_code == 403
    await change(database, "anna", roles=["operator"], unit_id=None)
    assert (await door.me(token)).json()["unit_id"] is None
    await change(database, "anna", is_disabled=True)
    assert (await door.me(token)).status_code == 401
    refused = await door.token(grant_type="password", username="anna", password=PASSWORD)
    assert refused.json()["error"] == "invalid_grant"


async def admin(door: Door) -> dict[str, str]:
    return bearer((await door.sign_in("vera"))["access_token"])


@pytest.mark.order("O-2.3", "O-2.4")
async def test_an_administrator_makes_changes_and_disables_an_employee(door: Door) -> None:
    headers = await admin(door)
    units = (await door.http.get("/units", headers=headers)).json()["items"]
    body = {
        "username": "i.petrova",
        "name": "Петрова Ирина",
        "organization_id": units[0]["organization_id"],
        "unit_id": units[0]["id"],
        "position_kind": "civil_servant",
        "roles": ["operator"],
        "password": PASSWORD,
    }
    made = await door.http.post("/employees", headers=headers, json=body)
    assert made.status_code == 201, made.text
    assert "password" not in made.text and "hash" not in made.text
    assert (await door.http.post("/employees", headers=headers, json=body)).json()["code"] == "employee_exists"
    for wrong, pointer in (
        ({"password": "short"}, "/password"),
        ({"password": "password123"}, "/password"),
        ({"password": "new.one-2026"}, "/password"),
        ({"password": "x" * 129}, "/password"),
        ({"roles": ["integration"]}, "/roles"),
        ({"username": "Петрова"}, "/username"),
        ({"username": "a\u200bb"}, "/username"),
        ({"unit_id": units[0]["organization_id"]}, "/unit_id"),
    ):
        refused = await door.http.post("/employees", headers=headers, json=body | {"username": "new.one"} | wrong)
        assert refused.status_code == 422, (wrong, refused.text)
        assert refused.json()["errors"][0]["pointer"] == pointer
    path = f"/employees/{made.json()['id']}"
    signed = await door.token(grant_type="password", username="i.petrova", password=PASSWORD)
    assert signed.status_code == 200
    new = "совсем другой пароль"
    reset = {"If-Match": made.headers["etag"]}
    done = await door.http.post(f"{path}/reset-password", headers=headers | reset, json={"password": new})
    assert done.status_code == 200
    assert (await door.me(signed.json()["access_token"])).status_code == 401
    assert (await door.token(grant_type="password", username="i.petrova", password=new)).status_code == 200
    off = await door.http.patch(path, headers=headers | {"If-Match": done.headers["etag"]}, json={"is_disabled": True})
    assert off.json()["is_disabled"] is True
    assert (await door.token(grant_type="password", username="i.petrova", password=new)).status_code == 400


async def test_one_changes_ones_own_password(door: Door) -> None:
    mine, other = await door.sign_in(), await door.sign_in()
    headers = bearer(mine["access_token"])
    wrong = {"old_password": "not it", "new_password": "новый длинный пароль"}
    refused = await door.http.post("/auth/password", headers=headers, json=wrong)
    assert (refused.status_code, refused.json()["code"]) == (409, "wrong_password")
    right = wrong | {"old_password": PASSWORD}
    assert (await door.http.post("/auth/password", headers=headers, json=right)).status_code == 200
    assert (await door.me(mine["access_token"])).status_code == 200
    assert (await door.me(other["access_token"])).status_code == 401
    assert (await door.token(grant_type="password", username="anna", password=PASSWORD)).status_code == 400


async def test_who_holds_a_token_does_not_guess_the_password_without_end(door: Door) -> None:
    mine = await door.sign_in()
    headers = bearer(mine["access_token"])
    sent = {"old_password": "not it", "new_password": "новый длинный пароль"}
    answers = [await door.http.post("/auth/password", headers=headers, json=sent) for _ in range(11)]
    assert [answer.status_code for answer in answers] == [409] * 10 + [429]
    right = sent | {"old_password": PASSWORD}
    locked = await door.http.post("/auth/password", headers=headers, json=right)
    assert (locked.status_code, locked.json()["code"]) == (429, "sign_in_locked") and locked.headers["retry-after"]
    assert (await door.me((await door.sign_in())["access_token"])).status_code == 200, "signing in is not closed by it"


async def test_a_change_does_not_undo_a_reset(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    """The old password was right when it was looked at; then the administrator set another and ended all sessions."""
    mine, headers = await door.sign_in(), await admin(door)
    is_right, kept = passwords.verify_password, "пароль от администратора"
    path = f"/employees/{(await door.me(mine['access_token'])).json()['id']}"

    async def slowly(password: str, known_hash: str | None) -> bool:
        reset = headers | {"If-Match": (await door.http.get(path, headers=headers)).headers["etag"]}
        done = await door.http.post(f"{path}/reset-password", headers=reset, json={"password": kept})
        assert done.status_code == 200
        return await is_right(password, known_hash)

    monkeypatch.setattr(passwords, "verify_password", slowly)
    sent = {"old_password": PASSWORD, "new_password": "новый длинный пароль"}
    refused = await door.http.post("/auth/password", headers=bearer(mine["access_token"]), json=sent)
    assert (refused.status_code, refused.json()["code"]) == (409, "wrong_password")
    monkeypatch.undo()
    assert (await door.token(grant_type="password", username="anna", password=kept)).status_code == 200


async def test_api_clients_and_their_secrets(door: Door, database: JoinedDatabase) -> None:
    headers = await admin(door) | {"Idempotency-Key": "c1"}
    points = (await door.http.get("/interaction-points/public", headers=headers)).json()["items"]
    body = {"client_id": "new-platform", "name": "Новая платформа", "point_ids": [points[0]["id"]]}
    made = await door.http.post("/api-clients", headers=headers, json=body)
    secret = made.json()["client_secret"]
    assert made.status_code == 201 and len(secret) >= 43
    replayed = await door.http.post("/api-clients", headers=headers, json=body)
    assert replayed.json()["id"] == made.json()["id"] and replayed.json()["client_secret"] is None
    form = {"grant_type": "client_credentials"}
    signed = await door.http.post("/auth/token", data=form, auth=("new-platform", secret))
    granted = await door.http.get("/interaction-points", headers=bearer(signed.json()["access_token"]))
    assert [point["id"] for point in granted.json()["items"]] == [points[0]["id"]]
    path = f"/api-clients/{made.json()['id']}"
    shown = await door.http.get(path, headers=headers)
    assert "secret" not in shown.text
    changed = await door.http.patch(path, headers=headers | {"If-Match": shown.headers["etag"]}, json={"point_ids": []})
    assert changed.json()["point_ids"] == [] and changed.headers["etag"] != shown.headers["etag"]
    none = await door.http.get("/interaction-points", headers=bearer(signed.json()["access_token"]))
    assert none.json()["items"] == []
    tag = {"If-Match": changed.headers["etag"]}
    rotated = await door.http.post(f"{path}/rotate-secret", headers=headers | tag, json={})
    assert rotated.json()["client_secret"] != secret
    assert (await door.me(signed.json()["access_token"])).status_code == 401
    assert (await door.http.post("/auth/token", data=form, auth=("new-platform", secret))).status_code == 401
    async with database.transaction() as session:
        for name, table in SQLModel.metadata.tables.items():
            for row in (await session.exec(sa.select(table))).all():  # type: ignore[call-overload]
                assert secret not in repr(row) and rotated.json()["client_secret"] not in repr(row), name


async def test_passwords_are_argon2id_of_owasps_strength(door: Door, database: JoinedDatabase) -> None:
    async with database.transaction() as session:
        phc = (await session.exec(select(Password.hash))).first()
    assert phc is not None and phc.startswith("$argon2id$v=19$m=19456,t=2,p=1$")


async def test_a_soft_lock_closes_an_account_for_a_while_and_nobody_else(door: Door) -> None:
    for username in ("anna", "nobody"):
        statuses = [
            (await door.token(grant_type="password", username=username, password="wrong")).status_code
            for _ in range(11)
        ]
        assert statuses == [400] * 10 + [429], username
    locked = await door.token(grant_type="password", username="anna", password=PASSWORD)
    assert (locked.status_code, locked.json()["code"]) == (429, "sign_in_locked")
    assert 0 < int(locked.headers["retry-after"]) <= 15 * 60 + 1
    await door.sign_in("boris")


async def test_a_success_clears_the_count(door: Door) -> None:
    for _ in range(3):
        for _ in range(9):
            await door.token(grant_type="password", username="anna", password="wrong")
        await door.sign_in()


@pytest.fixture
def own_settings(fresh_database: str, settings: Settings) -> Settings:
    """Settings of a database of the test's own, for several workers at once."""
    return settings_for(fresh_database, settings.var_dir)


async def account(database: Database) -> None:
    async with database.transaction() as session:
        demo = [DemoAccount("galina", PASSWORD, "Галина", "operator", None)]
        await load_demo_accounts(session, demo, renew=True)


async def test_the_lock_is_shared_by_workers_and_survives_a_restart(
    application: FastAPI, own_settings: Settings
) -> None:
    workers = [Database(own_settings) for _ in range(2)]
    await account(workers[0])
    tokens = application.state.tokens

    async def attempt(database: Database, password: str) -> type[Problem] | None:
        try:
            await sessions.sign_in(database, own_settings, tokens, "galina", password, None)
        except Problem as problem:
            return type(problem)
        return None

    refused = await asyncio.gather(*[attempt(workers[i % 2], "wrong") for i in range(14)])
    assert refused.count(InvalidGrant) == 10 and refused.count(SignInLocked) == 4
    for worker in workers:
        await worker.close()
    restarted = Database(own_settings)
    assert await attempt(restarted, PASSWORD) is SignInLocked
    await restarted.close()


async def test_of_two_refreshes_at_once_exactly_one_wins(application: FastAPI, own_settings: Settings) -> None:
    workers = [Database(own_settings) for _ in range(2)]
    await account(workers[0])
    tokens = application.state.tokens
    for _ in range(5):
        issued = await sessions.sign_in(workers[0], own_settings, tokens, "galina", PASSWORD, None)
        assert issued.refresh_token is not None
        results = await asyncio.gather(
            *[sessions.refresh(worker, tokens, issued.refresh_token, None) for worker in workers],
            return_exceptions=True,
        )
        assert sorted(isinstance(result, InvalidGrant) for result in results) == [False, True]
    for worker in workers:
        await worker.close()


@pytest.mark.parametrize("deed", ["reset", "disable"])
async def test_a_sign_in_does_not_outlive_what_was_done_while_the_password_was_looked_at(
    deed: str, application: FastAPI, own_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Hashing takes as long as an administrator needs: a session by the old password would be nobody's to end."""
    database = Database(own_settings)
    await account(database)
    is_right = passwords.verify_password

    async def slowly(password: str, known_hash: str | None) -> bool:
        async with database.transaction() as session:
            query = select(Employee).where(Employee.username == "galina")
            row = (await session.exec(query)).one()
            if deed == "reset":
                await set_password(session, row, "совсем другой пароль")
            row.is_disabled = deed == "disable"
            await sessions.end_sessions(session, row.id)
        return await is_right(password, known_hash)

    monkeypatch.setattr(passwords, "verify_password", slowly)
    with pytest.raises(InvalidGrant):
        await sessions.sign_in(database, own_settings, application.state.tokens, "galina", PASSWORD, None)
    async with database.transaction() as session:
        assert (await session.exec(select(TokenFamily.id))).all() == []
    await database.close()


async def test_a_client_does_not_sign_in_past_the_rotation_of_its_secret(
    application: FastAPI, own_settings: Settings
) -> None:
    workers = [Database(own_settings) for _ in range(2)]
    async with workers[0].transaction() as session:
        await load_demo_client(session, DemoClient("platform", SECRET, "Платформа", []), renew=True)
        client = (await session.exec(select(ApiClient).where(ApiClient.client_id == "platform"))).one()
    async with workers[0].transaction() as session:
        await clients.rotate_secret(session, client.id, ANY_VERSION, by=principal("admin"))
        tokens = application.state.tokens
        signing_in = asyncio.create_task(
            sessions.sign_in_client(workers[1], own_settings, tokens, "platform", SECRET, None)
        )
        await asyncio.sleep(0.3)  # it comes before the rotation is committed
    with pytest.raises(InvalidClient):
        await signing_in
    for worker in workers:
        await worker.close()


async def test_every_sign_in_leaves_a_record_without_the_name(door: Door, database: JoinedDatabase) -> None:
    await door.sign_in()
    await door.token(grant_type="password", username="secret-name-typed", password="wrong")
    async with database.transaction() as session:
        rows = (await session.exec(sa.text("SELECT action, result, object_id FROM audit_events"))).all()  # type: ignore[call-overload]
    assert {"sign_in.ok", "sign_in.failed"} <= {row[0] for row in rows}
    assert "secret-name-typed" not in repr(rows)
