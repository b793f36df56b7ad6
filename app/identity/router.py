"""HTTP of sign-in, employees' accounts and API clients."""

import base64
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.openapi.models import Example
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.concurrency import MatchDep, answer, conditional
from app.core.deps import DatabaseDep, SessionDep, SettingsDep
from app.core.idempotency import KeyMalformed, KeyReused, OnceDep
from app.core.pagination import Page, PageDep, paginate, paginate_rows
from app.core.problems import Forbidden, Invalid, PreconditionRequired, Stale, problems
from app.core.schemas import Empty
from app.core.security import AnyCaller, Principal, requires
from app.core.types import Id
from app.identity.errors import (
    ClientExists,
    ClientNotFound,
    EmployeeExists,
    EmployeeNotFound,
    InvalidClient,
    InvalidGrant,
    InvalidScope,
    OAuthProblem,
    SignInLocked,
    UnsupportedGrantType,
    WrongPassword,
)
from app.identity.models import ApiClient
from app.identity.schemas import (
    ApiClientCreate,
    ApiClientPatch,
    ApiClientRead,
    ApiClientSecretRead,
    EmployeeCreate,
    EmployeePatch,
    EmployeeRead,
    JwksRead,
    MeRead,
    PasswordChange,
    PasswordReset,
    TokenRead,
)
from app.identity.service import clients, employees, sessions
from app.identity.tokens import TokenResolver
from app.organizations.models import Employee

EmployeeReader = Annotated[Principal, requires("employees:read")]
EmployeeWriter = Annotated[Principal, requires("employees:write")]
ClientReader = Annotated[Principal, requires("clients:read")]
ClientWriter = Annotated[Principal, requires("clients:write")]


async def _employee(by: AnyCaller) -> Principal:
    # In a dependency, which runs before the body is validated: 403 comes before 422.
    if by.kind == "client":
        raise Forbidden
    return by


AnyEmployee = Annotated[Principal, Depends(_employee)]

router = APIRouter(prefix="/auth", tags=["auth"])
employees_router = APIRouter(prefix="/employees", tags=["employees"])
clients_router = APIRouter(prefix="/api-clients", tags=["API clients"])

CHANGES = (Invalid, Stale, PreconditionRequired)
MAX_FIELD = 4096
NEVER_STORED = {"Cache-Control": "no-store", "Pragma": "no-cache"}


def get_tokens(request: Request) -> TokenResolver:
    """The maker and verifier of access tokens."""
    tokens: TokenResolver = request.app.state.tokens
    return tokens


TokensDep = Annotated[TokenResolver, Depends(get_tokens)]


async def read_form(request: Request) -> dict[str, str]:
    """The fields of a form-encoded body; one given twice or too long is an invalid request (RFC 6749, 3.2)."""
    fields: dict[str, str] = {}
    for name, value in (await request.form(max_fields=20, max_files=0)).multi_items():
        if name in fields or not isinstance(value, str) or len(value) > MAX_FIELD or "\x00" in value:
            raise OAuthProblem
        fields[name] = value
    return fields


FormDep = Annotated[dict[str, str], Depends(read_form)]


def _basic(request: Request) -> tuple[str, str] | None:
    """Client id and secret of HTTP Basic; None without such a header. Raises `InvalidClient` for a broken one."""
    scheme, _, encoded = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        client_id, colon, secret = base64.b64decode(encoded.strip(), validate=True).decode("utf-8").partition(":")
    except ValueError:
        raise InvalidClient from None
    if not colon:
        raise InvalidClient
    return client_id, secret


def _form_body(properties: dict[str, Any], required: list[str], shown: dict[str, Any]) -> dict[str, Any]:
    schema = {"type": "object", "properties": properties, "required": required}
    content = {"application/x-www-form-urlencoded": {"schema": schema, "examples": shown}}
    return {"requestBody": {"required": True, "content": content}}


_TEXT = {"type": "string", "maxLength": MAX_FIELD}
_TOKEN_FORM = _form_body(
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
    summary="Get tokens",
)
async def issue_token(
    request: Request, form: FormDep, database: DatabaseDep, settings: SettingsDep, tokens: TokensDep
) -> Response:
    """OAuth 2 token endpoint: `password`, `client_credentials` (HTTP Basic) and `refresh_token`, form-encoded.

    Refresh tokens are rotated: a used one is `invalid_grant` and ends the whole session.
    """
    scope = form.get("scope")
    match form.get("grant_type"):
        case "password":
            username, password = form.get("username"), form.get("password")
            if not username or not password:
                raise OAuthProblem
            issued = await sessions.sign_in(database, settings, tokens, username, password, scope)
        case "client_credentials":
            client_id, secret = _basic(request) or (form.get("client_id", ""), form.get("client_secret", ""))
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
    return answer(read, headers=NEVER_STORED)


