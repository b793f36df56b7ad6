"""HTTP of imports: their progress and report. Each kind of table is handed in at its own domain."""

from uuid import UUID

from fastapi import APIRouter, Request, Response

from app.core.deps import SessionDep
from app.core.etags import conditional_response
from app.core.problems import ValidationFailed, problems
from app.core.security import AnyCaller
from app.imports.errors import ImportNotFound
from app.imports.schemas import ImportRead
from app.imports.service import staging

router = APIRouter(prefix="/imports", tags=["imports"])


@router.get(
    "/{import_id:uuid}",
    response_model=ImportRead,
    responses=problems(ImportNotFound, ValidationFailed),
    summary="Get the progress and report of an import",
)
async def get_import(import_id: UUID, by: AnyCaller, session: SessionDep, request: Request) -> Response:
    """State, rows checked, outcomes, and every fault with its cell and reason; only the one who asked sees it.

    `failed`: nothing was applied, for there are faults. A dry run is `done` whatever it found.
    """
    row = await staging.get_import(session, import_id, by)
    return conditional_response(request, ImportRead.model_validate(row), version=row.version)
