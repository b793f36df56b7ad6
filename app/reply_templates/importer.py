"""Import of knowledge bases (O-6.2.6): a row creates a draft or a new draft version, or is rejected."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core import clock
from app.core.problems import FieldError
from app.core.security import Principal
from app.core.validity import Validity
from app.imports.ports import CellError, ImportedRow, RowResult
from app.organizations import service as organizations
from app.reply_templates.export import COLUMNS
from app.reply_templates.import_rows import KnownTemplates, Names, PlannedRow, plan_row
from app.reply_templates.models import ReplyTemplate
from app.reply_templates.queries import load_shared_units, load_visible_versions, owned_by
from app.reply_templates.service.templates import add_template, change_template

if TYPE_CHECKING:
    from app.organizations.models import Unit

REQUIRED = ("key", "title", "text")
NO_UNIT = CellError(None, "unknown_reference", "Вы не относитесь к подразделению, загрузить шаблоны нельзя.")


class TemplateImporter:
    """The importer of reply templates. A template is identified by the caller's unit and its key."""

    kind = "reply_templates"

    def header_faults(self, headers: Sequence[str]) -> list[FieldError]:
        """Return the errors of unknown and missing headers."""
        unknown = [
            FieldError(f"/{header}", "unknown_column", "Такого столбца нет.", "Unknown column.")
            for header in headers
            if header not in COLUMNS
        ]
        missing = [
            FieldError(f"/{name}", "missing_column", "Нет обязательного столбца.", "A required column is missing.")
            for name in REQUIRED
            if name not in headers
        ]
        return unknown + missing

    async def check(self, session: AsyncSession, rows: Sequence[ImportedRow], by: Principal) -> list[RowResult]:
        """Return the result that each row would have."""
        return [plan.result for plan in await _plan_rows(session, rows, by)]

    async def apply(self, session: AsyncSession, rows: Sequence[ImportedRow], by: Principal) -> list[RowResult]:
        """Apply the changes of every valid row."""
        plans = await _plan_rows(session, rows, by)
        for plan in plans:
            if plan.errors:
                continue
            if plan.create is not None:
                await add_template(session, plan.create, by=by)
            elif plan.known is not None and plan.changes:
                await change_template(session, plan.known.template, plan.known.version, plan.changes, by=by)
        return [plan.result for plan in plans]


TEMPLATES = TemplateImporter()


async def _plan_rows(session: AsyncSession, rows: Sequence[ImportedRow], by: Principal) -> list[PlannedRow]:
    unit = await organizations.find_unit(session, by.unit_id)
    if unit is None:
        return [PlannedRow(row.cells["key"], None, errors=[NO_UNIT]) for row in rows]
    names = await _load_names(session, unit)
    known = await _load_known_templates(session, [row.cells["key"] for row in rows], by)
    return [plan_row(row, names, known.get(row.cells["key"])) for row in rows]


async def _load_names(session: AsyncSession, unit: "Unit") -> Names:
    today = clock.today()
    topics = await organizations.list_topics(session, unit.id)
    others = [row for row in await organizations.list_units(session) if row.id != unit.id]
    ordered = sorted(others, key=lambda row: row.organization_id == unit.organization_id)  # the last of a name wins
    open_topics = {row.id for row in topics if Validity(last=row.closed_on).includes(today)}
    open_units = {row.id for row in others if Validity(last=row.closed_on).includes(today)}
    return Names(
        unit,
        {row.name: row for row in topics},
        {name: row for row in ordered for name in (row.name, str(row.id))},
        frozenset(open_topics | open_units),
    )


async def _load_known_templates(session: AsyncSession, keys: Sequence[str], by: Principal) -> dict[str, KnownTemplates]:
    query = select(ReplyTemplate).where(owned_by(by), col(ReplyTemplate.key).in_(set(keys)))
    rows = (await session.exec(query)).all()
    versions = await load_visible_versions(session, rows, by)
    shared = await load_shared_units(session, [row.id for row in rows])
    return {row.key: KnownTemplates(row, versions[row.id], frozenset(shared[row.id])) for row in rows}
