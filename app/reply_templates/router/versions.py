"""HTTP routes of template versions and their differences."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query

from app.core.deps import SessionDep
from app.core.pagination import Page
from app.core.problems import ValidationFailed, problems
from app.reply_templates import queries
from app.reply_templates.errors import TemplateNotFound
from app.reply_templates.router.dependencies import Reader
from app.reply_templates.schemas import DiffRead, TemplateVersionRead
from app.reply_templates.service import history, templates

router = APIRouter(prefix="/reply-templates", tags=["reply templates"])

MAX_INTEGER = 2_147_483_647


@router.get(
    "/{template_id:uuid}/versions",
    response_model=Page[TemplateVersionRead],
    responses=problems(TemplateNotFound, ValidationFailed),
    summary="List the versions of a template",
)
async def list_template_versions(template_id: UUID, by: Reader, session: SessionDep) -> Page[TemplateVersionRead]:
    """List all versions of a template, newest first, always on one page. A sent reply keeps its version.

    Only the published version of another unit's template is returned.
    """
    rows, is_own = await templates.list_versions(session, template_id, by)
    return Page(items=[queries.read_version(row, is_own=is_own) for row in rows], next_cursor=None, count=None)


@router.get(
    "/{template_id:uuid}/versions/{number}/diff",
    response_model=DiffRead,
    responses=problems(TemplateNotFound, ValidationFailed),
    summary="Compare two versions of a template",
)
async def compare_template_versions(
    template_id: UUID,
    number: Annotated[int, Path(ge=1, le=MAX_INTEGER)],
    by: Reader,
    session: SessionDep,
    against: Annotated[
        int | None, Query(ge=0, le=MAX_INTEGER, description="The version to compare with; by default the previous one.")
    ] = None,
) -> DiffRead:
    """Compare the title and text word by word, and the keywords, typical messages, topics and defaults item by item."""
    return await history.compare_versions(session, template_id, number, against, by=by)
