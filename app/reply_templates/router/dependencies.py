"""Required scopes, common problems and the responses of the template routes."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Annotated

from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.problems import TransitionNotAllowed, problems
from app.core.security import Principal, requires
from app.reply_templates.errors import TemplateNotFound
from app.reply_templates.models import ReplyTemplate
from app.reply_templates.queries import read_template
from app.reply_templates.schemas import TemplateRead

Reader = Annotated[Principal, requires("templates:read")]
Writer = Annotated[Principal, requires("templates:write")]
Publisher = Annotated[Principal, requires("templates:publish")]

FOUND, CHANGED = problems(TemplateNotFound), problems(TemplateNotFound, TransitionNotAllowed)


def read_for(by: Principal) -> Callable[[AsyncSession, ReplyTemplate], Awaitable[TemplateRead]]:
    """Return the function that builds the response with a template as the caller may see it."""
    return partial(read_template, by=by)
