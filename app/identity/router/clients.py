"""HTTP endpoints of API clients."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Request, Response
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.deps import SessionDep
from app.core.etags import IfMatchDep, conditional_response, json_response
from app.core.idempotency import IdempotencyDep, IdempotencyKeyMalformed, IdempotencyKeyReused
from app.core.pagination import Page, PageDep, paginate_rows
from app.core.problems import PreconditionFailed, PreconditionRequired, ValidationFailed, problems
from app.core.schemas import EmptyBody
from app.core.security import Principal, requires
from app.identity.errors import ClientExists, ClientNotFound
from app.identity.models import ApiClient
from app.identity.router.sessions import NEVER_STORED
from app.identity.schemas import ApiClientCreate, ApiClientPatch, ApiClientRead, ApiClientSecretRead
from app.identity.service import clients

ClientReader = Annotated[Principal, requires("clients:read")]
ClientWriter = Annotated[Principal, requires("clients:write")]

router = APIRouter(prefix="/api-clients", tags=["API clients"])

CHANGES = (ClientNotFound, ValidationFailed, PreconditionFailed, PreconditionRequired)


async def _to_read(session: AsyncSession, row: ApiClient) -> ApiClientRead:
    return (await clients.load_client_reads(session, [row]))[0]


@router.get("", response_model=Page[ApiClientRead], responses=problems(ValidationFailed), summary="List API clients")
async def list_api_clients(by: ClientReader, session: SessionDep, page: PageDep) -> Page[ApiClientRead]:
    """Return the API clients, newest first: other systems that call this one."""
    rows, cursor, count = await paginate_rows(session, select(ApiClient), page, order=(col(ApiClient.id),))
    return Page(items=await clients.load_client_reads(session, rows), next_cursor=cursor, count=count)


@router.post(
    "",
    status_code=201,
    response_model=ApiClientSecretRead,
    responses=problems(ClientExists, ValidationFailed, IdempotencyKeyReused, IdempotencyKeyMalformed),
    summary="Create an API client",
)
async def create_api_client(
    body: ApiClientCreate, by: ClientWriter, session: SessionDep, idempotency: IdempotencyDep
) -> Response:
    """Create an API client. The secret is returned only in this response; a replayed request returns null instead."""
    created: dict[str, str] = {}

    async def work() -> Response:
        row, created["secret"] = await clients.create_client(session, body, by=by)
        created["version"] = str(row.version)
        read = await _to_read(session, row)
        return json_response(
            ApiClientSecretRead(**read.model_dump(), client_secret=None), version=row.version, status=201
        )

    stored = await idempotency(session, by, work)  # the stored response never contains the secret
    if "secret" not in created:
        return stored
    read = ApiClientSecretRead.model_validate_json(bytes(stored.body)).model_copy(
        update={"client_secret": created["secret"]}
    )
    return json_response(read, version=int(created["version"]), status=201, headers=NEVER_STORED)


@router.get(
    "/{client_id}",
    response_model=ApiClientRead,
    responses=problems(ClientNotFound, ValidationFailed),
    summary="Get an API client",
)
async def get_api_client(client_id: UUID, by: ClientReader, session: SessionDep, request: Request) -> Response:
    """Return an API client with its granted interaction points."""
    row = await clients.get_client(session, client_id)
    return conditional_response(request, await _to_read(session, row), version=row.version)


@router.patch(
    "/{client_id}",
    response_model=ApiClientRead,
    responses=problems(*CHANGES),
    summary="Change an API client",
)
async def update_api_client(
    client_id: UUID, body: ApiClientPatch, by: ClientWriter, session: SessionDep, match: IfMatchDep
) -> Response:
    """Change the name, granted interaction points or state of an API client; disabling ends all its sessions."""
    row = await clients.update_client(session, client_id, body, match, by=by)
    return json_response(await _to_read(session, row), version=row.version)


@router.post(
    "/{client_id}/rotate-secret",
    response_model=ApiClientSecretRead,
    responses=problems(*CHANGES),
    summary="Rotate an API client's secret",
)
async def rotate_client_secret(
    client_id: UUID, body: EmptyBody, by: ClientWriter, session: SessionDep, match: IfMatchDep
) -> Response:
    """Issue a new secret, returned only once; the old secret stops working and all sessions of the API client end."""
    row, secret = await clients.rotate_secret(session, client_id, match, by=by)
    read = await _to_read(session, row)
    read_with_secret = ApiClientSecretRead(**read.model_dump(), client_secret=secret)
    return json_response(read_with_secret, version=row.version, headers=NEVER_STORED)
