"""HTTP endpoints of API clients."""

from collections.abc import Awaitable, Callable
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Request, Response
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.deps import SessionDep
from app.core.etags import IfMatchDep, conditional, versioned
from app.core.idempotency import IdempotencyDep
from app.core.pagination import Page, PageDep, paginate_rows
from app.core.problems import problems
from app.core.schemas import EmptyBody
from app.core.security import Principal, requires
from app.identity import queries
from app.identity.errors import ClientExists, ClientNotFound
from app.identity.models import ApiClient
from app.identity.router.sessions import NEVER_STORED
from app.identity.schemas import ApiClientCreate, ApiClientPatch, ApiClientRead, ApiClientSecretRead
from app.identity.service import clients

ClientReader = Annotated[Principal, requires("clients:read")]
ClientWriter = Annotated[Principal, requires("clients:write")]

router = APIRouter(prefix="/api-clients", tags=["API clients"])


@router.get("", response_model=Page[ApiClientRead], summary="List API clients")
async def list_api_clients(by: ClientReader, session: SessionDep, page: PageDep) -> Page[ApiClientRead]:
    """Return the API clients, newest first: other systems that call this one."""
    rows, cursor, count = await paginate_rows(session, queries.select_clients(), page, order=(col(ApiClient.id),))
    return Page(items=await queries.read_clients(session, rows), next_cursor=cursor, count=count)


@router.post(
    "",
    status_code=201,
    response_model=ApiClientSecretRead,
    responses=problems(ClientExists),
    summary="Create an API client",
)
async def create_api_client(
    body: ApiClientCreate, by: ClientWriter, session: SessionDep, idempotency: IdempotencyDep
) -> Response:
    """Create an API client. The secret is returned only in this response; a replayed request returns null instead."""
    created: list[tuple[ApiClient, str]] = []

    async def work() -> Response:
        created.append(
            await clients.create_client(
                session,
                client_id=body.client_id,
                name=body.name,
                organization_id=body.organization_id,
                point_ids=body.point_ids,
                by=by,
            )
        )
        return await versioned(session, created[0][0], _read_with_secret(None), 201)

    stored = await idempotency(session, by, work)  # the stored response never contains the secret
    if not created:
        return stored
    row, secret = created[0]
    return await versioned(session, row, _read_with_secret(secret), 201, NEVER_STORED)


@router.get(
    "/{client_id}", response_model=ApiClientRead, responses=problems(ClientNotFound), summary="Get an API client"
)
async def get_api_client(client_id: UUID, by: ClientReader, session: SessionDep, request: Request) -> Response:
    """Return an API client with its granted interaction points."""
    return await conditional(request, session, await clients.get_client(session, client_id), queries.read_client)


@router.patch(
    "/{client_id}", response_model=ApiClientRead, responses=problems(ClientNotFound), summary="Change an API client"
)
async def update_api_client(
    client_id: UUID, body: ApiClientPatch, by: ClientWriter, session: SessionDep, match: IfMatchDep
) -> Response:
    """Change the name, granted interaction points or state of an API client; disabling ends all its sessions."""
    row = await clients.update_client(session, client_id, body.changes(), match, by=by)
    return await versioned(session, row, queries.read_client)


@router.post(
    "/{client_id}/rotate-secret",
    response_model=ApiClientSecretRead,
    responses=problems(ClientNotFound),
    summary="Rotate an API client's secret",
)
async def rotate_client_secret(
    client_id: UUID, body: EmptyBody, by: ClientWriter, session: SessionDep, match: IfMatchDep
) -> Response:
    """Issue a new secret, returned only once; the old secret stops working and all sessions of the API client end."""
    row, secret = await clients.rotate_secret(session, client_id, match, by=by)
    return await versioned(session, row, _read_with_secret(secret), headers=NEVER_STORED)


def _read_with_secret(secret: str | None) -> Callable[[AsyncSession, ApiClient], Awaitable[ApiClientSecretRead]]:
    async def read(session: AsyncSession, row: ApiClient) -> ApiClientSecretRead:
        return ApiClientSecretRead(**(await queries.read_client(session, row)).model_dump(), client_secret=secret)

    return read
