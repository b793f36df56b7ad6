"""HTTP endpoints of employees' accounts."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response

from app.core.deps import SessionDep
from app.core.etags import IfMatchDep, conditional, versioned
from app.core.idempotency import idempotent
from app.core.pagination import Page, PageDep, paginate
from app.core.problems import problems
from app.core.security import Principal, requires
from app.core.types import Id
from app.identity import queries
from app.identity.commands import NewEmployee
from app.identity.errors import EmployeeExists, EmployeeNotFound
from app.identity.schemas import EmployeeCreate, EmployeePatch, EmployeeRead, PasswordReset
from app.identity.service import employees

EmployeeReader = Annotated[Principal, requires("employees:read")]
EmployeeWriter = Annotated[Principal, requires("employees:write")]

router = APIRouter(prefix="/employees", tags=["employees"])


@router.get("", response_model=Page[EmployeeRead], summary="List employees")
async def list_employees(
    by: EmployeeReader,
    session: SessionDep,
    page: PageDep,
    unit_id: Annotated[Id | None, Query(description="Only employees of this unit.")] = None,
    is_disabled: Annotated[bool | None, Query(description="Only disabled or only enabled employees.")] = None,
) -> Page[EmployeeRead]:
    """Return employees (O-2.3), newest first. Heads see the employees of their own organization only."""
    query = queries.select_employees(by, unit_id, is_disabled)
    return await paginate(session, query, page, EmployeeRead.model_validate, order=queries.EMPLOYEE_ORDER)


@router.post(
    "", status_code=201, response_model=EmployeeRead, responses=problems(EmployeeExists), summary="Create an employee"
)
@idempotent
async def create_employee(body: EmployeeCreate, by: EmployeeWriter, session: SessionDep) -> Response:
    """Create an employee with an account, roles and a unit."""
    row = await employees.create_employee(session, body.to_command(NewEmployee), password=body.password, by=by)
    return await versioned(session, row, EmployeeRead, 201)


@router.get(
    "/{employee_id}", response_model=EmployeeRead, responses=problems(EmployeeNotFound), summary="Get an employee"
)
async def get_employee(employee_id: UUID, by: EmployeeReader, session: SessionDep, request: Request) -> Response:
    """Return an employee with their roles and unit."""
    row = await employees.get_employee(session, employee_id, by)
    return await conditional(request, session, row, EmployeeRead)


@router.patch(
    "/{employee_id}",
    response_model=EmployeeRead,
    responses=problems(EmployeeNotFound, EmployeeExists),
    summary="Change an employee",
)
async def update_employee(
    employee_id: UUID, body: EmployeePatch, by: EmployeeWriter, session: SessionDep, match: IfMatchDep
) -> Response:
    """Change an employee. Changed roles take effect with the next request; disabling ends all sessions."""
    row = await employees.update_employee(session, employee_id, body.changes(), match, by=by)
    return await versioned(session, row, EmployeeRead)


@router.post(
    "/{employee_id}/reset-password",
    response_model=EmployeeRead,
    responses=problems(EmployeeNotFound),
    summary="Reset an employee's password",
)
async def reset_password(
    employee_id: UUID, body: PasswordReset, by: EmployeeWriter, session: SessionDep, match: IfMatchDep
) -> Response:
    """Set a new password for an employee; all sessions of the employee end."""
    row = await employees.reset_password(session, employee_id, body.password, match, by=by)
    return await versioned(session, row, EmployeeRead)
