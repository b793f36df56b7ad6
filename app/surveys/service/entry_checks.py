"""Double entry: a share of paper questionnaires is entered again by another employee and compared (A-1.fn)."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core import audit, clock
from app.core.etags import IfMatch
from app.core.security import Principal
from app.organizations import service as organizations
from app.surveys import queries
from app.surveys.commands import FilledForm
from app.surveys.errors import EntryCheckNotFound, SameHand
from app.surveys.models.entry_checks import EntryCheck
from app.surveys.models.submissions import SurveySubmission
from app.surveys.rules.entry_checks import (
    ENTRY_CHECK_TRANSITIONS,
    EntryCheckMove,
    EntryCheckState,
    Resolution,
    find_entry_differences,
)
from app.surveys.rules.form import to_codes
from app.surveys.service.submission_parser import ReferenceCache, parse_submission


async def get_check(session: AsyncSession, check_id: UUID) -> EntryCheck:
    """Return an entry check. Raises `EntryCheckNotFound`."""
    row = await session.get(EntryCheck, check_id)
    if row is None:
        raise EntryCheckNotFound
    return row


async def enter_second_time(
    session: AsyncSession, check_id: UUID, match: IfMatch, *, answers: Mapping[str, Any], by: Principal
) -> EntryCheck:
    """Compare a second entry with the first; the check becomes `agreed`, or `differs` until it is resolved."""
    row, first = await _load_for_transition(session, check_id, match, EntryCheckMove.ENTER, by)
    known = ReferenceCache(session, first)
    whole = FilledForm(form=first.form, answers=answers)
    organization = await organizations.get_organization(session, first.organization_id)
    second = await parse_submission(
        known, whole, organization, first.source, is_paper=True, received_at=first.received_at
    )
    second_codes = queries.get_statistical(second) | to_codes(known.get_form(second), second.answers)
    first_codes = (await queries.read_submission(session, first)).codes
    row.differences = find_entry_differences(first_codes, second_codes)
    row.state = EntryCheckState.DIFFERS if row.differences else EntryCheckState.AGREED
    row.second_by, row.second_at, row.second_codes = by.id, clock.now(), second_codes
    return await _record_change(session, row, "keyed_in", by)


async def resolve(session: AsyncSession, check_id: UUID, match: IfMatch, *, reason: str, by: Principal) -> EntryCheck:
    """Confirm the first entry although the second one differs."""
    row, _ = await _load_for_transition(session, check_id, match, EntryCheckMove.RESOLVE, by)
    _set_resolution(row, Resolution.FIRST_STANDS, reason, by)
    return await _record_change(session, row, "resolved", by)


async def close_check(session: AsyncSession, submission_id: UUID, reason: str, *, by: Principal) -> None:
    """Resolve the check with differences of a corrected submission, if there is one."""
    query = select(EntryCheck).where(EntryCheck.submission_id == submission_id)
    row = (await session.exec(query.where(EntryCheck.state == EntryCheckState.DIFFERS))).first()
    if row is not None:
        _set_resolution(row, Resolution.CORRECTED, reason, by)
        await _record_change(session, row, "resolved", by)


async def _load_for_transition(
    session: AsyncSession, check_id: UUID, match: IfMatch, move: EntryCheckMove, by: Principal
) -> tuple[EntryCheck, SurveySubmission]:
    """Return a check that allows the move, with its submission. Raises `SameHand` for the author of the first entry."""
    row = await get_check(session, check_id)
    match.require(row)
    first = await session.get_one(SurveySubmission, row.submission_id)
    ENTRY_CHECK_TRANSITIONS.require(row.state, move)
    if first.keyed_by == by.id:
        raise SameHand
    return row, first


def _set_resolution(row: EntryCheck, resolution: Resolution, reason: str, by: Principal) -> None:
    row.state, row.resolution, row.reason = EntryCheckState.RESOLVED, resolution, reason
    row.resolved_by, row.resolved_at = by.id, clock.now()


async def _record_change(session: AsyncSession, row: EntryCheck, what: str, by: Principal) -> EntryCheck:
    audit.record(session, by, f"entry_check.{what}", "survey_entry_check", row.id, fields=[row.state.value])
    return row
