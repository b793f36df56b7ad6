"""What respondents could not find, read in by the worker: without personal data, with dictionary forms of its words.

Whoever writes submissions puts them into the tail of the counters, and whoever folds the tail puts those with comments
into the inbox here. So no writer has to know of comments, one that writes by thousands neither. What was corrected is
read in again, and what is gone takes its comments along.
"""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.sql.elements import ColumnElement
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.db import Database
from app.core.ids import new_id
from app.core.outbox import emit
from app.language.lemmas import lemmas
from app.language.masking import mask_personal_data, remove_masks
from app.surveys import counters
from app.surveys.counters import NOT_GIVEN
from app.surveys.events import CommentsIndexed
from app.surveys.models import CommentLemma, Counted, SurveyComment, SurveySubmission, UnreadComments

READ_AT_ONCE = 50
TOLD_AT_ONCE = 20
MAX_LEMMAS = 400
LONGEST_LEMMA = 100
JOINED_WORDS = 8
"""Each of so many words is a join. With dozens PostgreSQL plans for seconds, until it gives up."""


@dataclass(frozen=True, slots=True)
class PreparedComment:
    """A comment made ready: what is kept of it."""

    text: str
    lemmas: Sequence[str]


async def index_comments(database: Database) -> int:
    """Read in the comments of some submissions; how many submissions those were.

    The words are taken apart before the transaction that writes begins, and not on the event loop: a respondent's text
    may be long, and SQLite has one writer.
    """
    async with database.transaction(write=False) as session:
        waiting = await session.exec(
            select(UnreadComments.submission_id).order_by(col(UnreadComments.submission_id)).limit(READ_AT_ONCE)
        )
        ids = list(waiting.all())
        texts = {text for row in await _submissions(session, ids) for text in _texts(row).values()} if ids else set()
    if not ids:
        return 0
    prepared = await asyncio.to_thread(lambda: {text: prepare_comment(text) for text in texts})
    async with database.transaction() as session:
        return await _write(session, ids, prepared)


def prepare_comment(text: str) -> PreparedComment:
    """A comment without what may be personal data, and the dictionary forms of what is left; masks are no words."""
    kept = mask_personal_data(text)
    return PreparedComment(
        kept, [form for form in lemmas(remove_masks(kept)) if len(form) <= LONGEST_LEMMA][:MAX_LEMMAS]
    )


def has_words(text: str) -> list[ColumnElement[bool]]:
    """The conditions that a comment has every word of a text, in any form."""
    forms = list(lemmas(text))
    joined, counted = forms[:JOINED_WORDS], forms[JOINED_WORDS:]
    conditions: list[ColumnElement[bool]] = [
        col(SurveyComment.id).in_(sa.select(col(CommentLemma.comment_id)).where(col(CommentLemma.lemma) == form))
        for form in joined
    ]
    if counted:
        its = col(CommentLemma.comment_id) == col(SurveyComment.id)
        found = sa.select(sa.func.count()).where(its, col(CommentLemma.lemma).in_(counted))
        conditions.append(found.scalar_subquery() == len(counted))
    return conditions


async def _submissions(session: AsyncSession, ids: Sequence[UUID]) -> Sequence[SurveySubmission]:
    return (await session.exec(select(SurveySubmission).where(col(SurveySubmission.id).in_(ids)))).all()


def _texts(row: SurveySubmission) -> Mapping[str, str]:
    told: Mapping[str, str] = row.answers.get("comments") or {}
    return told


async def _write(session: AsyncSession, ids: Sequence[UUID], prepared: Mapping[str, PreparedComment]) -> int:
    """Make the comments of submissions those that they have now. What changed since it was read waits for its turn."""
    inbox = col(UnreadComments.submission_id)
    locked = select(UnreadComments.submission_id).where(inbox.in_(ids)).with_for_update(skip_locked=True)
    mine = set((await session.exec(locked)).all())
    rows = {row.id: row for row in await _submissions(session, list(mine))}
    mine -= {row.id for row in rows.values() if not prepared.keys() >= set(_texts(row).values())}
    known = (await session.exec(select(SurveyComment).where(col(SurveyComment.submission_id).in_(mine)))).all()
    wanted = [comment for key, row in rows.items() if key in mine for comment in _comments(row, prepared)]
    same = {_said(row) for row in known} & {_said(row) for row in wanted}
    gone = [row for row in known if _said(row) not in same]
    new = [row for row in wanted if _said(row) not in same]
    await counters.add_comments(session, [*((row, -1) for row in gone), *((row, 1) for row in new)])
    gone, new = _moved(gone, new)
    await session.exec(sa.delete(SurveyComment).where(col(SurveyComment.id).in_([row.id for row in gone])))
    session.add_all(new)
    await session.flush()  # the lemmas refer to them
    texts = {comment.id: rows[comment.submission_id].answers["comments"][comment.row_key] for comment in new}
    words = [{"lemma": form, "comment_id": key} for key, text in texts.items() for form in prepared[text].lemmas]
    if words:
        await session.exec(sa.insert(CommentLemma), params=words)
    await session.exec(sa.delete(UnreadComments).where(inbox.in_(mine)))
    for start in range(0, len(new), TOLD_AT_ONCE):
        emit(session, CommentsIndexed(comment_ids=[row.id for row in new[start : start + TOLD_AT_ONCE]]))
    return len(mine)


def _moved(
    gone: Sequence[SurveyComment], new: Sequence[SurveyComment]
) -> tuple[list[SurveyComment], list[SurveyComment]]:
    """Correct comments whose words stayed where they are: nobody said anything new. What is gone and new otherwise."""
    words = {(row.submission_id, row.row_key, row.text): row for row in gone}
    said = []
    for row in new:
        before = words.pop((row.submission_id, row.row_key, row.text), None)
        if before is None:
            said.append(row)
            continue
        for column in counters.comments.columns:
            if column.key != "id":
                setattr(before, column.key, getattr(row, column.key))
    return list(words.values()), said


def _comments(row: SurveySubmission, prepared: Mapping[str, PreparedComment]) -> Iterable[SurveyComment]:
    scores = row.answers[Counted.EASE_OF_FINDING]
    for key, text in _texts(row).items():
        yield SurveyComment(
            id=new_id(),
            submission_id=row.id,
            organization_id=row.organization_id,
            form_id=row.form_id,
            municipality=row.municipality or NOT_GIVEN,
            source=row.source,
            counted_on=row.counted_on,
            row_key=key,
            score=scores[key],
            text=prepared[text].text,
        )


def _said(row: SurveyComment) -> tuple[Any, ...]:
    """All that a comment says: one that is read in again and says the same stays."""
    return tuple(getattr(row, column.key) for column in counters.comments.columns if column.key != "id")
