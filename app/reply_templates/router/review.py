"""HTTP of keeping templates current: confirmations, and what mentions things that are over (O-6.2.6)."""

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

EXAMINED_AT_ONCE = 200


@router.get(
    "/outdated",
    response_model=Page[OutdatedRead],
    responses=problems(ValidationFailed),
    summary="List templates that mention what is over",
)
async def list_outdated_templates(by: Reader, session: SessionDep, page: PageDep) -> Page[OutdatedRead]:
    """Templates in use of one's own unit whose published text names a day that passed or an act without force.

    Every place is told with its reason (O-6.2.6). A beginning («с 1 марта 2024») does not pass; a day without a year
    passes where something ends with it («до 1 апреля»). Newest first.
    """
    found: list[OutdatedRead] = []
    behind = page.decode()
    last = behind[0] if behind else None
    query = select(ReplyTemplate).where(queries.owned_by(by), queries.is_in_use())
    query = query.order_by(col(ReplyTemplate.id).desc()).limit(EXAMINED_AT_ONCE)
    while len(found) <= page.limit:
        rows = (await session.exec(query.where(col(ReplyTemplate.id) < last) if last else query)).all()
        found += await history.find_outdated(session, rows)
        if len(rows) < EXAMINED_AT_ONCE:
            break
        last = rows[-1].id
    shown = found[: page.limit]
    cursor = page.encode([shown[-1].template_id]) if len(found) > page.limit else None
    return Page(items=shown, next_cursor=cursor, count=None)


@router.post(
    "/{template_id:uuid}/review",
    response_model=TemplateRead,
    responses=problems(*CHANGES),
    summary="Confirm a template as current",
)
async def review_template(
    template_id: UUID, body: TemplateReviewCreate, by: Publisher, session: SessionDep, match: IfMatchDep
) -> Response:
    """Confirm the published version as current, on the record: who, when, and what was looked at (O-6.2.6)."""
    row = await review.confirm_template(session, template_id, body.note, match, by=by)
    return await template_response(session, row, by)


@router.get(
    "/{template_id:uuid}/reviews",
    response_model=Page[TemplateReviewRead],
    responses=problems(TemplateNotFound, ValidationFailed),
    summary="List the confirmations of a template",
)
async def list_template_reviews(
    template_id: UUID, by: Reader, session: SessionDep, page: PageDep
) -> Page[TemplateReviewRead]:
    """Who confirmed a template of one's own unit as current, and when; newest first."""
    query = await review.list_reviews(session, template_id, by)
    return await paginate(session, query, page, queries.read_review, order=(col(TemplateReview.id),))
