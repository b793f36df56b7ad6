"""Unmet needs: listed over a period, linked to a template, started, resolved and reopened (O-11)."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from app.core import audit, clock
from app.core.etags import IfMatch
from app.core.references import unknown_reference
from app.core.security import Principal
from app.monitoring.errors import UnmetNeedNotFound
from app.monitoring.models import UnmetNeed, UnmetNeedStep
from app.monitoring.queries import unmet_needs
from app.monitoring.queries.survey_counts import Cut, to_survey_cut
from app.monitoring.queries.template_usage import load_template_titles
from app.monitoring.queries.unmet_needs import Size
from app.monitoring.rules import UNMET_NEED_TRANSITIONS, UnmetNeedMove
from app.monitoring.schemas.unmet_needs import (
    UnmetNeedListRead,
    UnmetNeedRead,
    UnmetNeedSourceRead,
    UnmetNeedStepRead,
    UnmetNeedSummaryRead,
)
from app.organizations import service as organizations
from app.surveys import counters
from app.surveys.queries import load_named_sources
from app.surveys.rules.counts import Counted


async def list_groups(session: AsyncSession, cut: Cut, limit: int, *, by: Principal, **equal: Any) -> UnmetNeedListRead:
    """Return the numbers of comments and groups and the largest groups; a None in `equal` does not filter."""
    survey = await to_survey_cut(session, cut)
    n, groups, sizes = await unmet_needs.load_largest(session, survey, limit, by, equal)
    rows = await unmet_needs.load_groups(session, sizes)
    items = await _to_reads(session, rows, sizes, survey)
    period = {"from": cut.period.since, "to": cut.period.until}
    return UnmetNeedListRead.model_validate(period | {"n": n, "groups": groups, "items": items})


async def get_group(session: AsyncSession, group_id: UUID, by: Principal) -> UnmetNeed:
    """Return a group that the caller may see. Raises `UnmetNeedNotFound`."""
    row = await unmet_needs.find_group(session, group_id, by)
    if row is None:
        raise UnmetNeedNotFound
    return row


async def read_group(session: AsyncSession, row: UnmetNeed) -> UnmetNeedRead:
    """Return a group with the figures of all its comments and its history."""
    sizes = {row.id: await unmet_needs.load_size(session, row.id)}
    (summary,) = await _to_reads(session, [row], sizes, counters.Cut())
    history = [
        UnmetNeedStepRead(at=step.occurred_at, state=step.to_state, by=step.by_id, note=step.note)
        for step in await unmet_needs.load_steps(session, row.id)
    ]
    return UnmetNeedRead(**summary.model_dump(), history=history)


async def update_group(
    session: AsyncSession, group_id: UUID, changes: Mapping[str, Any], match: IfMatch, *, by: Principal
) -> UnmetNeed:
    """Set the template or the responsible unit; a template also sets its own unit unless one is given."""
    row = await get_group(session, group_id, by)
    unit_id, template_id = changes.get("unit_id", row.unit_id), changes.get("template_id")
    if template_id is not None:
        unit_of_template = await unmet_needs.find_unit_of_template(session, template_id, row.organization_id, by)
        if unit_of_template is None:
            raise unknown_reference("/template_id")
        unit_id = changes.get("unit_id", unit_of_template)
    if changes.get("unit_id") is not None:
        await organizations.get_open_unit(session, changes["unit_id"], row.organization_id, "/unit_id")
    match.require(row)
    row.unit_id = unit_id
    if "template_id" in changes:
        row.template_id, row.is_untied = template_id, template_id is None
    audit.record(session, by, "unmet_need.changed", "unmet_need", row.id, fields=sorted(changes))
    return row


async def move_group(
    session: AsyncSession, group_id: UUID, move: UnmetNeedMove, note: str | None, match: IfMatch, *, by: Principal
) -> UnmetNeed:
    """Start, resolve or reopen a group; starting an unassigned one assigns it to the caller's unit."""
    row = await get_group(session, group_id, by)
    match.require(row)
    state = UNMET_NEED_TRANSITIONS.require(row.state, move)
    moment = clock.now()
    row.state, row.changed_at, row.changed_by, row.note = state, moment, by.id, note
    if move is UnmetNeedMove.START and row.unit_id is None and not by.may("monitoring:all_units"):
        row.unit_id = by.unit_id
    session.add(UnmetNeedStep(group_id=row.id, occurred_at=moment, to_state=state, by_id=by.id, note=note))
    audit.record(session, by, f"unmet_need.{state.value}", "unmet_need", row.id, fields=["state", "note"])
    return row


async def _to_reads(
    session: AsyncSession, rows: Sequence[UnmetNeed], sizes: Mapping[UUID, Size], cut: counters.Cut
) -> list[UnmetNeedSummaryRead]:
    ids = [row.id for row in rows]
    titles = await load_template_titles(session, {row.template_id for row in rows if row.template_id is not None})
    words = await unmet_needs.load_words(session, ids)
    examples = await unmet_needs.load_examples(session, ids, cut)
    sources = await _load_sources(session, ids, cut)
    return [
        UnmetNeedSummaryRead(
            **row.model_dump(exclude={"length", "version", "created_at"}),
            template_title=titles.get(row.template_id) if row.template_id else None,
            n=sizes[row.id].n,
            first_on=sizes[row.id].first_on,
            last_on=sizes[row.id].last_on,
            words=words[row.id],
            examples=examples[row.id],
            sources=sources[row.id],
        )
        for row in rows
    ]


async def _load_sources(
    session: AsyncSession, ids: Sequence[UUID], cut: counters.Cut
) -> dict[UUID, list[UnmetNeedSourceRead]]:
    """Count the comments of each group by source, in the order of the sources' codes."""
    named = await load_named_sources(session, cut.organization_id)
    found: dict[UUID, list[UnmetNeedSourceRead]] = defaultdict(list)
    counted = await unmet_needs.count_by_source(session, ids, cut)
    for group_id, key, n in sorted(counted, key=lambda row: named[row[1]].suffix):
        code = named[key].codes[Counted.EASE_OF_FINDING]
        found[group_id].append(UnmetNeedSourceRead(code=code, name=named[key].text, n=n))
    return found
