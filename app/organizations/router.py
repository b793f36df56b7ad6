"""HTTP endpoints of organizations, units with their topics, and municipalities."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from sqlmodel import col, select

from app.core.deps import SessionDep
from app.core.etags import IfMatchDep, conditional_response, json_response
from app.core.idempotency import IdempotencyDep, IdempotencyKeyMalformed, IdempotencyKeyReused
from app.core.pagination import Page, PageDep, paginate, paginate_known
from app.core.problems import PreconditionFailed, PreconditionRequired, ValidationFailed, problems
from app.core.security import Principal, requires
from app.core.types import Day, Id, Search
from app.organizations import service
from app.organizations.errors import (
    MunicipalityExists,
    MunicipalityNotFound,
    OrganizationExists,
    OrganizationNotFound,
    TopicExists,
    TopicNotFound,
    UnitExists,
    UnitNotFound,
)
from app.organizations.models import Organization, Topic, Unit
from app.organizations.schemas import (
    MunicipalityCreate,
    MunicipalityPatch,
    MunicipalityRead,
    OrganizationCreate,
    OrganizationPatch,
    OrganizationRead,
    TopicCreate,
    TopicPatch,
    TopicRead,
    UnitCreate,
    UnitPatch,
    UnitRead,
)

Reader = Annotated[Principal, requires("organizations:read")]
Writer = Annotated[Principal, requires("organizations:write")]

router = APIRouter(prefix="/organizations", tags=["organizations"])
units_router = APIRouter(prefix="/units", tags=["organizations"])
municipalities_router = APIRouter(prefix="/municipalities", tags=["municipalities"])

CREATES = (ValidationFailed, IdempotencyKeyReused, IdempotencyKeyMalformed)
CHANGES = (ValidationFailed, PreconditionFailed, PreconditionRequired)


@router.get(
    "", response_model=Page[OrganizationRead], responses=problems(ValidationFailed), summary="List organizations"
)
async def list_organizations(by: Reader, session: SessionDep, page: PageDep) -> Page[OrganizationRead]:
    """Return the ministry and its subordinate organizations (O-2.2), newest first."""
    query = select(Organization)
    return await paginate(session, query, page, OrganizationRead.model_validate, order=(col(Organization.id),))


@router.post(
    "",
    status_code=201,
    response_model=OrganizationRead,
    responses=problems(OrganizationExists, *CREATES),
    summary="Create an organization",
)
async def create_organization(
    body: OrganizationCreate, by: Writer, session: SessionDep, idempotency: IdempotencyDep
) -> Response:
    """Create a subordinate organization (O-2.2)."""

    async def work() -> Response:
        row = await service.create_organization(session, body, by=by)
        return json_response(OrganizationRead.model_validate(row), version=row.version, status=201)

    return await idempotency(session, by, work)


@router.get(
    "/{organization_id}",
    response_model=OrganizationRead,
    responses=problems(OrganizationNotFound, ValidationFailed),
    summary="Get an organization",
)
async def get_organization(organization_id: UUID, by: Reader, session: SessionDep, request: Request) -> Response:
    """Return an organization."""
    row = await service.get_organization(session, organization_id)
    return conditional_response(request, OrganizationRead.model_validate(row), version=row.version)


@router.patch(
    "/{organization_id}",
    response_model=OrganizationRead,
    responses=problems(OrganizationNotFound, *CHANGES),
    summary="Change or close an organization",
)
async def update_organization(
    organization_id: UUID, body: OrganizationPatch, by: Writer, session: SessionDep, match: IfMatchDep
) -> Response:
    """Change an organization. Organizations are never deleted: set `closed_on` to close one."""
    row = await service.update_organization(session, organization_id, body, match, by=by)
    return json_response(OrganizationRead.model_validate(row), version=row.version)


@units_router.get("", response_model=Page[UnitRead], responses=problems(ValidationFailed), summary="List units")
async def list_units(
    by: Reader,
    session: SessionDep,
    page: PageDep,
    organization_id: Annotated[Id | None, Query(description="Only units of this organization.")] = None,
) -> Page[UnitRead]:
    """Return structural units (O-2.4), newest first."""
    query = select(Unit)
    if organization_id is not None:
        query = query.where(Unit.organization_id == organization_id)
    return await paginate(session, query, page, UnitRead.model_validate, order=(col(Unit.id),))


@units_router.post(
    "", status_code=201, response_model=UnitRead, responses=problems(UnitExists, *CREATES), summary="Create a unit"
)
async def create_unit(body: UnitCreate, by: Writer, session: SessionDep, idempotency: IdempotencyDep) -> Response:
    """Create a structural unit (O-2.4)."""

    async def work() -> Response:
        row = await service.create_unit(session, body, by=by)
        return json_response(UnitRead.model_validate(row), version=row.version, status=201)

    return await idempotency(session, by, work)


@units_router.get(
    "/{unit_id}", response_model=UnitRead, responses=problems(UnitNotFound, ValidationFailed), summary="Get a unit"
)
async def get_unit(unit_id: UUID, by: Reader, session: SessionDep, request: Request) -> Response:
    """Return a structural unit."""
    row = await service.get_unit(session, unit_id)
    return conditional_response(request, UnitRead.model_validate(row), version=row.version)


@units_router.patch(
    "/{unit_id}",
    response_model=UnitRead,
    responses=problems(UnitNotFound, UnitExists, *CHANGES),
    summary="Change or close a unit",
)
async def update_unit(unit_id: UUID, body: UnitPatch, by: Writer, session: SessionDep, match: IfMatchDep) -> Response:
    """Change a unit. Units are never deleted: set `closed_on` to close one."""
    row = await service.update_unit(session, unit_id, body, match, by=by)
    return json_response(UnitRead.model_validate(row), version=row.version)


@units_router.get(
    "/{unit_id}/topics",
    response_model=Page[TopicRead],
    responses=problems(UnitNotFound, ValidationFailed),
    summary="List a unit's competence topics",
)
async def list_topics(unit_id: UUID, by: Reader, session: SessionDep, page: PageDep) -> Page[TopicRead]:
    """Return the competence topics of a unit (O-2.4), newest first."""
    await service.get_unit(session, unit_id)
    query = select(Topic).where(Topic.unit_id == unit_id)
    return await paginate(session, query, page, TopicRead.model_validate, order=(col(Topic.id),))


@units_router.post(
    "/{unit_id}/topics",
    status_code=201,
    response_model=TopicRead,
    responses=problems(UnitNotFound, TopicExists, *CREATES),
    summary="Create a competence topic",
)
async def create_topic(
    unit_id: UUID, body: TopicCreate, by: Writer, session: SessionDep, idempotency: IdempotencyDep
) -> Response:
    """Create a competence topic of a unit (O-2.4)."""

    async def work() -> Response:
        row = await service.create_topic(session, unit_id, body, by=by)
        return json_response(TopicRead.model_validate(row), version=row.version, status=201)

    return await idempotency(session, by, work)


@units_router.get(
    "/{unit_id}/topics/{topic_id}",
    response_model=TopicRead,
    responses=problems(TopicNotFound, ValidationFailed),
    summary="Get a competence topic",
)
async def get_topic(unit_id: UUID, topic_id: UUID, by: Reader, session: SessionDep, request: Request) -> Response:
    """Return a competence topic of a unit."""
    row = await service.get_topic(session, unit_id, topic_id)
    return conditional_response(request, TopicRead.model_validate(row), version=row.version)


@units_router.patch(
    "/{unit_id}/topics/{topic_id}",
    response_model=TopicRead,
    responses=problems(TopicNotFound, TopicExists, *CHANGES),
    summary="Change or close a competence topic",
)
async def update_topic(
    unit_id: UUID, topic_id: UUID, body: TopicPatch, by: Writer, session: SessionDep, match: IfMatchDep
) -> Response:
    """Change a topic. Topics are never deleted: set `closed_on` to close one."""
    row = await service.update_topic(session, unit_id, topic_id, body, match, by=by)
    return json_response(TopicRead.model_validate(row), version=row.version)


@municipalities_router.get(
    "", response_model=Page[MunicipalityRead], responses=problems(ValidationFailed), summary="List municipalities"
)
async def list_municipalities(
    session: SessionDep,
    page: PageDep,
    on_date: Annotated[Day | None, Query(description="Only municipalities that exist on this day.")] = None,
    q: Annotated[Search | None, Query(description="Part of the name, or the OKTMO code.")] = None,
) -> Page[MunicipalityRead]:
    """Return the municipalities of the region by name, including closed ones unless `on_date` is given."""
    rows = await service.list_municipalities(session, on_date, q)
    return paginate_known(rows, page, MunicipalityRead.model_validate, lambda row: [row.name, row.oktmo])


@municipalities_router.post(
    "",
    status_code=201,
    response_model=MunicipalityRead,
    responses=problems(MunicipalityExists, *CREATES),
    summary="Create a municipality",
)
async def create_municipality(
    body: MunicipalityCreate, by: Writer, session: SessionDep, idempotency: IdempotencyDep
) -> Response:
    """Create a municipality, such as a new okrug that replaces a district."""

    async def work() -> Response:
        row = await service.create_municipality(session, body, by=by)
        return json_response(MunicipalityRead.model_validate(row), version=row.version, status=201)

    return await idempotency(session, by, work)


@municipalities_router.get(
    "/{oktmo}",
    response_model=MunicipalityRead,
    responses=problems(MunicipalityNotFound, ValidationFailed),
    summary="Get a municipality",
)
async def get_municipality(oktmo: Search, session: SessionDep, request: Request) -> Response:
    """Return a municipality by its OKTMO code."""
    row = await service.get_municipality(session, oktmo)
    return conditional_response(request, MunicipalityRead.model_validate(row), version=row.version)


@municipalities_router.patch(
    "/{oktmo}",
    response_model=MunicipalityRead,
    responses=problems(MunicipalityNotFound, *CHANGES),
    summary="Change or close a municipality",
)
async def update_municipality(
    oktmo: Search, body: MunicipalityPatch, by: Writer, session: SessionDep, match: IfMatchDep
) -> Response:
    """Change a municipality. To record a reform, set the last day (`valid_to`) and the successor's OKTMO code."""
    row = await service.update_municipality(session, oktmo, body, match, by=by)
    return json_response(MunicipalityRead.model_validate(row), version=row.version)
