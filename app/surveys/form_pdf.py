"""The form on paper (A-1.fn): a PDF built by typst from `data/questionnaire.typ`, with a QR code of its page."""

import asyncio
import hashlib
import io
import json
from dataclasses import dataclass
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
from app.documents.pdf import render_pdf
from app.organizations import service as organizations
from app.surveys.models.forms import SurveyForm
from app.surveys.queries import read_form
from app.surveys.schemas.forms import FormRead, QuestionRead
from app.surveys.service.references import require_organization, require_point_in_force

TEMPLATE = Path(__file__).parent / "data" / "questionnaire.typ"
FIXED_MOMENT = datetime(2024, 2, 15, tzinfo=UTC)
"""The creation time in every file, so that the same form gives the same file, byte for byte."""


@dataclass(frozen=True, slots=True)
class PrintedForm:
    """A form version for an organization, with the address of its page."""

    form: FormRead
    organization: str
    address: str


async def load_printed_form(
    session: AsyncSession, row: SurveyForm, public_url: str, organization_id: UUID | None, point_id: UUID | None
) -> PrintedForm:
    """Load what is printed. Raises 422 for an organization or a point that the version cannot be printed for."""
    if row.organization_id is not None and organization_id not in (None, row.organization_id):
        ru, en = "Эта версия составлена для другой организации.", "The version belongs to another organization."
        raise ValidationFailed(field_errors=[FieldError("/organization_id", "organization_differs", ru, en, "query")])
    organization = await require_organization(session, row.organization_id or organization_id)
    query: dict[str, Any] = {}
    if organization.id != (await organizations.get_ministry(session)).id:
        query["organization"] = organization.id
    if point_id is not None:
        await require_point_in_force(session, point_id, clock.today(ZoneInfo(organization.zone)), "/point_id")
        query["point"] = point_id
    address = f"{public_url}/survey/{row.key}{'?' if query else ''}{urlencode(query)}"
    return PrintedForm(read_form(row), organization.name, address)


def compute_tag(data: str) -> str:
    """Return the entity tag of the printed data."""
    return f'"{hashlib.sha256(TEMPLATE.read_bytes() + data.encode()).hexdigest()[:32]}"'


async def render_form_pdf(data: str) -> bytes:
    """Render the PDF of the prepared data."""
    return await asyncio.to_thread(_render, data)


@lru_cache(maxsize=16)
def _render(data: str) -> bytes:
    return render_pdf(TEMPLATE, json.loads(data), FIXED_MOMENT)


def build_data(printed: PrintedForm) -> str:
    """Build the data of the template as JSON."""
    data = _build_data(printed.form, printed.organization, printed.address)
    return json.dumps(data, ensure_ascii=False, sort_keys=True)


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
