"""Use cases of the survey's page: open it, hand the form in once, keep it half-filled, come back to it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from urllib.parse import urlencode
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlmodel.ext.asyncio.session import AsyncSession

from app.core import clock
from app.core.idempotency import claim_key, find_fingerprint
from app.core.problems import ValidationFailed
from app.interaction_points import service as points
from app.interaction_points.errors import PointNotFound, PointNotInForce
from app.organizations import service as organizations
from app.organizations.errors import OrganizationNotFound
from app.organizations.models import Organization
from app.organizations.rules import Place, is_valid_on
from app.surveys.errors import FormNotFound
from app.surveys.models import SubmissionSource
from app.surveys.queries import load_form_in_force, read_form
from app.surveys.schemas import FormRead, SubmissionCreate
from app.surveys.service import drafts, links, submissions
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

CALLER = "page"
"""The owner of the idempotency keys that are tokens of forms."""
EXPIRED = "Страница была открыта слишком давно. Ответы сохранены: проверьте их и отправьте ещё раз."
TRAPPED = "Программа заполнила скрытое поле вместо вас. Ответы сохранены: проверьте их и отправьте ещё раз."
NOT_FOUND = "не нашли такого названия: выберите из списка или оставьте поле пустым"
UNCLEAR = "уточните, что вы имели в виду"


@dataclass(frozen=True, slots=True)
class Visit:
    """A form in force that somebody came to: whose it is, from which approved point, by which one-time link."""

    form: FormRead
    organization: Organization
    point_id: UUID | None
    link: str | None
    is_ministry: bool
    day: date
    """Today where the organization is."""

    def address(self, page: str = "", *, with_link: bool = True) -> str:
        """The path of a page of this form, for the same organization, point and link.

        The organization stands beside the link as well: it is still told when the link is gone.
        """
        told: dict[str, Any] = {}
        if self.link and with_link:
            told["link"] = self.link
        if not self.is_ministry:
            told["organization"] = self.organization.id
        if self.point_id:
            told["point"] = self.point_id
        return f"/survey/{self.form.key}{page}" + (f"?{urlencode(told)}" if told else "")


@dataclass(frozen=True, slots=True)
class Saved:
    """A half-filled form that is kept: its code and its last moment."""

    code: str
    until: datetime


@dataclass(frozen=True, slots=True)
class Refused:
    """A form to be mended: what is wrong, and the municipalities that the typed name may mean."""

    errors: Errors
    candidates: tuple[Place, ...] = ()


TOO_MANY = Refused(
    Errors(general=["С вашего адреса пришло слишком много анкет подряд. Подождите минуту и отправьте ещё раз."])
)
"""The address is over its limit; the form comes back with the answers, so that nothing is typed twice."""


async def load_visit(session: AsyncSession, key: str, organization: str, point: str, link: str) -> Visit:
    """The form in force under a key. Raises `FormNotFound`, and `LinkSpent` for a link that is used or expired.

    A point that is unknown or not in force is as good as none: the respondent is no less welcome.
    """
    ministry = await organizations.get_ministry(session)
    if link:
        row = await organizations.get_organization(session, await links.organization_of_link(session, link, key))
    elif organization:
        row = await _organization(session, organization)
    else:
        row = ministry
    day = clock.today(ZoneInfo(row.zone))
    form = await load_form_in_force(session, key, day, row.id)
    if form is None or not is_valid_on(row.opened_on, row.closed_on, day):
        raise FormNotFound
    return Visit(
        form=read_form(form),
        organization=row,
        point_id=await _point_in_force(session, point, day),
        link=link or None,
        is_ministry=row.id == ministry.id,
        day=day,
    )


async def _organization(session: AsyncSession, told: str) -> Organization:
    try:
        return await organizations.get_organization(session, UUID(told))
    except (ValueError, OrganizationNotFound):
        raise FormNotFound from None


async def _point_in_force(session: AsyncSession, told: str, day: date) -> UUID | None:
    try:
        point = await points.get_point(session, UUID(told), None)
        await points.require_in_force(session, point, day)
    except (ValueError, PointNotFound, PointNotInForce):
        return None
    return point.id


async def is_submitted(session: AsyncSession, key: str, fields: Mapping[str, str], secret: str) -> bool:
    """Whether this very form was stored before; asked first, for its one-time link is gone with it.

    Raises `SubmittedAlready` when it came before with other answers.
    """
    token = _token(fields, secret)
    if token is None:
        return False
    first = await find_fingerprint(session, CALLER, _operation(key), token.key)
    if first not in (None, _mark(token, fields)):
        raise SubmittedAlready
    return first is not None


def _operation(key: str) -> str:
    return f"POST /survey/{key}"


def _mark(token: FormToken, fields: Mapping[str, str]) -> str:
    return form_tokens.fingerprint(token, urlencode(sorted(fields.items())))


async def submit_form(session: AsyncSession, to: Visit, fields: Mapping[str, str], secret: str) -> Refused | None:
    """Store a filled-in form, or say what to mend; of the same form twice at once one is stored."""
    token = _token(fields, secret)
    if token is None or token.is_expired:
        return Refused(Errors(general=[EXPIRED]))
    if fields.get(TRAP):
        return Refused(Errors(general=[TRAPPED]))
    municipality, refused = await _municipality(session, to, fields)
    body = SubmissionCreate(
        form=to.form.key,
        organization_id=to.organization.id,
        municipality=municipality,
        source=SubmissionSource.WEB,
        answers=to_answers(fields),
        came_from_point_id=to.point_id,
    )
    try:
        async with session.begin_nested():
            if not await claim_key(session, CALLER, _operation(to.form.key), token.key, _mark(token, fields)):
                await is_submitted(session, to.form.key, fields, secret)
                return None
            if to.link is not None:
                await links.use_link(session, to.link, to.form.key)
            await submissions.submit_survey(session, body, by=None)
            await drafts.delete_draft(session, _code(token, fields, secret))
            if refused is not None:
                raise ValidationFailed  # nothing of it stays, and whatever else is wrong has been told by now
    except ValidationFailed as refusal:
        errors = to_form_errors(refusal.field_errors)
        if refused is not None:
            errors.by_field = refused.errors.by_field | errors.by_field
            return Refused(errors, refused.candidates)
        return Refused(errors)
    return None


async def save(session: AsyncSession, to: Visit, fields: Mapping[str, str], secret: str) -> Saved | Refused:
    """Keep a half-filled form for later, under the code it came back with, or under a new one."""
    token = _token(fields, secret)
    if token is None or token.is_expired:
        return Refused(Errors(general=[EXPIRED]))
    if errors := find_unkeepable(fields):
        return Refused(errors)
    code = _code(token, fields, secret)
    return Saved(code, await drafts.save_draft(session, code, to.form.key, to.organization.id, to_draft_fields(fields)))


def _code(token: FormToken, fields: Mapping[str, str], secret: str) -> str:
    """The code of the form: the one it came back with, or the one that this page saves under."""
    return drafts.normalize_draft_code(fields.get("code", "")) or form_tokens.code_of(secret, token)


async def resume(session: AsyncSession, to: Visit, typed: str) -> tuple[str, dict[str, str]]:
    """A half-filled form by its code: the code as digits, and the fields. Raises `CodeUnknown`."""
    code = drafts.normalize_draft_code(typed) or ""
    return code, await drafts.find_draft(session, code, to.form.key, to.organization.id)


async def municipality_names(session: AsyncSession, to: Visit) -> list[str]:
    """The municipalities that exist today, for the list under the field."""
    return sorted(row.name for row in await organizations.list_municipalities(session, to.day, None))


def make_form_token(fields: Mapping[str, str], secret: str) -> str:
    """The token of a form that is shown: the one it came with while it is good, so that it stays one form."""
    token = _token(fields, secret)
    return fields["token"] if token and not token.is_expired else form_tokens.make(secret, clock.now())


def _token(fields: Mapping[str, str], secret: str) -> FormToken | None:
    return form_tokens.read(secret, fields.get("token", ""), clock.now())


async def _municipality(
    session: AsyncSession, to: Visit, fields: Mapping[str, str]
) -> tuple[str | None, Refused | None]:
    typed = fields.get(MUNICIPALITY, "").strip()
    if not typed:
        return None, None
    found = await organizations.match_municipality(session, typed, to.day)
    if found.place is not None:
        return found.place.oktmo, None
    if (chosen := fields.get(CHOICE)) and chosen in {place.oktmo for place in found.candidates}:
        return chosen, None
    words = UNCLEAR if found.candidates else NOT_FOUND
    return None, Refused(Errors(by_field={MUNICIPALITY: words}), found.candidates)
