"""Digests that identify a submission by its content."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

from app.surveys.rules.form import Form, to_codes


def compute_content_hash(
    form: Form, organization_id: UUID, municipality: str | None, filled_at: datetime | None, by_key: Mapping[str, Any]
) -> str:
    """Return the SHA-256 of a submission's form and normalized codes, independent of its notation."""
    moment = filled_at.astimezone(UTC).isoformat() if filled_at else None
    content = [form.key, form.version, str(organization_id), municipality, moment, to_codes(form, by_key)]
    return sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def compute_identity(content: str, occurrence: int) -> str:
    """Return the identity of a table row: its content and its number among rows with the same content."""
    return sha256(f"{content} {occurrence}".encode()).hexdigest()


def compute_named_identity(form: str, organization_id: UUID, external_id: str) -> str:
    """Return the identity of a table row with an id of its own in the source system."""
    return sha256(json.dumps([form, str(organization_id), external_id]).encode()).hexdigest()
