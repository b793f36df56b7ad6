"""Half-filled forms of the page, which somebody without an account comes back to with a code of twelve digits."""

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
from app.surveys.models import UnfinishedQuestionnaire

KEPT_FOR = timedelta(days=14)
CODE_DIGITS = 12


def normalize_draft_code(typed: str) -> str | None:
    """The twelve digits of a code, however people group them; None if these are not twelve digits."""
    digits = re.sub(r"[\s.\-–—]", "", typed)
    return digits if re.fullmatch(rf"[0-9]{{{CODE_DIGITS}}}", digits) else None


def _hash(code: str) -> str:
    return hashlib.sha256(code.encode()).hexdigest()


async def save_draft(
    session: AsyncSession, code: str, form: str, organization_id: UUID, fields: Mapping[str, str]
) -> datetime:
    """Keep fields as they were typed under a code, instead of what stood there; until when they are kept."""
    expires_at = clock.now() + KEPT_FOR
    row = {
        "id": new_id(),
        "code_hash": _hash(code),
        "form": form,
        "organization_id": organization_id,
        "fields": dict(fields),
        "expires_at": expires_at,
    }
    told = build_insert(session, UnfinishedQuestionnaire).values(row)
    changed = {name: told.excluded[name] for name in ("form", "organization_id", "fields", "expires_at")}
    await session.exec(told.on_conflict_do_update(index_elements=["code_hash"], set_=changed))
    return expires_at


async def find_draft(session: AsyncSession, code: str, form: str, organization_id: UUID) -> dict[str, str]:
    """The fields kept under a code for this form of this organization, or `CodeUnknown`."""
    row = UnfinishedQuestionnaire
    query = select(row).where(row.code_hash == _hash(code), row.form == form, row.organization_id == organization_id)
    found = (await session.exec(query.where(col(row.expires_at) > clock.now()))).first()
    if found is None:
        raise CodeUnknown
    return found.fields


async def delete_draft(session: AsyncSession, code: str) -> None:
    """Delete what is kept under a code: it was submitted."""
    row = UnfinishedQuestionnaire
    await session.exec(sa.delete(row).where(col(row.code_hash) == _hash(code)))


async def clear_expired(session: AsyncSession) -> int:
    """Delete what was kept long enough; how many there were."""
    row = UnfinishedQuestionnaire
    gone = await session.exec(sa.delete(row).where(col(row.expires_at) <= clock.now()))
    return int(gone.rowcount)
