"""HTTP endpoints of employees' accounts."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from sqlmodel import col, select

from app.core.deps import SessionDep
from app.core.etags import IfMatchDep, conditional_response, json_response
from app.core.idempotency import IdempotencyDep, IdempotencyKeyMalformed, IdempotencyKeyReused
from app.core.pagination import Page, PageDep, paginate
from app.core.problems import PreconditionFailed, PreconditionRequired, ValidationFailed, problems
from app.core.security import Principal, requires
from app.core.types import Id
from app.identity.errors import EmployeeExists, EmployeeNotFound
from app.identity.schemas import EmployeeCreate, EmployeePatch, EmployeeRead, PasswordReset
from app.identity.service import employees
from app.organizations.models import Employee

EmployeeReader = Annotated[Principal, requires("employees:read")]
EmployeeWriter = Annotated[Principal, requires("employees:write")]

router = APIRouter(prefix="/employees", tags=["employees"])

CHANGES = (EmployeeNotFound, ValidationFailed, PreconditionFailed, PreconditionRequired)


@router.get("", response_model=Page[EmployeeRead], responses=problems(ValidationFailed), summary="List employees")
async def list_employees(
    by: EmployeeReader,
    session: SessionDep,
    page: PageDep,
    unit_id: Annotated[Id | None, Query(description="Only employees of this unit.")] = None,
    is_disabled: Annotated[bool | None, Query(description="Only disabled or only enabled employees.")] = None,
) -> Page[EmployeeRead]:
    """Return employees (O-2.3), newest first. Heads see the employees of their own organization only."""
    query = select(Employee).where(employees.visible_to(by))
    if unit_id is not None:
        query = query.where(Employee.unit_id == unit_id)
    if is_disabled is not None:
        query = query.where(Employee.is_disabled == is_disabled)
    return await paginate(session, query, page, EmployeeRead.model_validate, order=(col(Employee.id),))


@router.post(
    "",
    status_code=201,
    response_model=EmployeeRead,
    responses=problems(EmployeeExists, ValidationFailed, IdempotencyKeyReused, IdempotencyKeyMalformed),
    summary="Create an employee",
)
async def create_employee(
    body: EmployeeCreate, by: EmployeeWriter, session: SessionDep, idempotency: IdempotencyDep
) -> Response:
    """Create an employee with an account, roles and a unit."""

    async def work() -> Response:
        row = await employees.create_employee(session, body, by=by)
        return json_response(EmployeeRead.model_validate(row), version=row.version, status=201)

    return await idempotency(session, by, work)


@router.get(
    "/{employee_id}",
    response_model=EmployeeRead,
    responses=problems(EmployeeNotFound, ValidationFailed),
    summary="Get an employee",
)
async def get_employee(employee_id: UUID, by: EmployeeReader, session: SessionDep, request: Request) -> Response:
    """Return an employee with their roles and unit."""
    row = await employees.get_employee(session, employee_id, by)
    return conditional_response(request, EmployeeRead.model_validate(row), version=row.version)


@router.patch(
    "/{employee_id}",
    response_model=EmployeeRead,
    responses=problems(*CHANGES, EmployeeExists),
    summary="Change an employee",
)
async def update_employee(
    employee_id: UUID, body: EmployeePatch, by: EmployeeWriter, session: SessionDep, match: IfMatchDep
) -> Response:
    """Change an employee. Changed roles take effect with the next request; disabling ends all sessions."""
    row = await employees.update_employee(session, employee_id, body, match, by=by)
    return json_response(EmployeeRead.model_validate(row), version=row.version)


@router.post(
    "/{employee_id}/reset-password",
    response_model=EmployeeRead,
    responses=problems(*CHANGES),
    summary="Reset an employee's password",
)
async def reset_password(
    employee_id: UUID, body: PasswordReset, by: EmployeeWriter, session: SessionDep, match: IfMatchDep
) -> Response:
    """Set a new password for an employee; all sessions of the employee end."""
    row = await employees.reset_password(session, employee_id, body.password, match, by=by)
    return json_response(EmployeeRead.model_validate(row), version=row.version)
