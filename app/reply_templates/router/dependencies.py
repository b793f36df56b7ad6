"""Required scopes, common problems and the response of the template routes."""

from typing import Annotated

from fastapi import Response
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.etags import json_response
from app.core.problems import PreconditionFailed, PreconditionRequired, TransitionNotAllowed, ValidationFailed
from app.core.security import Principal, requires
from app.reply_templates import queries
from app.reply_templates.errors import TemplateNotFound
from app.reply_templates.models import ReplyTemplate

Reader = Annotated[Principal, requires("templates:read")]
Writer = Annotated[Principal, requires("templates:write")]
Publisher = Annotated[Principal, requires("templates:publish")]

CHANGES = (TemplateNotFound, ValidationFailed, PreconditionFailed, PreconditionRequired, TransitionNotAllowed)


async def template_response(session: AsyncSession, row: ReplyTemplate, by: Principal, status: int = 200) -> Response:
    """Return a template as the caller sees it, with its ETag."""
    return json_response((await queries.read_templates(session, [row], by))[0], version=row.version, status=status)
