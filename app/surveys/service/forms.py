"""Versions of the form (A-1)."""

from sqlmodel.ext.asyncio.session import AsyncSession

from app.core import clock
from app.surveys.errors import FormNotFound
from app.surveys.models import SurveyForm
from app.surveys.queries import form_in_force


async def current_form(session: AsyncSession, key: str) -> SurveyForm:
    """The version in force today, or `FormNotFound`."""
    row = await form_in_force(session, key, clock.today())
    if row is None:
        raise FormNotFound
    return row
