"""Use cases of the survey page: open the form, submit it once, save a draft, resume a draft."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlmodel.ext.asyncio.session import AsyncSession

from app.core import clock
from app.core.idempotency import claim_key, find_fingerprint
from app.core.problems import ValidationFailed
from app.core.validity import Validity
from app.interaction_points import service as points
from app.interaction_points.errors import PointNotFound, PointNotInForce
from app.organizations import service as organizations
from app.organizations.errors import OrganizationNotFound
from app.organizations.rules import Place
from app.surveys.commands import FilledForm
from app.surveys.errors import FormNotFound
from app.surveys.rules.submissions import SubmissionSource
from app.surveys.schemas.forms import FormRead
from app.surveys.service import drafts, forms, links, submissions
from app.web import form_tokens
from app.web.errors import SubmittedAlready
from app.web.form_tokens import FormToken
from app.web.questionnaire import (
    CHOICE,
    MUNICIPALITY,
    TRAP,
    Errors,
    find_unkeepable,
    to_answers,
    to_draft_fields,
    to_form_errors,
)

if TYPE_CHECKING:
    from app.organizations.models import Organization

CALLER = "page"
"""The owner of the idempotency keys of form tokens."""
EXPIRED = "Страница была открыта слишком давно. Ответы сохранены: проверьте их и отправьте ещё раз."
TRAPPED = "Программа заполнила скрытое поле вместо вас. Ответы сохранены: проверьте их и отправьте ещё раз."
NOT_FOUND = "не нашли такого названия: выберите из списка или оставьте поле пустым"
UNCLEAR = "уточните, что вы имели в виду"


@dataclass(frozen=True, slots=True)
class Visit:
    """A form in force as opened by a respondent: its organization, approved point and one-time link."""

    form: FormRead
    organization: Organization
    point_id: UUID | None
    link: str | None
    is_ministry: bool
    day: date
    """Today in the organization's time zone."""

    def address(self, page: str = "", *, with_link: bool = True) -> str:
        """Return the path of a page of this form for the same organization, point and link.

        The organization is included beside the link, because the link is gone after its use.
        """
        query: dict[str, Any] = {}
        if self.link and with_link:
            query["link"] = self.link
        if not self.is_ministry:
            query["organization"] = self.organization.id
        if self.point_id:
            query["point"] = self.point_id
        return f"/survey/{self.form.key}{page}" + (f"?{urlencode(query)}" if query else "")


@dataclass(frozen=True, slots=True)
class Saved:
    """A saved draft: its code and expiry time."""

    code: str
    until: datetime


@dataclass(frozen=True, slots=True)
class Refused:
    """A form with errors, and the municipalities that the typed name may mean."""

    errors: Errors
    candidates: tuple[Place, ...] = ()


TOO_MANY = Refused(
    Errors(general=["С вашего адреса пришло слишком много анкет подряд. Подождите минуту и отправьте ещё раз."])
)
"""The client address is over its limit; the form is shown again with the answers."""


async def load_visit(session: AsyncSession, key: str, organization: str = "", point: str = "", link: str = "") -> Visit:
    """Load the form in force under a key. Raises `FormNotFound`, or `LinkSpent` for a used or expired link.

    An unknown point, or one that is not in force, is ignored, so that the respondent still gets the form.
    """
    ministry = await organizations.get_ministry(session)
    if link:
        row = await organizations.get_organization(session, await links.get_link_organization(session, link, key))
    elif organization:
        row = await _get_organization(session, organization)
    else:
        row = ministry
    day = clock.today(ZoneInfo(row.zone))
    form = await forms.read_current_form(session, key, row.id, day)
    if not Validity(row.opened_on, row.closed_on).includes(day):
        raise FormNotFound
    return Visit(
        form=form,
        organization=row,
        point_id=await _find_point_in_force(session, point, day),
        link=link or None,
        is_ministry=row.id == ministry.id,
        day=day,
    )


async def _get_organization(session: AsyncSession, organization_id: str) -> Organization:
    try:
        return await organizations.get_organization(session, UUID(organization_id))
    except (ValueError, OrganizationNotFound):
        raise FormNotFound from None


async def _find_point_in_force(session: AsyncSession, point_id: str, day: date) -> UUID | None:
    try:
        point = await points.get_point(session, UUID(point_id), None)
        await points.require_in_force(session, point, day)
    except (ValueError, PointNotFound, PointNotInForce):
        return None
    return point.id


async def send_form(
    session: AsyncSession, visit: Visit, fields: Mapping[str, str], secret: str
) -> Refused | Saved | None:
    """Save a draft if the respondent asked for it, otherwise store the completed form."""
    if fields.get("action") == "save":
        return await save(session, visit, fields, secret)
    return await submit_form(session, visit, fields, secret)


