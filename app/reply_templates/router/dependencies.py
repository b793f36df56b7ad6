"""Who may do what with templates, and how one is answered."""

from typing import Annotated

from fastapi import Response
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.etags import answer
from app.core.problems import Invalid, MoveNotAllowed, PreconditionRequired, Stale
from app.core.security import Principal, requires
from app.reply_templates import queries
from app.reply_templates.errors import TemplateNotFound
from app.reply_templates.models import ReplyTemplate

Reader = Annotated[Principal, requires("templates:read")]
Writer = Annotated[Principal, requires("templates:write")]
Publisher = Annotated[Principal, requires("templates:publish")]

CHANGES = (TemplateNotFound, Invalid, Stale, PreconditionRequired, MoveNotAllowed)


async def answer_template(session: AsyncSession, row: ReplyTemplate, by: Principal, status: int = 200) -> Response:
    """The template as the caller sees it, with its ETag."""
    return answer((await queries.read_templates(session, [row], by))[0], version=row.version, status=status)
