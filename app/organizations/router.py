"""HTTP endpoints of organizations, units with their topics, and municipalities."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from sqlmodel import col

from app.core.deps import SessionDep
from app.core.etags import IfMatchDep, conditional, versioned
from app.core.idempotency import idempotent
from app.core.pagination import Page, PageDep, paginate, paginate_known
from app.core.problems import problems
from app.core.security import Principal, requires
from app.core.types import Day, Id, Search
from app.organizations import administration, queries, service
from app.organizations.commands import NewMunicipality, NewOrganization, NewUnit
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


@router.get("", response_model=Page[OrganizationRead], summary="List organizations")
async def list_organizations(by: Reader, session: SessionDep, page: PageDep) -> Page[OrganizationRead]:
    """Return the ministry and its subordinate organizations (O-2.2), newest first."""
    query = queries.select_organizations()
    return await paginate(session, query, page, OrganizationRead.model_validate, order=(col(Organization.id),))


@router.post(
    "",
    status_code=201,
    response_model=OrganizationRead,
    responses=problems(OrganizationExists),
    summary="Create an organization",
)
@idempotent
async def create_organization(body: OrganizationCreate, by: Writer, session: SessionDep) -> Response:
    """Create a subordinate organization (O-2.2)."""
    row = await administration.create_organization(session, body.to_command(NewOrganization), by=by)
    return await versioned(session, row, OrganizationRead, 201)


@router.get(
    "/{organization_id}",
    response_model=OrganizationRead,
    responses=problems(OrganizationNotFound),
    summary="Get an organization",
)
async def get_organization(organization_id: UUID, by: Reader, session: SessionDep, request: Request) -> Response:
    """Return an organization."""
    row = await service.get_organization(session, organization_id)
    return await conditional(request, session, row, OrganizationRead)


@router.patch(
    "/{organization_id}",
    response_model=OrganizationRead,
    responses=problems(OrganizationNotFound),
    summary="Change or close an organization",
)
async def update_organization(
    organization_id: UUID, body: OrganizationPatch, by: Writer, session: SessionDep, match: IfMatchDep
) -> Response:
    """Change an organization. Organizations are never deleted: set `closed_on` to close one."""
    row = await administration.update_organization(session, organization_id, body.changes(), match, by=by)
    return await versioned(session, row, OrganizationRead)


@units_router.get("", response_model=Page[UnitRead], summary="List units")
async def list_units(
    by: Reader,
    session: SessionDep,
    page: PageDep,
    organization_id: Annotated[Id | None, Query(description="Only units of this organization.")] = None,
) -> Page[UnitRead]:
    """Return structural units (O-2.4), newest first."""
    query = queries.select_units(organization_id)
    return await paginate(session, query, page, UnitRead.model_validate, order=(col(Unit.id),))


@units_router.post(
    "", status_code=201, response_model=UnitRead, responses=problems(UnitExists), summary="Create a unit"
)
@idempotent
async def create_unit(body: UnitCreate, by: Writer, session: SessionDep) -> Response:
    """Create a structural unit (O-2.4)."""
    row = await administration.create_unit(session, body.to_command(NewUnit), by=by)
    return await versioned(session, row, UnitRead, 201)


@units_router.get("/{unit_id}", response_model=UnitRead, responses=problems(UnitNotFound), summary="Get a unit")
async def get_unit(unit_id: UUID, by: Reader, session: SessionDep, request: Request) -> Response:
    """Return a structural unit."""
    return await conditional(request, session, await service.get_unit(session, unit_id), UnitRead)


@units_router.patch(
    "/{unit_id}",
    response_model=UnitRead,
    responses=problems(UnitNotFound, UnitExists),
    summary="Change or close a unit",
)
async def update_unit(unit_id: UUID, body: UnitPatch, by: Writer, session: SessionDep, match: IfMatchDep) -> Response:
    """Change a unit. Units are never deleted: set `closed_on` to close one."""
    row = await administration.update_unit(session, unit_id, body.changes(), match, by=by)
    return await versioned(session, row, UnitRead)


@units_router.get(
    "/{unit_id}/topics",
    response_model=Page[TopicRead],
    responses=problems(UnitNotFound),
    summary="List a unit's competence topics",
)
async def list_topics(unit_id: UUID, by: Reader, session: SessionDep, page: PageDep) -> Page[TopicRead]:
    """Return the competence topics of a unit (O-2.4), newest first."""
    unit = await service.get_unit(session, unit_id)
    query = queries.select_topics(unit.id)
    return await paginate(session, query, page, TopicRead.model_validate, order=(col(Topic.id),))


@units_router.post(
    "/{unit_id}/topics",
    status_code=201,
    response_model=TopicRead,
    responses=problems(UnitNotFound, TopicExists),
    summary="Create a competence topic",
)
@idempotent
async def create_topic(unit_id: UUID, body: TopicCreate, by: Writer, session: SessionDep) -> Response:
    """Create a competence topic of a unit (O-2.4)."""
    row = await administration.create_topic(session, unit_id, name=body.name, keywords=body.keywords, by=by)
    return await versioned(session, row, TopicRead, 201)


@units_router.get(
    "/{unit_id}/topics/{topic_id}",
    response_model=TopicRead,
    responses=problems(TopicNotFound),
    summary="Get a competence topic",
)
async def get_topic(unit_id: UUID, topic_id: UUID, by: Reader, session: SessionDep, request: Request) -> Response:
    """Return a competence topic of a unit."""
    row = await service.get_topic(session, unit_id, topic_id)
    return await conditional(request, session, row, TopicRead)


@units_router.patch(
    "/{unit_id}/topics/{topic_id}",
    response_model=TopicRead,
    responses=problems(TopicNotFound, TopicExists),
    summary="Change or close a competence topic",
)
async def update_topic(
    unit_id: UUID, topic_id: UUID, body: TopicPatch, by: Writer, session: SessionDep, match: IfMatchDep
) -> Response:
    """Change a topic. Topics are never deleted: set `closed_on` to close one."""
    row = await administration.update_topic(session, unit_id, topic_id, body.changes(), match, by=by)
    return await versioned(session, row, TopicRead)


@municipalities_router.get("", response_model=Page[MunicipalityRead], summary="List municipalities")
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
    responses=problems(MunicipalityExists),
    summary="Create a municipality",
)
@idempotent
async def create_municipality(body: MunicipalityCreate, by: Writer, session: SessionDep) -> Response:
    """Create a municipality, such as a new okrug that replaces a district."""
    row = await administration.create_municipality(session, body.to_command(NewMunicipality), by=by)
    return await versioned(session, row, MunicipalityRead, 201)


@municipalities_router.get(
    "/{oktmo}", response_model=MunicipalityRead, responses=problems(MunicipalityNotFound), summary="Get a municipality"
)
async def get_municipality(oktmo: Search, session: SessionDep, request: Request) -> Response:
    """Return a municipality by its OKTMO code."""
    return await conditional(request, session, await service.get_municipality(session, oktmo), MunicipalityRead)


@municipalities_router.patch(
    "/{oktmo}",
    response_model=MunicipalityRead,
    responses=problems(MunicipalityNotFound),
    summary="Change or close a municipality",
)
async def update_municipality(
    oktmo: Search, body: MunicipalityPatch, by: Writer, session: SessionDep, match: IfMatchDep
) -> Response:
    """Change a municipality. To record a reform, set the last day (`valid_to`) and the successor's OKTMO code."""
    row = await administration.update_municipality(session, oktmo, body.changes(), match, by=by)
    return await versioned(session, row, MunicipalityRead)