async def is_submitted(session: AsyncSession, key: str, fields: Mapping[str, str], secret: str) -> bool:
    """Return whether this form was submitted before; checked first, because its one-time link is gone by then.

    Raises `SubmittedAlready` if it was submitted with other answers.
    """
    token = _parse_token(fields, secret)
    if token is None:
        return False
    first = await find_fingerprint(session, CALLER, _build_operation(key), token.key)
    if first not in (None, _compute_fingerprint(token, fields)):
        raise SubmittedAlready
    return first is not None


def _build_operation(key: str) -> str:
    return f"POST /survey/{key}"


def _compute_fingerprint(token: FormToken, fields: Mapping[str, str]) -> str:
    return form_tokens.compute_fingerprint(token, urlencode(sorted(fields.items())))


async def submit_form(session: AsyncSession, visit: Visit, fields: Mapping[str, str], secret: str) -> Refused | None:
    """Store a completed form, or return its errors; of two concurrent requests with one form, one is stored."""
    token = _parse_token(fields, secret)
    if token is None or token.is_expired:
        return Refused(Errors(general=[EXPIRED]))
    if fields.get(TRAP):
        return Refused(Errors(general=[TRAPPED]))
    municipality, refused = await _match_municipality(session, visit, fields)
    filled = FilledForm(
        form=visit.form.key,
        organization_id=visit.organization.id,
        municipality=municipality,
        source=SubmissionSource.WEB,
        answers=to_answers(fields),
        came_from_point_id=visit.point_id,
    )
    try:
        async with session.begin_nested():
            if not await claim_key(
                session, CALLER, _build_operation(visit.form.key), token.key, _compute_fingerprint(token, fields)
            ):
                await is_submitted(session, visit.form.key, fields, secret)
                return None
            if visit.link is not None:
                await links.use_link(session, visit.link, visit.form.key)
            await submissions.submit_survey(session, filled, by=None)
            await drafts.delete_draft(session, _get_code(token, fields, secret))
            if refused is not None:
                raise ValidationFailed  # rolls everything back, after all other errors were collected
    except ValidationFailed as refusal:
        errors = to_form_errors(refusal.field_errors)
        if refused is not None:
            errors.by_field = refused.errors.by_field | errors.by_field
            return Refused(errors, refused.candidates)
        return Refused(errors)
    return None


async def save(session: AsyncSession, visit: Visit, fields: Mapping[str, str], secret: str) -> Saved | Refused:
    """Save a draft under the code it was resumed with, or under a new one."""
    token = _parse_token(fields, secret)
    if token is None or token.is_expired:
        return Refused(Errors(general=[EXPIRED]))
    if errors := find_unkeepable(fields):
        return Refused(errors)
    code = _get_code(token, fields, secret)
    return Saved(
        code, await drafts.save_draft(session, code, visit.form.key, visit.organization.id, to_draft_fields(fields))
    )


def _get_code(token: FormToken, fields: Mapping[str, str], secret: str) -> str:
    """Return the code of the form: the one it was resumed with, or the one of this page."""
    return drafts.normalize_draft_code(fields.get("code", "")) or form_tokens.compute_code(secret, token)


async def resume(session: AsyncSession, visit: Visit, typed: str) -> tuple[str, dict[str, str]]:
    """Return a draft by its code: the code as digits, and the fields. Raises `CodeUnknown`."""
    code = drafts.normalize_draft_code(typed) or ""
    return code, await drafts.find_draft(session, code, visit.form.key, visit.organization.id)


async def list_municipality_names(session: AsyncSession, visit: Visit) -> list[str]:
    """Return the names of the municipalities that exist today, for suggestions under the field."""
    return sorted(row.name for row in await organizations.list_municipalities(session, visit.day, None))


def make_form_token(fields: Mapping[str, str], secret: str) -> str:
    """Return the token of a form: the one it came with while valid, so that it remains the same form."""
    token = _parse_token(fields, secret)
    return fields["token"] if token and not token.is_expired else form_tokens.make(secret, clock.now())


def _parse_token(fields: Mapping[str, str], secret: str) -> FormToken | None:
    return form_tokens.read(secret, fields.get("token", ""), clock.now())


async def _match_municipality(
    session: AsyncSession, visit: Visit, fields: Mapping[str, str]
) -> tuple[str | None, Refused | None]:
    typed = fields.get(MUNICIPALITY, "").strip()
    if not typed:
        return None, None
    found = await organizations.match_municipality(session, typed, visit.day)
    if found.place is not None:
        return found.place.oktmo, None
    if (chosen := fields.get(CHOICE)) and chosen in {place.oktmo for place in found.candidates}:
        return chosen, None
    text = UNCLEAR if found.candidates else NOT_FOUND
    return None, Refused(Errors(by_field={MUNICIPALITY: text}), found.candidates)
