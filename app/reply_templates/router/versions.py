"""HTTP routes of template versions, their differences and reviews, and of outdated templates (O-6.2.6)."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query
from sqlmodel import col

from app.core.deps import SessionDep
from app.core.pagination import Page, PageDep, paginate
from app.reply_templates import queries
from app.reply_templates.models import TemplateReview
from app.reply_templates.router.dependencies import FOUND, Reader
from app.reply_templates.schemas import DiffRead, OutdatedRead, TemplateReviewRead, TemplateVersionRead
from app.reply_templates.service import access, history, templates

router = APIRouter(prefix="/reply-templates", tags=["reply templates"])

MAX_INTEGER = 2_147_483_647


@router.get("/outdated", response_model=Page[OutdatedRead], summary="List outdated templates")
async def list_outdated_templates(by: Reader, session: SessionDep, page: PageDep) -> Page[OutdatedRead]:
    """List templates of the caller's unit that mention a past date or a legal act no longer in force, newest first.

    Only published texts in use are checked. Each mention is returned with its place and reason (O-6.2.6). A start date
    («с 1 марта 2024») never expires. A date without a year expires only as a deadline («до 1 апреля»).
    """
    (last,) = page.decode() or [None]
    found = await history.find_outdated(session, by, before=last, wanted=page.limit + 1)
    items = found[: page.limit]
    cursor = page.encode([items[-1].template_id]) if len(found) > page.limit else None
    return Page(items=items, next_cursor=cursor, count=None)


@router.get(
    "/{template_id:uuid}/reviews",
    response_model=Page[TemplateReviewRead],
    responses=FOUND,
    summary="List the reviews of a template",
)
async def list_template_reviews(
    template_id: UUID, by: Reader, session: SessionDep, page: PageDep
) -> Page[TemplateReviewRead]:
    """List the reviews of a template of the caller's unit, newest first."""
    row = await access.get_own_template(session, template_id, by)
    query = queries.select_reviews(row.id)
    return await paginate(session, query, page, queries.read_review, order=(col(TemplateReview.id),))


@router.get(
    "/{template_id:uuid}/versions",
    response_model=Page[TemplateVersionRead],
    responses=FOUND,
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
    responses=FOUND,
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
