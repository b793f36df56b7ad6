"""The form on paper (A-1.fn): a PDF built by typst from `data/questionnaire.typ`, with a QR code of its page."""

import asyncio
import hashlib
import io
import json
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from uuid import UUID
from zoneinfo import ZoneInfo

import segno
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core import clock
from app.core.problems import FieldError, ValidationFailed
from app.core.references import unknown_reference
from app.documents.pdf import render_pdf
from app.interaction_points import service as points
from app.interaction_points.errors import PointNotFound, PointNotInForce
from app.organizations import service as organizations
from app.organizations.errors import OrganizationNotFound
from app.organizations.models import Organization, OrganizationKind
from app.surveys.models.forms import SurveyForm
from app.surveys.queries import read_form
from app.surveys.schemas.forms import FormRead, QuestionRead

TEMPLATE = Path(__file__).parent / "data" / "questionnaire.typ"
FIXED_MOMENT = datetime(2024, 2, 15, tzinfo=UTC)
"""The creation time in every file, so that the same form gives the same file, byte for byte."""


async def load_form_data(
    session: AsyncSession, row: SurveyForm, public_url: str, organization_id: UUID | None, point_id: UUID | None
) -> str:
    """Return the data to print as JSON: a form version for an organization, with the address of its page."""
    organization = await _get_organization(session, row, organization_id)
    query: dict[str, Any] = {}
    if organization.kind is not OrganizationKind.MINISTRY:
        query["organization"] = organization.id
    if point_id is not None:
        await _require_point(session, point_id, organization)
        query["point"] = point_id
    address = f"{public_url}/survey/{row.key}{'?' if query else ''}{urlencode(query)}"
    return json.dumps(_build_data(read_form(row), organization.name, address), ensure_ascii=False, sort_keys=True)


def compute_tag(data: str) -> str:
    """Return the entity tag of the printed data."""
    return f'"{hashlib.sha256(TEMPLATE.read_bytes() + data.encode()).hexdigest()[:32]}"'


async def render_form_pdf(data: str) -> bytes:
    """Render the PDF of the prepared data."""
    return await asyncio.to_thread(_render, data)


@lru_cache(maxsize=16)
def _render(data: str) -> bytes:
    return render_pdf(TEMPLATE, json.loads(data), FIXED_MOMENT)


async def _get_organization(session: AsyncSession, row: SurveyForm, requested: UUID | None) -> Organization:
    if row.organization_id is not None and requested not in (None, row.organization_id):
        ru, en = "Эта версия составлена для другой организации.", "The version belongs to another organization."
        raise ValidationFailed(field_errors=[FieldError("/organization_id", "organization_differs", ru, en, "query")])
    organization_id = row.organization_id or requested
    if organization_id is None:
        return await organizations.get_ministry(session)
    try:
        return await organizations.get_organization(session, organization_id)
    except OrganizationNotFound:
        raise unknown_reference("/organization_id") from None


async def _require_point(session: AsyncSession, point_id: UUID, organization: Organization) -> None:
    today = clock.today(ZoneInfo(organization.zone))
    try:
        await points.require_in_force(session, await points.get_point(session, point_id, None), today)
    except (PointNotFound, PointNotInForce):
        raise unknown_reference("/point_id") from None


def _build_data(form: FormRead, organization: str, address: str) -> dict[str, Any]:
    image = io.BytesIO()
    segno.make_qr(address, error="m").save(image, kind="svg", border=2, xmldecl=False)
    statistical, *assessment = form.blocks
    return {
        "title": form.title,
        "version": form.version,
        "organization": organization,
        "statistical": {
            "title": statistical.title,
            "note": statistical.note,
            # Question 1 names the organization that conducts the survey.
            "questions": [
                [q.number, q.code, organization if q.key == "agency" else q.text] for q in statistical.questions
            ],
        },
        "blocks": [
            {"title": block.title, "questions": [_build_question(form, question) for question in block.questions]}
            for block in assessment
        ],
        "address": address,
        "qr": image.getvalue().decode(),
    }


def _build_question(form: FormRead, question: QuestionRead) -> dict[str, Any]:
    scale, follow_up = question.scale, question.follow_up
    rows = [
        [f"{question.number}.{place}", f"{question.code}.{source.suffix}", source.text]
        for place, source in enumerate(form.sources, 1)
    ]
    options = [[str(option.value), option.text] for option in question.options]
    return {
        "number": question.number,
        "code": question.code,
        "text": question.text,
        "rows": rows if question.per_source else [],
        "values": [str(value) for value in range(scale.min, scale.max + 1)] if scale else [one[0] for one in options],
        "options": options,
        "scale": [str(scale.min), scale.min_text, str(scale.max), scale.max_text] if scale else None,
        "follow_up": {"text": follow_up.text, "at_most": follow_up.row_at_most} if follow_up else None,
    }
