"""Import of submissions from tables by codes (A-1.fn): prepared row by row, then adopted in thousands."""

import asyncio
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from pydantic import TypeAdapter, ValidationError
from sqlmodel import SQLModel, col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.db import Database, build_insert
from app.core.ids import new_id
from app.core.outbox import emit
from app.core.problems import FieldError, ValidationFailed
from app.core.references import unknown_reference
from app.core.types import ExternalId
from app.imports.ports import AdoptedRows, CellError, Context, ImportedRow, RowResult
from app.imports.rules import Outcome
from app.organizations import service as organizations
from app.organizations.models import Organization
from app.surveys import queries
from app.surveys.counters import count_chosen
from app.surveys.events import SubmissionsImported
from app.surveys.models.forms import SurveyForm
from app.surveys.models.submissions import PreparedSubmission, SurveySubmission
from app.surveys.rules.form import AGENCY, FILLED_AT, STATISTICAL, list_code_columns, normalize_code, parse_form
from app.surveys.rules.identity import compute_content_hash, compute_identity, identity_by_name
from app.surveys.rules.submissions import SubmissionSource
from app.surveys.schemas.submissions import SubmissionCreate
from app.surveys.service.submission_parser import ParsedSubmission, ReferenceCache, parse_submission
from app.surveys.statutory_wording import load_order_form

KIND = "survey_submissions"
EXTERNAL_ID = "external_id"
ADOPTED_AT_ONCE = 5000
"""Rows that become visible in one transaction; SQLite's only writer is blocked for a fraction of a second."""
ROWS_A_TURN = 25
EXAMPLE = (
    "12;13;21;22.1;22.2;22.3;22.4;23.1;23.2;23.3;23.4;23.2.comment\r\n"
    "50701000;2026-11-24;1;1;2;3;3;5;2;4;4;не нашёл телефон\r\n"
)

_NUMBER = re.compile(r"[0-9]{1,9}")
_RUSSIAN_DATE = re.compile(r"([0-9]{2})\.([0-9]{2})\.([0-9]{4})(?: ([0-9]{1,2})(:[0-9]{2}(?::[0-9]{2})?))?")
"""The date format of CSV files saved by Russian spreadsheets."""
_EXTERNAL_ID: TypeAdapter[str] = TypeAdapter(ExternalId)
_REPEATED = CellError(EXTERNAL_ID, "repeated_row", "Этот идентификатор уже есть в другой строке файла.")
_CONFLICT = CellError(
    EXTERNAL_ID, "external_id_conflict", "С этим идентификатором уже загружена анкета с другими ответами."
)
_MALFORMED_ID = CellError(
    EXTERNAL_ID, "external_id_malformed", "Допустимо до 255 знаков в одну строку, без пробелов по краям."
)

prepared: sa.Table = SQLModel.metadata.tables["survey_prepared"]
submissions: sa.Table = SQLModel.metadata.tables["survey_submissions"]
forms: sa.Table = SQLModel.metadata.tables["survey_forms"]

READ = ("form_id", "organization_id", "municipality", "filled_at", "counted_on", "satisfaction", "answers")
COPIED = ("id", *READ, "import_id", "external_id", "identity", "content")


@dataclass(frozen=True, slots=True)
class SubmissionTable:
    """The allowed headers of a table: the codes of the published versions of a form."""

    known: frozenset[str]
    required: tuple[str, ...]
    parameters: Mapping[str, str]
    kind: str = KIND

    def header_faults(self, headers: Sequence[str]) -> list[FieldError]:
        """Return errors for unknown headers, repeated headers and missing required ones."""
        codes = [normalize_code(header) for header in headers]
        faults = [
            FieldError(f"/{header}", "unknown_column", "Код не найден.", "The code is unknown.")
            for header, code in zip(headers, codes, strict=True)
            if code not in self.known
        ]
        faults += [
            FieldError(f"/{code}", "repeated_header", "Код повторяется.", "The code is repeated.")
            for code, times in Counter(codes).items()
            if times > 1
        ]
        faults += [
            FieldError(f"/{code}", "missing_column", "Нет обязательного столбца.", "A required column is missing.")
            for code in self.required
            if code not in codes
        ]
        return faults


