"""One-time links to the survey: created by the client-centricity unit, deleted when used (reliability C11)."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core import audit, clock
from app.core.ids import new_id
from app.core.problems import FieldError, ValidationFailed
from app.core.references import unknown_reference
from app.core.security import Principal
from app.core.validity import Validity
from app.surveys.commands import NewLinks
from app.surveys.errors import LinkSpent
from app.surveys.models.links import SurveyLink
from app.surveys.queries import load_form_in_force
from app.surveys.service.references import require_organization, require_point_in_force

TOKEN_BYTES = 16
USUAL_DAYS, MAX_DAYS = 30, 366


@dataclass(frozen=True, slots=True)
class CreatedLinks:
    """New links: their organization, expiry date and tokens, which are not stored."""

    organization_id: UUID
    expires_on: date
    tokens: list[str]


def _compute_hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


async def create_links(session: AsyncSession, new: NewLinks, *, by: Principal) -> CreatedLinks:
    """Create links; the database stores only their hashes."""
    organization = await require_organization(session, new.organization_id)
    zone = ZoneInfo(organization.zone)
    today = clock.today(zone)
    validity = Validity(organization.opened_on, organization.closed_on)
    if not validity.includes(today):  # a closed organization has no survey page
        raise unknown_reference("/organization_id")
    expires_on = new.expires_on or today + timedelta(days=USUAL_DAYS)
    if not 0 <= (expires_on - today).days <= MAX_DAYS:
        ru, en = (
            "Укажите день не раньше сегодняшнего и не позже чем через год.",
            "A day from today to a year ahead is needed.",
        )
        raise ValidationFailed(field_errors=[FieldError("/expires_on", "out_of_range", ru, en)])
    if await load_form_in_force(session, new.form, today, organization.id) is None:
        raise unknown_reference("/form")
    if new.came_from_point_id is not None:
        await require_point_in_force(session, new.came_from_point_id, today, "/came_from_point_id")
    tokens = [secrets.token_urlsafe(TOKEN_BYTES) for _ in range(new.count)]
    common = {
        "form": new.form,
        "organization_id": organization.id,
        "expires_at": clock.day_ends_before(expires_on, zone),
    }
    rows = [{"id": new_id(), "token_hash": _compute_hash(token), **common} for token in tokens]
    await session.exec(sa.insert(SurveyLink), params=rows)
    audit.record(session, by, "survey_links.made", "organization", organization.id)
    return CreatedLinks(organization.id, expires_on, tokens)


async def get_link_organization(session: AsyncSession, token: str, form: str) -> UUID:
    """Return the organization of an unused link. Raises `LinkSpent`."""
    query = select(SurveyLink).where(*_build_usable_filter(token, form))
    row = (await session.exec(query)).first()
    if row is None:
        raise LinkSpent
    return row.organization_id


async def use_link(session: AsyncSession, token: str, form: str) -> None:
    """Delete a link in the transaction that stores the answers; of two concurrent uses one raises `LinkSpent`."""
    used = await session.exec(sa.delete(SurveyLink).where(*_build_usable_filter(token, form)))
    if used.rowcount != 1:
        raise LinkSpent


def _build_usable_filter(token: str, form: str) -> tuple[sa.ColumnElement[bool], ...]:
    row = SurveyLink
    return (col(row.token_hash) == _compute_hash(token), col(row.form) == form, col(row.expires_at) > clock.now())


async def clear_expired(session: AsyncSession) -> int:
    """Delete expired links and return their number."""
    deleted = await session.exec(sa.delete(SurveyLink).where(col(SurveyLink.expires_at) <= clock.now()))
    return int(deleted.rowcount)
