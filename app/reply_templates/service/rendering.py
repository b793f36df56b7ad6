"""Render templates: the published version for a reply, validation of values, missing placeholders."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.problems import FieldError, ValidationFailed
from app.core.references import unknown_reference
from app.core.security import Principal
from app.reply_templates.errors import TemplateNotFound
from app.reply_templates.models import ReplyTemplate
from app.reply_templates.queries import compute_review_state, load_version, load_visible_versions, usable_by
from app.reply_templates.rules import placeholders
from app.reply_templates.rules.review import ReviewState
from app.reply_templates.schemas import RenderRead
from app.reply_templates.service.access import get_template, get_version
from app.text_check import service as reply_check
from app.text_check.rules.findings import Severity
from app.text_check.schemas import FindingRead


@dataclass(frozen=True, slots=True)
class UsableTemplate:
    """The published version of a template, for use in a reply."""

    template_id: UUID
    version: int
    text: str
    defaults: Mapping[str, str]
    past_review_since: date | None
    """The last day on which the template counted as current; None unless its review is overdue."""

    def filled(self, values: Mapping[str, str]) -> str:
        """Return the text with the values and, where none is given, the defaults."""
        return placeholders.fill_placeholders(self.text, {**self.defaults, **values})


async def use_template(session: AsyncSession, template_id: UUID, by: Principal) -> UsableTemplate:
    """Return the published version for a reply. Raises 422 with a pointer if the caller may not use the template."""
    query = select(ReplyTemplate).where(ReplyTemplate.id == template_id, usable_by(by))
    row = (await session.exec(query)).first()
    if row is None or row.published_version is None:
        raise unknown_reference("/template_id")
    version = await get_version(session, row, row.published_version)
    return UsableTemplate(row.id, version.number, version.text, version.defaults, get_review_overdue_since(row))


async def render_text(session: AsyncSession, template_id: UUID, number: int, values: Mapping[str, str]) -> str:
    """Return the rendered text of a version, without an access check: a reply keeps its version.

    Raises `TemplateNotFound`.
    """
    version = await load_version(session, template_id, number)
    if version is None:
        raise TemplateNotFound
    return placeholders.fill_placeholders(version.text, {**version.defaults, **values})


async def render_template(
    session: AsyncSession,
    template_id: UUID,
    given: Mapping[str, str],
    *,
    number: int | None,
    channel: str | None,
    by: Principal,
) -> RenderRead:
    """Return the rendered text of a version, its missing placeholders and the findings of the reply check.

    Only the published version of another unit's template can be rendered.
    """
    require_known_values(given)
    await reply_check.require_channels(session, {"/channel": channel})
    row = await get_template(session, template_id, by)
    version = (await load_visible_versions(session, [row], by))[row.id]
    if number is not None and number != version.number:
        other = await load_version(session, row.id, number) if row.unit_id == by.unit_id else None
        if other is None:
            raise unknown_reference("/version")
        version = other
    values = {**version.defaults, **given}
    text = placeholders.fill_placeholders(version.text, values)
    missing = [name for name in placeholders.find_placeholders(version.text) if name not in values]
    overdue_since = get_review_overdue_since(row) if version.number == row.published_version else None
    check_findings = await reply_check.find(session, text, channel=channel)
    findings = [*(FindingRead.model_validate(one) for one in check_findings), *find_overdue_review(text, overdue_since)]
    return RenderRead(text=text, missing=missing, template_version=version.number, findings=findings)


def get_review_overdue_since(row: ReplyTemplate) -> date | None:
    """Return the last day on which a template counted as current, or None unless its review is overdue."""
    return row.next_review_on if compute_review_state(row) is ReviewState.OVERDUE else None


def find_overdue_review(text: str, since: date | None) -> list[FindingRead]:
    """Return a warning on the whole text if the review of its template is overdue (O-6.2.6)."""
    if since is None:
        return []
    message = f"Шаблон не проверен вовремя: его актуальность следовало подтвердить до {since:%d.%m.%Y} включительно."
    return [
        FindingRead(
            code="template_past_review",
            severity=Severity.WARNING,
            start=0,
            end=len(text),
            message=message,
            suggestion=None,
        ),
    ]


def require_known_values(values: Mapping[str, str]) -> None:
    """Raise 422 with a pointer for every value of an unknown placeholder or of the wrong kind."""
    if errors := find_value_errors(values, "/values"):
        raise ValidationFailed(field_errors=errors)


def find_value_errors(values: Mapping[str, str], pointer: str) -> list[FieldError]:
    """Return the errors of placeholder values, each with a pointer below the given one."""
    errors = []
    for name, value in sorted(values.items()):
        kind = placeholders.PLACEHOLDERS.get(name)
        if kind is None:
            ru, en = "Неизвестное поле подстановки.", "Unknown placeholder."
            errors.append(FieldError(f"{pointer}/{name}", "unknown_placeholder", ru, en))
        elif not placeholders.is_sound(kind, value):
            ru, en = placeholders.VALUE_REQUIREMENTS[kind]
            errors.append(FieldError(f"{pointer}/{name}", f"not_a_{kind.value}", ru, en))
    return errors
