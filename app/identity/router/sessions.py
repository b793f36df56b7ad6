"""HTTP endpoints of sign-in and sessions."""

import base64
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from fastapi.openapi.models import Example

from app.core.app_state import get_state
from app.core.deps import DatabaseDep, SessionDep, SettingsDep
from app.core.etags import json_response
from app.core.problems import Forbidden, problems
from app.core.schemas import EmptyBody
from app.core.security import AnyCaller, Principal, requires_detached
from app.identity.errors import (
    EmployeeNotFound,
    InvalidClient,
    InvalidGrant,
    InvalidScope,
    OAuthProblem,
    SignInLocked,
    UnsupportedGrantType,
    WrongPassword,
)
from app.identity.schemas import JwksRead, MeRead, PasswordChange, TokenRead
from app.identity.service import employees, sessions
from app.identity.tokens import TokenResolver

router = APIRouter(prefix="/auth", tags=["auth"])

MAX_FIELD = 4096
NEVER_STORED = {"Cache-Control": "no-store", "Pragma": "no-cache"}


async def _require_employee(by: Annotated[Principal, requires_detached()]) -> Principal:
    # A dependency runs before the body is validated, so 403 takes precedence over 422.
    if by.kind == "client":
        raise Forbidden
    return by


AnyEmployee = Annotated[Principal, Depends(_require_employee)]


def get_tokens(request: Request) -> TokenResolver:
    """Return the application's token resolver."""
    return get_state(request).get(TokenResolver)


TokensDep = Annotated[TokenResolver, Depends(get_tokens)]


async def parse_form(request: Request) -> dict[str, str]:
    """Return the fields of a form-encoded body. Raises `OAuthProblem` for repeated or long ones (RFC 6749, 3.2)."""
    fields: dict[str, str] = {}
    for name, value in (await request.form(max_fields=100, max_files=0)).multi_items():
        if name in fields or not isinstance(value, str) or len(value) > MAX_FIELD or "\x00" in value:
            raise OAuthProblem
        fields[name] = value
    return fields


FormDep = Annotated[dict[str, str], Depends(parse_form)]


def _parse_basic(request: Request) -> tuple[str, str] | None:
    """Return the client id and secret of HTTP Basic, or None. Raises `InvalidClient` for a malformed header."""
    scheme, _, encoded = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        client_id, colon, secret = base64.b64decode(encoded.strip(), validate=True).decode("utf-8").partition(":")
    except ValueError:
        raise InvalidClient from None
    if not colon or "\x00" in client_id:  # PostgreSQL rejects NUL in a query
        raise InvalidClient
    return client_id, secret


def _build_form_body(properties: dict[str, Any], required: list[str], examples: dict[str, Any]) -> dict[str, Any]:
    schema = {"type": "object", "properties": properties, "required": required}
    content = {"application/x-www-form-urlencoded": {"schema": schema, "examples": examples}}
    return {"requestBody": {"required": True, "content": content}}


_TEXT = {"type": "string", "maxLength": MAX_FIELD}
_TOKEN_FORM = _build_form_body(
    {
        "grant_type": {"type": "string", "enum": ["password", "client_credentials", "refresh_token"]},
        **dict.fromkeys(("username", "password", "refresh_token", "scope", "client_id", "client_secret"), _TEXT),
    },
    ["grant_type"],
    {"password": Example(value={"grant_type": "password", "username": "operator", "password": "…"})},
)


@router.post(
    "/token",
    response_model=TokenRead,
    responses=problems(OAuthProblem, InvalidGrant, UnsupportedGrantType, InvalidScope, InvalidClient, SignInLocked),
    openapi_extra=_TOKEN_FORM,
    summary="Issue tokens",
)
async def issue_token(
    request: Request, form: FormDep, database: DatabaseDep, settings: SettingsDep, tokens: TokensDep
) -> Response:
    """Issue tokens for the grant types `password`, `client_credentials` (HTTP Basic) and `refresh_token`.

    The request is form-encoded (OAuth 2, RFC 6749). Refresh tokens are rotated: a token that was used before is
    rejected with `invalid_grant`, and its whole session ends.
    """
    scope = form.get("scope")
    match form.get("grant_type"):
        case "password":
            username, password = form.get("username"), form.get("password")
            if not username or not password:
                raise OAuthProblem
            issued = await sessions.sign_in(database, settings, tokens, username, password, scope)
        case "client_credentials":
            client_id, secret = _parse_basic(request) or (form.get("client_id", ""), form.get("client_secret", ""))
            issued = await sessions.sign_in_client(database, settings, tokens, client_id, secret, scope)
        case "refresh_token":
            if not form.get("refresh_token"):
                raise OAuthProblem
            issued = await sessions.refresh(database, tokens, form["refresh_token"], scope)
        case None | "":
            raise OAuthProblem
        case _:
            raise UnsupportedGrantType
    read = TokenRead(
        access_token=issued.access_token,
        token_type="bearer",  # noqa: S106  the type, not a secret
        expires_in=settings.access_token_seconds,
        refresh_token=issued.refresh_token,
        scope=" ".join(sorted(issued.scopes)),
    )
    return json_response(read, headers=NEVER_STORED)


@router.post(
    "/revoke",
    response_model=EmptyBody,
    responses=problems(OAuthProblem),
    openapi_extra=_build_form_body({"token": _TEXT}, ["token"], {"token": Example(value={"token": "…"})}),
    summary="Revoke a token",
)
async def revoke_token(form: FormDep, session: SessionDep, tokens: TokensDep) -> Response:
    """End the session of a refresh or access token (RFC 7009). An unknown token is not an error."""
    if not form.get("token"):
        raise OAuthProblem
    await sessions.revoke(session, tokens, form["token"])
    return json_response(EmptyBody())


@router.get("/me", response_model=MeRead, summary="Get the current caller")
async def get_me(by: AnyCaller) -> MeRead:
    """Return the caller with their current roles and scopes."""
    return MeRead(
        id=by.id,
        username=by.username,
        name=by.name,
        roles=sorted(by.roles),
        scopes=sorted(by.scopes),
        unit_id=by.unit_id,
        organization_id=by.organization_id,
        substitutes_for=by.acts_for,
    )


@router.get("/jwks.json", response_model=JwksRead, summary="Get the public keys")
async def get_jwks(tokens: TokensDep) -> JwksRead:
    """Return the public keys that verify access tokens (RFC 7517). No token is required."""
    return JwksRead.model_validate({"keys": [tokens.key.public_jwk]})


@router.post("/sign-out-everywhere", response_model=EmptyBody, summary="Sign out everywhere")
async def sign_out_everywhere(body: EmptyBody, by: AnyCaller, session: SessionDep) -> Response:
    """End all sessions of the caller, including the current one."""
    if by.kind == "client":
        await sessions.end_client_sessions(session, by.id)
    else:
        await sessions.end_sessions(session, by.id)
    return json_response(EmptyBody())


@router.post(
    "/password",
    response_model=EmptyBody,
    responses=problems(WrongPassword, SignInLocked, EmployeeNotFound, Forbidden),
    summary="Change own password",
)
async def change_password(
    body: PasswordChange, by: AnyEmployee, database: DatabaseDep, settings: SettingsDep
) -> Response:
    """Change the caller's password; their other sessions end. API clients get 403: their secret is rotated instead.

    Wrong current passwords are counted like failed sign-ins: after too many attempts the response is 429 for a while.
    """
    await employees.change_password(database, settings, body.old_password, body.new_password, by=by)
    return json_response(EmptyBody())
