"""The page for entering paper questionnaires: the digits of a sheet in the order of its codes (A-1.fn)."""

import re
from collections.abc import Mapping, Sequence
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import RedirectResponse
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.deps import SessionDep, SettingsDep
from app.core.security import Principal
from app.organizations import service as organizations
from app.surveys.service import submissions
from app.web import paper_sheets
from app.web.page_sessions import PATH, signed_in
from app.web.pages import page
from app.web.questionnaire import read_fields
from app.web.same_origin import SameOrigin

router = APIRouter(prefix=f"{PATH}/paper", include_in_schema=False)

READ = ["GET", "HEAD"]
_FIELD = re.compile(r"organization|batch|municipality|filled_at|number|digits|[0-9]{1,3}\.[0-9]{1,3}\.comment")
KEPT = ("organization", "batch", "municipality", "filled_at")
"""Fields shared by the sheets of a batch; they are kept for the next sheet."""


async def _require_entry_right(
    by: Annotated[Principal, Depends(signed_in("surveys:enter"))], session: SessionDep
) -> Principal:
    await submissions.require_client_centricity_unit(session, by)
    return by


async def _read_form(request: Request) -> dict[str, str]:
    return read_fields(await request.body(), lambda name: _FIELD.fullmatch(name) is not None)


Operator = Annotated[Principal, Depends(_require_entry_right)]
Fields = Annotated[dict[str, str], Depends(_read_form)]


async def _render_page(
    session: AsyncSession, by: Principal, typed: Mapping[str, str], errors: Sequence[str] = ()
) -> Response:
    sheet_form = await paper_sheets.load_sheet_form(session, typed)
    return page(
        "paper.html",
        422 if errors else 200,
        by=by,
        organization=sheet_form.organization,
        organizations=await organizations.list_organizations(session),
        places=sheet_form.places,
        typed=typed,
        errors=errors,
        municipalities=[row.name for row in await organizations.list_municipalities(session, None, None)],
    )


@router.api_route("", methods=READ)
async def open_paper(by: Operator, request: Request, session: SessionDep) -> Response:
    """Show an empty sheet with the shared fields of the previous one."""
    return await _render_page(session, by, dict(request.query_params))


@router.post("")
async def enter_sheet(
    _: SameOrigin, by: Operator, fields: Fields, session: SessionDep, settings: SettingsDep
) -> Response:
    """Store the sheet and redirect to the next one; a repeated submission is stored once."""
    if errors := await paper_sheets.enter_sheet(session, fields, settings.secret_key, by=by):
        return await _render_page(session, by, fields, errors)
    number = fields["number"].strip()
    next_fields = {name: fields[name] for name in KEPT if fields.get(name)}
    next_fields |= {"number": str(int(number) + 1), "stored": number}
    return RedirectResponse(f"{PATH}/paper?{urlencode(next_fields)}", 303)
