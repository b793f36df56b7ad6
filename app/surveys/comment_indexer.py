"""Indexing of respondents' comments by the worker: personal data masked, dictionary forms of words stored.

Writers put submissions into the tail of the counters; folding the tail puts submissions with comments into the inbox
here, so that no writer needs to handle comments. A corrected submission is indexed again; the comments of a deleted
one are deleted.
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
from app.surveys.models.comments import CommentLemma, SurveyComment, UnreadComments
from app.surveys.models.submissions import SurveySubmission
from app.surveys.rules.counts import Counted

READ_AT_ONCE = 50
IDS_PER_EVENT = 20
MAX_LEMMAS = 400
LONGEST_LEMMA = 100
JOINED_WORDS = 8
"""The number of words searched by a join each; with dozens of joins PostgreSQL plans for seconds."""


@dataclass(frozen=True, slots=True)
class PreparedComment:
    """The stored parts of a comment."""

    text: str
    lemmas: Sequence[str]


async def index_comments(database: Database) -> int:
    """Index the comments of some submissions; return the number of submissions.

    Words are analysed in a thread before the writing transaction: a comment may be long, and SQLite has one writer.
    """
    async with database.transaction(write=False) as session:
        waiting = await session.exec(
            select(UnreadComments.submission_id).order_by(col(UnreadComments.submission_id)).limit(READ_AT_ONCE)
        )
        ids = list(waiting.all())
        texts = (
            {text for row in await _load_submissions(session, ids) for text in _get_texts(row).values()}
            if ids
            else set()
        )
    if not ids:
        return 0
    prepared = await asyncio.to_thread(lambda: {text: prepare_comment(text) for text in texts})
    async with database.transaction() as session:
        return await _write_comments(session, ids, prepared)


def prepare_comment(text: str) -> PreparedComment:
    """Mask the personal data of a comment and find the dictionary forms of its words; masks are not words."""
    kept = mask_personal_data(text)
    return PreparedComment(
        kept, [form for form in lemmas(remove_masks(kept)) if len(form) <= LONGEST_LEMMA][:MAX_LEMMAS]
    )


def has_words(text: str) -> list[ColumnElement[bool]]:
    """Return the conditions that a comment has every word of a text, in any form."""
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


async def _load_submissions(session: AsyncSession, ids: Sequence[UUID]) -> Sequence[SurveySubmission]:
    return (await session.exec(select(SurveySubmission).where(col(SurveySubmission.id).in_(ids)))).all()


def _get_texts(row: SurveySubmission) -> Mapping[str, str]:
    texts: Mapping[str, str] = row.answers.get("comments") or {}
    return texts


async def _write_comments(session: AsyncSession, ids: Sequence[UUID], prepared: Mapping[str, PreparedComment]) -> int:
    """Store the present comments of submissions; those changed since they were read stay in the inbox."""
    inbox = col(UnreadComments.submission_id)
    locked = select(UnreadComments.submission_id).where(inbox.in_(ids)).with_for_update(skip_locked=True)
    mine = set((await session.exec(locked)).all())
    rows = {row.id: row for row in await _load_submissions(session, list(mine))}
    mine -= {row.id for row in rows.values() if not prepared.keys() >= set(_get_texts(row).values())}
    known = (await session.exec(select(SurveyComment).where(col(SurveyComment.submission_id).in_(mine)))).all()
    current = [comment for key, row in rows.items() if key in mine for comment in _build_comments(row, prepared)]
    same = {_get_content(row) for row in known} & {_get_content(row) for row in current}
    deleted = [row for row in known if _get_content(row) not in same]
    new = [row for row in current if _get_content(row) not in same]
    await counters.add_comments(session, [*((row, -1) for row in deleted), *((row, 1) for row in new)])
    deleted, new = _update_unchanged(deleted, new)
    await session.exec(sa.delete(SurveyComment).where(col(SurveyComment.id).in_([row.id for row in deleted])))
    session.add_all(new)
    await session.flush()  # the lemmas refer to these rows
    texts = {comment.id: rows[comment.submission_id].answers["comments"][comment.row_key] for comment in new}
    words = [{"lemma": form, "comment_id": key} for key, text in texts.items() for form in prepared[text].lemmas]
    if words:
        await session.exec(sa.insert(CommentLemma), params=words)
    await session.exec(sa.delete(UnreadComments).where(inbox.in_(mine)))
    for start in range(0, len(new), IDS_PER_EVENT):
        emit(session, CommentsIndexed(comment_ids=[row.id for row in new[start : start + IDS_PER_EVENT]]))
    return len(mine)


def _update_unchanged(
    deleted: Sequence[SurveyComment], new: Sequence[SurveyComment]
) -> tuple[list[SurveyComment], list[SurveyComment]]:
    """Update comments whose text is the same; return the deleted and the new ones of the rest."""
    words = {(row.submission_id, row.row_key, row.text): row for row in deleted}
    added = []
    for row in new:
        before = words.pop((row.submission_id, row.row_key, row.text), None)
        if before is None:
            added.append(row)
            continue
        for column in counters.comments.columns:
            if column.key != "id":
                setattr(before, column.key, getattr(row, column.key))
    return list(words.values()), added


def _build_comments(row: SurveySubmission, prepared: Mapping[str, PreparedComment]) -> Iterable[SurveyComment]:
    scores = row.answers[Counted.EASE_OF_FINDING]
    for key, text in _get_texts(row).items():
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


def _get_content(row: SurveyComment) -> tuple[Any, ...]:
    """Return all columns of a comment but its id; a comment that is indexed again unchanged is kept."""
    return tuple(getattr(row, column.key) for column in counters.comments.columns if column.key != "id")