async def table_of(database: Database, form: str | None, organization_id: UUID | None) -> SubmissionTable:
    """Return the allowed headers for a form (the form of the order by default) and an organization.

    Without an organization, code 11 gives the organization of a row, and an empty code 11 means the ministry.
    Raises 422 for an unknown form or organization.
    """
    key = form or load_order_form()["key"]
    query = select(SurveyForm).where(SurveyForm.key == key, queries.visible_forms(None))
    async with database.transaction(write=False) as session:
        versions = [parse_form(row.definition) for row in (await session.exec(query)).all()]
        if organization_id is not None and await session.get(Organization, organization_id) is None:
            raise unknown_reference("/organization_id")
    if not versions:
        raise unknown_reference("/form")
    codes = list_code_columns(versions)
    answered = [{code for code in list_code_columns([version]) if not code.endswith("comment")} for version in versions]
    required = tuple(code for code in codes if all(code in one for one in answered))
    parameters = {"form": key} | ({"organization_id": str(organization_id)} if organization_id else {})
    return SubmissionTable(frozenset({*STATISTICAL, *codes, EXTERNAL_ID}), required, parameters)


class SubmissionImporter:
    """The importer of submissions."""

    kind = KIND

    async def prepare(self, session: AsyncSession, rows: Sequence[ImportedRow], context: Context) -> list[RowResult]:
        """Check each row; valid rows are stored in `survey_prepared`."""
        reader = _RowParser(
            ReferenceCache(session),
            await organizations.load_organizations_by_name(session),
            await _load_default_organization(session, context),
            context,
        )
        parsed = []
        for number, row in enumerate(rows):
            if number % ROWS_A_TURN == 0:
                await asyncio.sleep(0)  # parsing is CPU work: let other tasks run
            parsed.append(await reader.read(row))
        valid = [one for one in parsed if isinstance(one, _ValidRow)]
        await _set_identities(session, valid, context.import_id)
        known = await _load_known(session, [row.identity for row in valid])
        seen = await _load_earlier_identities(session, valid, context.import_id)
        results, ready = [], []
        for one in parsed:
            result = one if isinstance(one, RowResult) else _to_result(one, known, seen)
            results.append(result)
            if isinstance(one, _ValidRow) and not result.faults:
                ready.append(one.columns(context.import_id))
                seen.add(one.identity)
        if ready:
            await session.exec(sa.insert(PreparedSubmission), params=ready)
        return results

    async def adopt(self, session: AsyncSession, context: Context, after: int) -> AdoptedRows:
        """Turn the next 5,000 rows into submissions; rows known from another table are skipped."""
        mine = sa.and_(prepared.c.import_id == context.import_id, prepared.c.number > after)
        numbers = sa.select(prepared.c.number).where(mine).order_by(prepared.c.number).limit(ADOPTED_AT_ONCE)
        found = (await session.exec(numbers)).scalars().all()  # type: ignore[call-overload]
        if not found:
            return AdoptedRows(0, 0, None)
        slice_ = sa.and_(mine, prepared.c.number <= found[-1])
        more = {
            "form": forms.c.key,
            "form_version": forms.c.form_version,
            "received_at": sa.literal(context.asked_at, submissions.c.received_at.type),
            "source": sa.literal(SubmissionSource.IMPORT, submissions.c.source.type),
            "version": sa.literal(1),
            "keyed_by": sa.literal(context.by.id if context.by.kind == "employee" else None, sa.Uuid()),
        }
        rows = sa.select(*[prepared.c[name] for name in COPIED], *more.values())
        rows = rows.join(forms, forms.c.id == prepared.c.form_id).where(slice_).order_by(prepared.c.number)
        insert = build_insert(session, submissions).from_select([*COPIED, *more], rows).on_conflict_do_nothing()
        counted = {"preserve_rowcount": True}  # otherwise psycopg's row count of an INSERT is discarded
        created = int((await session.exec(insert, execution_options=counted)).rowcount)
        await count_chosen(session, sa.select(prepared.c.id).where(slice_))
        if created:
            emit(session, SubmissionsImported(import_id=context.import_id, count=created))
        return AdoptedRows(created, len(found) - created, found[-1] if len(found) == ADOPTED_AT_ONCE else None)

    async def discard(self, session: AsyncSession, import_id: UUID, at_most: int) -> int:
        """Delete up to `at_most` waiting rows."""
        some = sa.select(prepared.c.id).where(prepared.c.import_id == import_id).limit(at_most)
        return int((await session.exec(sa.delete(PreparedSubmission).where(prepared.c.id.in_(some)))).rowcount)


SUBMISSIONS = SubmissionImporter()


@dataclass(slots=True)
class _ValidRow:
    """A valid row."""

    number: int
    read: ParsedSubmission
    external_id: str | None
    content: str
    identity: str
    """Empty until rows with equal content are numbered, unless the row has an id of its own."""

    def columns(self, import_id: UUID) -> dict[str, Any]:
        """Return the row for `survey_prepared`."""
        read = {name: getattr(self.read, name) for name in READ}
        own = {name: getattr(self, name) for name in ("number", "external_id", "content", "identity")}
        return read | own | {"id": new_id(), "import_id": import_id}


