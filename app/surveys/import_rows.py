"""Rows of imported tables: their headers by code, the values of their cells, and the errors of both (A-1.fn)."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

from pydantic import TypeAdapter, ValidationError

from app.core.ids import new_id
from app.core.problems import FieldError, ValidationFailed
from app.core.types import ExternalId
from app.imports.ports import CellError, Context, ImportedRow, RowResult
from app.surveys.commands import FilledForm
from app.surveys.rules.form import AGENCY, FILLED_AT, STATISTICAL, normalize_code
from app.surveys.rules.identity import compute_content_hash, compute_named_identity
from app.surveys.rules.submissions import SubmissionSource
from app.surveys.service.submission_parser import ParsedSubmission, ReferenceCache, parse_submission

if TYPE_CHECKING:
    from app.organizations.models import Organization

EXTERNAL_ID = "external_id"
READ = ("form_id", "organization_id", "municipality", "filled_at", "counted_on", "satisfaction", "answers")
_NUMBER = re.compile(r"[0-9]{1,9}")
_RUSSIAN_DATE = re.compile(r"([0-9]{2})\.([0-9]{2})\.([0-9]{4})(?: ([0-9]{1,2})(:[0-9]{2}(?::[0-9]{2})?))?")
"""The date format of CSV files saved by Russian spreadsheets."""
_EXTERNAL_ID: TypeAdapter[str] = TypeAdapter(ExternalId)
_MALFORMED_ID = CellError(
    EXTERNAL_ID, "external_id_malformed", "Допустимо до 255 знаков в одну строку, без пробелов по краям."
)


@dataclass(frozen=True, slots=True)
class SubmissionTable:
    """The allowed headers of a table: the codes of the published versions of a form."""

    kind: str
    known: frozenset[str]
    required: tuple[str, ...]
    parameters: Mapping[str, str]

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


@dataclass(slots=True)
class ValidRow:
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
class RowParser:
    """Parses rows with the reference data that they name."""

    known: ReferenceCache
    organizations: Mapping[str, Organization]
    default: Organization
    context: Context

    async def read(self, row: ImportedRow) -> ValidRow | RowResult:
        """Return a valid row without its final identity, or its errors."""
        headers = {normalize_code(header): header for header in row.cells}
        cells = {code: row.cells[header] for code, header in headers.items()}
        faults, external_id = _parse_external_id(cells.pop(EXTERNAL_ID, ""))
        answers = {code: _parse_cell(code, text) for code, text in cells.items() if text.strip()}
        organization = self.default
        if "organization_id" not in self.context.parameters:
            organization = self.organizations.get(str(answers.get(AGENCY)), self.default)
        filled = FilledForm(form=self.context.parameters["form"], answers=answers)
        try:
            read = await parse_submission(
                self.known,
                filled,
                organization,
                SubmissionSource.IMPORT,
                is_paper=True,
                received_at=self.context.asked_at,
            )
        except ValidationFailed as refused:
            return RowResult(faults=faults + [_to_cell_error(fault, headers) for fault in refused.field_errors])
        if faults:
            return RowResult(faults=faults)
        form = self.known.get_form(read)
        content = compute_content_hash(form, read.organization_id, read.municipality, read.filled_at, read.answers)
        named = compute_named_identity(read.form, read.organization_id, external_id) if external_id else ""
        return ValidRow(row.number, read, external_id, content, named)


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
