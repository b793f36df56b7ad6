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
from app.identity.tokens import TokenResolver
from app.organizations.models import Employee
from tests.conftest import JoinedDatabase, principal, settings_for
from tests.identity.conftest import PASSWORD, SECRET, Door, bearer


async def test_an_employee_signs_in(door: Door) -> None:
    response = await door.token(grant_type="password", username="ANNA", password=PASSWORD)
    payload = response.json()
    assert response.headers["cache-control"] == "no-store"
    assert (payload["token_type"], payload["expires_in"]) == ("bearer", 900)
    assert "messages:read" in payload["scope"].split() and payload["refresh_token"]
    me = (await door.me(payload["access_token"])).json()
    assert (me["username"], me["name"], me["roles"]) == ("anna", "Анна", ["operator"])
    assert sorted(me["scopes"]) == sorted(payload["scope"].split())
    assert me["unit_id"] and me["organization_id"]


async def test_an_api_client_signs_in_with_basic_or_form(door: Door) -> None:
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
async def test_invalid_token_requests_are_refused(door: Door, form: dict[str, Any], status: int, error: str) -> None:
    response = await door.http.post("/auth/token", data=form)
    assert (response.status_code, response.json()["error"]) == (status, error)
    assert response.json()["error_description"].isascii() and response.json()["request_id"]
    assert PASSWORD not in response.text


async def test_known_and_unknown_user_names_get_the_same_response(door: Door) -> None:
    bodies = []
    for username in ("anna", "nobody"):
        payload = (await door.token(grant_type="password", username=username, password="wrong")).json()
        bodies.append({key: value for key, value in payload.items() if key not in ("instance", "request_id")})
    assert bodies[0] == bodies[1]


async def test_a_session_can_be_narrowed(door: Door) -> None:
    narrow = {"grant_type": "password", "username": "anna", "password": PASSWORD, "scope": "messages:read audit:read"}
    payload = (await door.token(**narrow)).json()
    assert payload["scope"] == "messages:read"
    headers = bearer(payload["access_token"])
    assert (await door.http.get("/messages", headers=headers)).status_code == 200
    assert (await door.http.get("/reply-templates", headers=headers)).status_code == 403


async def test_refresh_tokens_rotate_and_reuse_ends_the_session(door: Door) -> None:
    first = await door.sign_in()
    second = (await door.token(grant_type="refresh_token", refresh_token=first["refresh_token"])).json()
    assert second["refresh_token"] != first["refresh_token"]
    assert (await door.me(second["access_token"])).status_code == 200
    reused = await door.token(grant_type="refresh_token", refresh_token=first["refresh_token"])
    assert (reused.status_code, reused.json()["error"]) == (400, "invalid_grant")
    for token in (first["access_token"], second["access_token"]):
        assert (await door.me(token)).status_code == 401
    revoked = await door.token(grant_type="refresh_token", refresh_token=second["refresh_token"])
    assert revoked.json()["error"] == "invalid_grant"


async def test_refresh_and_access_tokens_are_not_interchangeable(door: Door) -> None:
    payload = await door.sign_in()
    assert (await door.me(payload["refresh_token"])).status_code == 401
    wrong = await door.token(grant_type="refresh_token", refresh_token=payload["access_token"])
    assert wrong.json()["error"] == "invalid_grant"


@pytest.mark.parametrize("which", ["access_token", "refresh_token"])
async def test_revoking_either_token_ends_the_session(door: Door, which: str) -> None:
    payload = await door.sign_in()
    other = await door.sign_in()
    assert (await door.http.post("/auth/revoke", data={"token": payload[which]})).status_code == 200
    assert (await door.me(payload["access_token"])).status_code == 401
    refused = await door.token(grant_type="refresh_token", refresh_token=payload["refresh_token"])
    assert refused.status_code == 400
    assert (await door.me(other["access_token"])).status_code == 200
    assert (await door.http.post("/auth/revoke", data={"token": "unknown"})).status_code == 200


async def test_sign_out_everywhere_ends_all_sessions(door: Door) -> None:
    mine, also_mine = await door.sign_in(), await door.sign_in()
    other = await door.sign_in("boris")
    response = await door.http.post("/auth/sign-out-everywhere", headers=bearer(mine["access_token"]), json={})
    assert response.status_code == 200
    assert [(await door.me(t["access_token"])).status_code for t in (mine, also_mine, other)] == [401, 401, 200]


async def update_employee(database: JoinedDatabase, username: str, **fields: Any) -> None:
    async with database.transaction() as session:
        row = (await session.exec(select(Employee).where(Employee.username == username))).one()
        for name, value in fields.items():
            setattr(row, name, value)