@dataclass(frozen=True, slots=True)
class _RowParser:
    """Parses rows with the reference data that they name."""

    known: ReferenceCache
    organizations: Mapping[str, Organization]
    default: Organization
    context: Context

    async def read(self, row: ImportedRow) -> _ValidRow | RowResult:
        """Return a valid row without its final identity, or its errors."""
        headers = {normalize_code(header): header for header in row.cells}
        cells = {code: row.cells[header] for code, header in headers.items()}
        faults, external_id = _parse_external_id(cells.pop(EXTERNAL_ID, ""))
        answers = {code: _parse_cell(code, text) for code, text in cells.items() if text.strip()}
        organization = self.default
        if "organization_id" not in self.context.parameters:
            organization = self.organizations.get(str(answers.get(AGENCY)), self.default)
        body = SubmissionCreate.model_construct(form=self.context.parameters["form"], answers=answers)
        try:
            read = await parse_submission(
                self.known,
                body,
                organization,
                SubmissionSource.IMPORT,
                is_paper=True,
                received_at=self.context.asked_at,
            )
        except ValidationFailed as refused:
            return RowResult(faults=faults + [_to_cell_error(fault, headers) for fault in refused.field_errors])
        if faults:
            return RowResult(faults=faults)
        form = self.known.form_of(read)
        content = compute_content_hash(form, read.organization_id, read.municipality, read.filled_at, read.answers)
        named = identity_by_name(read.form, read.organization_id, external_id) if external_id else ""
        return _ValidRow(row.number, read, external_id, content, named)


async def _load_default_organization(session: AsyncSession, context: Context) -> Organization:
    if organization_id := context.parameters.get("organization_id"):
        return await organizations.get_organization(session, UUID(organization_id))
    return await organizations.get_ministry(session)


def _parse_external_id(cell: str) -> tuple[list[CellError], str | None]:
    text = cell.strip()
    if not text:
        return [], None
    try:
        return [], _EXTERNAL_ID.validate_python(text)
    except ValidationError:
        return [_MALFORMED_ID], None


def _parse_cell(code: str, text: str) -> Any:
    """Convert a cell to its value in a request body; free text keeps its spaces."""
    if code.endswith(".comment"):
        return text
    text = text.strip()
    if code == FILLED_AT and (found := _RUSSIAN_DATE.fullmatch(text)):
        day, month, year, hour, rest = found.groups()
        return f"{year}-{month}-{day}" + (f"T{hour:0>2}{rest}" if hour else "")
    if code not in STATISTICAL and _NUMBER.fullmatch(text):
        return int(text)
    return text


def _to_cell_error(fault: FieldError, headers: Mapping[str, str]) -> CellError:
    code = fault.pointer.removeprefix("/answers/")
    return CellError(headers.get(code, code) if code != fault.pointer else None, fault.code, fault.ru)


async def _set_identities(session: AsyncSession, rows: Sequence[_ValidRow], import_id: UUID) -> None:
    """Number the rows with equal content and no id of their own, after those of earlier chunks."""
    contents = {row.content for row in rows if row.external_id is None}
    query = (
        sa.select(prepared.c.content, sa.func.count())
        .where(prepared.c.import_id == import_id, prepared.c.external_id.is_(None), prepared.c.content.in_(contents))
        .group_by(prepared.c.content)
    )
    times = Counter(dict((await session.exec(query)).all())) if contents else Counter[str]()  # type: ignore[call-overload]
    for row in rows:
        if row.external_id is None:
            times[row.content] += 1
            row.identity = compute_identity(row.content, times[row.content])


async def _load_known(session: AsyncSession, identities: Sequence[str]) -> dict[str, str]:
    """Return which identities are submissions already, with their content digest at the import."""
    query = select(SurveySubmission.identity, SurveySubmission.content).where(
        col(SurveySubmission.identity).in_(identities)
    )
    return dict((await session.exec(query)).all()) if identities else {}  # type: ignore[arg-type]


async def _load_earlier_identities(session: AsyncSession, rows: Sequence[_ValidRow], import_id: UUID) -> set[str]:
    """Return the identities of earlier rows of the same table among rows with an id of their own."""
    named = [row.identity for row in rows if row.external_id is not None]
    query = select(PreparedSubmission.identity).where(
        PreparedSubmission.import_id == import_id, col(PreparedSubmission.identity).in_(named)
    )
    return set((await session.exec(query)).all()) if named else set()


def _to_result(row: _ValidRow, known: Mapping[str, str], seen: set[str]) -> RowResult:
    if row.identity in seen:
        return RowResult(faults=[_REPEATED])
    if row.identity not in known:
        return RowResult(Outcome.CREATED)
    return RowResult() if known[row.identity] == row.content else RowResult(faults=[_CONFLICT])