@router.post(
    "/revoke",
    response_model=Empty,
    responses=problems(OAuthProblem),
    openapi_extra=_form_body({"token": _TEXT}, ["token"], {"token": Example(value={"token": "…"})}),
    summary="End a session",
)
async def revoke_token(form: FormDep, session: SessionDep, tokens: TokensDep) -> Response:
    """End the session of a refresh or access token (RFC 7009). An unknown token is no error."""
    if not form.get("token"):
        raise OAuthProblem
    await sessions.revoke(session, tokens, form["token"])
    return answer(Empty())


@router.get("/me", response_model=MeRead, responses=problems(), summary="Who am I")
async def get_me(by: AnyCaller) -> MeRead:
    """The caller with their roles and scopes of this moment."""
    return MeRead(
        id=by.id,
        username=by.username,
        name=by.name,
        roles=sorted(by.roles),
        scopes=sorted(by.scopes),
        unit_id=by.unit_id,
        organization_id=by.organization_id,
    )


@router.get("/jwks.json", response_model=JwksRead, responses=problems(), summary="Public keys")
async def get_jwks(tokens: TokensDep) -> JwksRead:
    """The public keys that our access tokens are verified with (RFC 7517). No token."""
    return JwksRead.model_validate({"keys": [tokens.key.public_jwk]})


@router.post("/sign-out-everywhere", response_model=Empty, responses=problems(), summary="End all my sessions")
async def sign_out_everywhere(body: Empty, by: AnyCaller, session: SessionDep) -> Response:
    """End all sessions of the caller, this one too."""
    if by.kind == "client":
        await sessions.end_client_sessions(session, by.id)
    else:
        await sessions.end_sessions(session, by.id)
    return answer(Empty())


@router.post(
    "/password",
    response_model=Empty,
    responses=problems(WrongPassword, EmployeeNotFound, Forbidden, Invalid),
    summary="Change my password",
)
async def change_password(body: PasswordChange, by: AnyEmployee, session: SessionDep) -> Response:
    """Change one's own password; one's other sessions end. An API client has none: it rotates its secret."""
    await employees.change_password(session, body.old_password, body.new_password, by=by)
    return answer(Empty())


@employees_router.get("", response_model=Page[EmployeeRead], responses=problems(Invalid), summary="List employees")
async def list_employees(
    by: EmployeeReader,
    session: SessionDep,
    page: PageDep,
    unit_id: Annotated[Id | None, Query()] = None,
    is_disabled: Annotated[bool | None, Query()] = None,
) -> Page[EmployeeRead]:
    """Employees (O-2.3), newest first; a head sees those of their own organization."""
    query = select(Employee).where(employees.visible_to(by))
    if unit_id is not None:
        query = query.where(Employee.unit_id == unit_id)
    if is_disabled is not None:
        query = query.where(Employee.is_disabled == is_disabled)
    return await paginate(session, query, page, EmployeeRead.model_validate, order=(col(Employee.id),))


@employees_router.post(
    "",
    status_code=201,
    response_model=EmployeeRead,
    responses=problems(EmployeeExists, Invalid, KeyReused, KeyMalformed),
    summary="Add an employee",
)
async def create_employee(body: EmployeeCreate, by: EmployeeWriter, session: SessionDep, once: OnceDep) -> Response:
    """Add an employee with account, roles and unit."""

    async def work() -> Response:
        row = await employees.create_employee(session, body, by=by)
        return answer(EmployeeRead.model_validate(row), version=row.version, status=201)

    return await once(session, by, work)


@employees_router.get(
    "/{employee_id}",
    response_model=EmployeeRead,
    responses=problems(EmployeeNotFound, Invalid),
    summary="Get an employee",
)
async def get_employee(employee_id: UUID, by: EmployeeReader, session: SessionDep, request: Request) -> Response:
    """One employee."""
    row = await employees.get_employee(session, employee_id, by)
    return conditional(request, EmployeeRead.model_validate(row), version=row.version)


