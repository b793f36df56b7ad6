"""HTTP of survey forms."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from sqlmodel import col, select

from app.core.concurrency import conditional
from app.core.deps import SessionDep
from app.core.pagination import Page, PageDep, paginate_rows
from app.core.problems import Invalid, problems
from app.core.types import Key, Label
from app.surveys import queries
from app.surveys.errors import FormNotFound
from app.surveys.models import FormState, SurveyForm
from app.surveys.schemas import FormRead
from app.surveys.service import forms

router = APIRouter(prefix="/survey-forms", tags=["survey forms"])


@router.get("", response_model=Page[FormRead], responses=problems(Invalid), summary="List survey forms")
async def list_forms(session: SessionDep, page: PageDep, key: Annotated[Key | None, Query()] = None) -> Page[FormRead]:
    """The published versions of all forms, newest first. No token."""
    query = select(SurveyForm).where(SurveyForm.state == FormState.PUBLISHED)
    if key is not None:
        query = query.where(SurveyForm.key == key)
    rows, cursor, count = await paginate_rows(session, query, page, order=(col(SurveyForm.id),))
    return Page(items=[queries.read_form(row) for row in rows], next_cursor=cursor, count=count)


@router.get(
    "/{key}", response_model=FormRead, responses=problems(FormNotFound, Invalid), summary="Get the current form"
)
async def get_form(key: Label, session: SessionDep, request: Request) -> Response:
    """The version in force today, in the exact wording of Appendix 1, with its sources and codes (A-1). No token."""
    row = await forms.current_form(session, key)
    return conditional(request, queries.read_form(row), version=row.version)