@pytest.mark.order("O-2.3")
async def test_rights_come_from_the_database(door: Door, database: JoinedDatabase) -> None:
    token = (await door.sign_in())["access_token"]
    assert (await door.http.get("/messages", headers=bearer(token))).status_code == 200
    await update_employee(database, "anna", roles=["press"])
    assert (await door.http.get("/messages", headers=bearer(token))).status_code == 403
    await update_employee(database, "anna", roles=["operator"], unit_id=None)
    assert (await door.me(token)).json()["unit_id"] is None
    await update_employee(database, "anna", is_disabled=True)
    assert (await door.me(token)).status_code == 401
    refused = await door.token(grant_type="password", username="anna", password=PASSWORD)
    assert refused.json()["error"] == "invalid_grant"


async def get_admin_headers(door: Door) -> dict[str, str]:
    return bearer((await door.sign_in("vera"))["access_token"])


@pytest.mark.order("O-2.3", "O-2.4")
async def test_an_administrator_creates_changes_and_disables_an_employee(door: Door) -> None:
    headers = await get_admin_headers(door)
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
    created = await door.http.post("/employees", headers=headers, json=body)
    assert created.status_code == 201, created.text
    assert "password" not in created.text and "hash" not in created.text
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
    path = f"/employees/{created.json()['id']}"
    signed = await door.token(grant_type="password", username="i.petrova", password=PASSWORD)
    assert signed.status_code == 200
    new = "совсем другой пароль"
    reset = {"If-Match": created.headers["etag"]}
    done = await door.http.post(f"{path}/reset-password", headers=headers | reset, json={"password": new})
    assert done.status_code == 200
    assert (await door.me(signed.json()["access_token"])).status_code == 401
    assert (await door.token(grant_type="password", username="i.petrova", password=new)).status_code == 200
    off = await door.http.patch(path, headers=headers | {"If-Match": done.headers["etag"]}, json={"is_disabled": True})
    assert off.json()["is_disabled"] is True
    assert (await door.token(grant_type="password", username="i.petrova", password=new)).status_code == 400


async def test_an_employee_changes_the_password(door: Door) -> None:
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


async def test_wrong_current_passwords_are_limited(door: Door) -> None:
    mine = await door.sign_in()
    headers = bearer(mine["access_token"])
    body = {"old_password": "not it", "new_password": "новый длинный пароль"}
    responses = [await door.http.post("/auth/password", headers=headers, json=body) for _ in range(11)]
    assert [response.status_code for response in responses] == [409] * 10 + [429]
    right = body | {"old_password": PASSWORD}
    locked = await door.http.post("/auth/password", headers=headers, json=right)
    assert (locked.status_code, locked.json()["code"]) == (429, "sign_in_locked") and locked.headers["retry-after"]
    assert (await door.me((await door.sign_in())["access_token"])).status_code == 200, "sign-in is not locked"