@employees_router.patch(
    "/{employee_id}",
    response_model=EmployeeRead,
    responses=problems(EmployeeNotFound, EmployeeExists, *CHANGES),
    summary="Change an employee",
)
async def update_employee(
    employee_id: UUID, body: EmployeePatch, by: EmployeeWriter, session: SessionDep, match: MatchDep
) -> Response:
    """Change roles, unit or state: rights follow with the next request, disabling ends all sessions."""
    row = await employees.update_employee(session, employee_id, body, match, by=by)
    return answer(EmployeeRead.model_validate(row), version=row.version)


@employees_router.post(
    "/{employee_id}/reset-password",
    response_model=EmployeeRead,
    responses=problems(EmployeeNotFound, *CHANGES),
    summary="Reset an employee's password",
)
async def reset_password(
    employee_id: UUID, body: PasswordReset, by: EmployeeWriter, session: SessionDep, match: MatchDep
) -> Response:
    """Set a new password as an administrator; all sessions of the employee end."""
    row = await employees.reset_password(session, employee_id, body.password, match, by=by)
    return answer(EmployeeRead.model_validate(row), version=row.version)


async def _shown(session: AsyncSession, row: ApiClient) -> ApiClientRead:
    return (await clients.read_clients(session, [row]))[0]


@clients_router.get("", response_model=Page[ApiClientRead], responses=problems(Invalid), summary="List API clients")
async def list_api_clients(by: ClientReader, session: SessionDep, page: PageDep) -> Page[ApiClientRead]:
    """Other systems that call this one, newest first."""
    rows, cursor, count = await paginate_rows(session, select(ApiClient), page, order=(col(ApiClient.id),))
    return Page(items=await clients.read_clients(session, rows), next_cursor=cursor, count=count)


@clients_router.post(
    "",
    status_code=201,
    response_model=ApiClientSecretRead,
    responses=problems(ClientExists, Invalid, KeyReused, KeyMalformed),
    summary="Add an API client",
)
async def create_api_client(body: ApiClientCreate, by: ClientWriter, session: SessionDep, once: OnceDep) -> Response:
    """Add an API client. Its secret is in this answer and never again: a replay of the request has null there."""
    made: dict[str, str] = {}

    async def work() -> Response:
        row, made["secret"] = await clients.create_client(session, body, by=by)
        made["version"] = str(row.version)
        shown = await _shown(session, row)
        return answer(ApiClientSecretRead(**shown.model_dump(), client_secret=None), version=row.version, status=201)

    kept = await once(session, by, work)
    if "secret" not in made:
        return kept
    read = ApiClientSecretRead.model_validate_json(bytes(kept.body)).model_copy(
        update={"client_secret": made["secret"]}
    )
    return answer(read, version=int(made["version"]), status=201, headers=NEVER_STORED)


@clients_router.get(
    "/{client_id}",
    response_model=ApiClientRead,
    responses=problems(ClientNotFound, Invalid),
    summary="Get an API client",
)
async def get_api_client(client_id: UUID, by: ClientReader, session: SessionDep, request: Request) -> Response:
    """One API client with the points granted to it."""
    row = await clients.get_client(session, client_id)
    return conditional(request, await _shown(session, row), version=row.version)


@clients_router.patch(
    "/{client_id}",
    response_model=ApiClientRead,
    responses=problems(ClientNotFound, *CHANGES),
    summary="Change an API client",
)
async def update_api_client(
    client_id: UUID, body: ApiClientPatch, by: ClientWriter, session: SessionDep, match: MatchDep
) -> Response:
    """Change name, granted points or state; disabling ends all its sessions."""
    row = await clients.update_client(session, client_id, body, match, by=by)
    return answer(await _shown(session, row), version=row.version)


@clients_router.post(
    "/{client_id}/rotate-secret",
    response_model=ApiClientSecretRead,
    responses=problems(ClientNotFound, *CHANGES),
    summary="Rotate an API client's secret",
)
async def rotate_client_secret(
    client_id: UUID, body: Empty, by: ClientWriter, session: SessionDep, match: MatchDep
) -> Response:
    """Give an API client a new secret, shown this once; the old one and all its sessions end."""
    row, secret = await clients.rotate_secret(session, client_id, match, by=by)
    shown = await _shown(session, row)
    read = ApiClientSecretRead(**shown.model_dump(), client_secret=secret)
    return answer(read, version=row.version, headers=NEVER_STORED)
