"""HTTP routes of template reviews and of outdated templates (O-6.2.6)."""

from uuid import UUID

from fastapi import APIRouter, Response
from sqlmodel import col, select

from app.core.deps import SessionDep
from app.core.etags import IfMatchDep
from app.core.pagination import Page, PageDep, paginate
from app.core.problems import ValidationFailed, problems
from app.reply_templates import queries
from app.reply_templates.errors import TemplateNotFound
from app.reply_templates.models import ReplyTemplate, TemplateReview
from app.reply_templates.router.dependencies import CHANGES, Publisher, Reader, template_response
from app.reply_templates.schemas import OutdatedRead, TemplateRead, TemplateReviewCreate, TemplateReviewRead
from app.reply_templates.service import history, review

router = APIRouter(prefix="/reply-templates", tags=["reply templates"])

BATCH_SIZE = 200


@router.get(
    "/outdated",
    response_model=Page[OutdatedRead],
    responses=problems(ValidationFailed),
    summary="List outdated templates",
)
async def list_outdated_templates(by: Reader, session: SessionDep, page: PageDep) -> Page[OutdatedRead]:
    """List templates of the caller's unit that mention a past date or a legal act no longer in force, newest first.

    Only published texts in use are checked. Each mention is returned with its place and reason (O-6.2.6). A start date
    («с 1 марта 2024») never expires. A date without a year expires only as a deadline («до 1 апреля»).
    """
    found: list[OutdatedRead] = []
    position = page.decode()
    last = position[0] if position else None
    query = select(ReplyTemplate).where(queries.owned_by(by), queries.is_in_use())
    query = query.order_by(col(ReplyTemplate.id).desc()).limit(BATCH_SIZE)
    while len(found) <= page.limit:
        rows = (await session.exec(query.where(col(ReplyTemplate.id) < last) if last else query)).all()
        found += await history.find_outdated(session, rows)
        if len(rows) < BATCH_SIZE:
            break
        last = rows[-1].id
    items = found[: page.limit]
    cursor = page.encode([items[-1].template_id]) if len(found) > page.limit else None
    return Page(items=items, next_cursor=cursor, count=None)


@router.post(
    "/{template_id:uuid}/review",
    response_model=TemplateRead,
    responses=problems(*CHANGES),
    summary="Confirm that a template is current",
)
async def review_template(
    template_id: UUID, body: TemplateReviewCreate, by: Publisher, session: SessionDep, match: IfMatchDep
) -> Response:
    """Confirm that the published version is current. The employee, the time and the note are recorded (O-6.2.6)."""
    row = await review.confirm_template(session, template_id, body.note, match, by=by)
    return await template_response(session, row, by)


@router.get(
    "/{template_id:uuid}/reviews",
    response_model=Page[TemplateReviewRead],
    responses=problems(TemplateNotFound, ValidationFailed),
    summary="List the reviews of a template",
)
async def list_template_reviews(
    template_id: UUID, by: Reader, session: SessionDep, page: PageDep
) -> Page[TemplateReviewRead]:
    """List the reviews of a template of the caller's unit, newest first."""
    query = await review.list_reviews(session, template_id, by)
    return await paginate(session, query, page, queries.read_review, order=(col(TemplateReview.id),))
