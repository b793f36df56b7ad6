"""HTTP endpoints of imports: progress and report. Each domain has its own endpoint to upload a table."""

from uuid import UUID

from fastapi import APIRouter, Request, Response

from app.core.deps import SessionDep
from app.core.etags import conditional
from app.core.problems import problems
from app.core.security import AnyCaller
from app.imports.errors import ImportNotFound
from app.imports.schemas import ImportRead
from app.imports.service import staging

router = APIRouter(prefix="/imports", tags=["imports"])


@router.get("/{import_id:uuid}", response_model=ImportRead, responses=problems(ImportNotFound), summary="Get an import")
async def get_import(import_id: UUID, by: AnyCaller, session: SessionDep, request: Request) -> Response:
    """Return the progress and the report of an import: state, row counts, and errors with cell and reason.

    Only the caller who requested the import sees it. In the state `failed` nothing was applied because of errors. A
    dry run always ends as `done`.
    """
    row = await staging.get_import(session, import_id, by)
    return await conditional(request, session, row, ImportRead)