async def test_a_password_change_does_not_undo_a_concurrent_reset(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    """The administrator resets the password while the current password is verified."""
    mine, headers = await door.sign_in(), await get_admin_headers(door)
    verify_password, new_password = passwords.verify_password, "пароль от администратора"
    path = f"/employees/{(await door.me(mine['access_token'])).json()['id']}"

    async def verify_after_change(password: str, known_hash: str | None) -> bool:
        reset = headers | {"If-Match": (await door.http.get(path, headers=headers)).headers["etag"]}
        done = await door.http.post(f"{path}/reset-password", headers=reset, json={"password": new_password})
        assert done.status_code == 200
        return await verify_password(password, known_hash)

    monkeypatch.setattr(passwords, "verify_password", verify_after_change)
    body = {"old_password": PASSWORD, "new_password": "новый длинный пароль"}
    refused = await door.http.post("/auth/password", headers=bearer(mine["access_token"]), json=body)
    assert (refused.status_code, refused.json()["code"]) == (409, "wrong_password")
    monkeypatch.undo()
    assert (await door.token(grant_type="password", username="anna", password=new_password)).status_code == 200


async def test_api_clients_and_their_secrets(door: Door, database: JoinedDatabase) -> None:
    headers = await get_admin_headers(door) | {"Idempotency-Key": "c1"}
    points = (await door.http.get("/interaction-points/public", headers=headers)).json()["items"]
    body = {"client_id": "new-platform", "name": "Новая платформа", "point_ids": [points[0]["id"]]}
    created = await door.http.post("/api-clients", headers=headers, json=body)
    secret = created.json()["client_secret"]
    assert created.status_code == 201 and len(secret) >= 43
    replayed = await door.http.post("/api-clients", headers=headers, json=body)
    assert replayed.json()["id"] == created.json()["id"] and replayed.json()["client_secret"] is None
    form = {"grant_type": "client_credentials"}
    signed = await door.http.post("/auth/token", data=form, auth=("new-platform", secret))
    granted = await door.http.get("/interaction-points", headers=bearer(signed.json()["access_token"]))
    assert [point["id"] for point in granted.json()["items"]] == [points[0]["id"]]
    path = f"/api-clients/{created.json()['id']}"
    fetched = await door.http.get(path, headers=headers)
    assert "secret" not in fetched.text
    changed = await door.http.patch(
        path, headers=headers | {"If-Match": fetched.headers["etag"]}, json={"point_ids": []}
    )
    assert changed.json()["point_ids"] == [] and changed.headers["etag"] != fetched.headers["etag"]
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


async def test_passwords_are_hashed_with_argon2id_as_owasp_recommends(door: Door, database: JoinedDatabase) -> None:
    async with database.transaction() as session:
        phc = (await session.exec(select(Password.hash))).first()
    assert phc is not None and phc.startswith("$argon2id$v=19$m=19456,t=2,p=1$")


async def test_failed_sign_ins_lock_only_that_account(door: Door) -> None:
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


async def test_a_successful_sign_in_clears_the_count(door: Door) -> None:
    for _ in range(3):
        for _ in range(9):
            await door.token(grant_type="password", username="anna", password="wrong")
        await door.sign_in()


@pytest.fixture
def own_settings(fresh_database: str, settings: Settings) -> Settings:
    """Settings of a separate database, for several workers at once."""
    return settings_for(fresh_database, settings.var_dir)


async def create_account(database: Database) -> None:
    async with database.transaction() as session:
        demo = [DemoAccount("galina", PASSWORD, "Галина", "operator", None)]
        await load_demo_accounts(session, demo, renew=True)


async def test_the_lock_is_shared_by_workers_and_survives_a_restart(
    application: FastAPI, own_settings: Settings
) -> None:
    workers = [Database(own_settings) for _ in range(2)]
    await create_account(workers[0])
    tokens = application.state.get(TokenResolver)

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


async def test_of_two_concurrent_refreshes_exactly_one_succeeds(application: FastAPI, own_settings: Settings) -> None:
    workers = [Database(own_settings) for _ in range(2)]
    await create_account(workers[0])
    tokens = application.state.get(TokenResolver)
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


@pytest.mark.parametrize("action", ["reset", "disable"])
async def test_a_sign_in_fails_after_a_concurrent_reset_or_disabling(
    action: str, application: FastAPI, own_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The password is reset or the account disabled while the password is verified: no session is left over."""
    database = Database(own_settings)
    await create_account(database)
    verify_password = passwords.verify_password

    async def verify_after_change(password: str, known_hash: str | None) -> bool:
        async with database.transaction() as session:
            query = select(Employee).where(Employee.username == "galina")
            row = (await session.exec(query)).one()
            if action == "reset":
                await set_password(session, row, "совсем другой пароль")
            row.is_disabled = action == "disable"
            await sessions.end_sessions(session, row.id)
        return await verify_password(password, known_hash)

    monkeypatch.setattr(passwords, "verify_password", verify_after_change)
    with pytest.raises(InvalidGrant):
        await sessions.sign_in(database, own_settings, application.state.get(TokenResolver), "galina", PASSWORD, None)
    async with database.transaction() as session:
        assert (await session.exec(select(TokenFamily.id))).all() == []
    await database.close()


async def test_an_api_client_does_not_sign_in_during_a_secret_rotation(
    application: FastAPI, own_settings: Settings
) -> None:
    workers = [Database(own_settings) for _ in range(2)]
    async with workers[0].transaction() as session:
        await load_demo_client(session, DemoClient("platform", SECRET, "Платформа", []), renew=True)
        client = (await session.exec(select(ApiClient).where(ApiClient.client_id == "platform"))).one()
    async with workers[0].transaction() as session:
        await clients.rotate_secret(session, client.id, ANY_VERSION, by=principal("admin"))
        tokens = application.state.get(TokenResolver)
        signing_in = asyncio.create_task(
            sessions.sign_in_client(workers[1], own_settings, tokens, "platform", SECRET, None)
        )
        await asyncio.sleep(0.3)  # the sign-in starts before the rotation is committed
    with pytest.raises(InvalidClient):
        await signing_in
    for worker in workers:
        await worker.close()


async def test_sign_ins_are_audited_without_the_user_name(door: Door, database: JoinedDatabase) -> None:
    await door.sign_in()
    await door.token(grant_type="password", username="secret-name-typed", password="wrong")
    async with database.transaction() as session:
        rows = (await session.exec(sa.text("SELECT action, result, object_id FROM audit_events"))).all()  # type: ignore[call-overload]
    assert {"sign_in.ok", "sign_in.failed"} <= {row[0] for row in rows}
    assert "secret-name-typed" not in repr(rows)
