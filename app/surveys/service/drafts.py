"""Drafts of the survey page: a respondent without an account returns to a draft with a code of twelve digits."""

import hashlib
import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core import clock
from app.core.db import build_insert
from app.core.ids import new_id
from app.surveys.errors import CodeUnknown
from app.surveys.models.drafts import UnfinishedQuestionnaire

KEPT_FOR = timedelta(days=14)
CODE_DIGITS = 12


def normalize_draft_code(typed: str) -> str | None:
    """Return the twelve digits of a code without spaces, dots and dashes, or None if it is malformed."""
    digits = re.sub(r"[\s.\-–—]", "", typed)
    return digits if re.fullmatch(rf"[0-9]{{{CODE_DIGITS}}}", digits) else None


def _compute_hash(code: str) -> str:
    return hashlib.sha256(code.encode()).hexdigest()


async def save_draft(
    session: AsyncSession, code: str, form: str, organization_id: UUID, fields: Mapping[str, str]
) -> datetime:
    """Save fields as typed under a code, replacing an earlier draft; return the expiry time."""
    expires_at = clock.now() + KEPT_FOR
    row = {
        "id": new_id(),
        "code_hash": _compute_hash(code),
        "form": form,
        "organization_id": organization_id,
        "fields": dict(fields),
        "expires_at": expires_at,
    }
    statement = build_insert(session, UnfinishedQuestionnaire).values(row)
    changed = {name: statement.excluded[name] for name in ("form", "organization_id", "fields", "expires_at")}
    await session.exec(statement.on_conflict_do_update(index_elements=["code_hash"], set_=changed))
    return expires_at


async def find_draft(session: AsyncSession, code: str, form: str, organization_id: UUID) -> dict[str, str]:
    """Return the fields saved under a code for this form and organization. Raises `CodeUnknown`."""
    row = UnfinishedQuestionnaire
    query = select(row).where(
        row.code_hash == _compute_hash(code), row.form == form, row.organization_id == organization_id
    )
    found = (await session.exec(query.where(col(row.expires_at) > clock.now()))).first()
    if found is None:
        raise CodeUnknown
    return found.fields


async def delete_draft(session: AsyncSession, code: str) -> None:
    """Delete the draft of a code after its submission."""
    row = UnfinishedQuestionnaire
    await session.exec(sa.delete(row).where(col(row.code_hash) == _compute_hash(code)))


async def clear_expired(session: AsyncSession) -> int:
    """Delete expired drafts and return their number."""
    row = UnfinishedQuestionnaire
    deleted = await session.exec(sa.delete(row).where(col(row.expires_at) <= clock.now()))
    return int(deleted.rowcount)
