"""The table of one-time links."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from app.core.db import Table, length_check


class SurveyLink(Table, table=True):
    """An unused one-time link; deleted when it is used, so that answers cannot be traced to it."""

    __tablename__ = "survey_links"
    __table_args__ = (
        sa.UniqueConstraint("token_hash", name="uq_survey_links_token"),
        length_check("token_hash", 64, shortest=64),
    )

    token_hash: str = Field(max_length=64)
    """SHA-256 of the link's token, in hexadecimal digits."""
    form: str = Field(max_length=64)
    organization_id: UUID = Field(foreign_key="organizations.id")
    expires_at: datetime = Field(index=True)
