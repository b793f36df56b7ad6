"""The table of respondents' drafts."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from app.core.db import Table, json_column, length_check


class UnfinishedQuestionnaire(Table, table=True):
    """A draft of the survey page, found by its code; deleted when it is submitted or expires."""

    __tablename__ = "survey_unfinished"
    __table_args__ = (
        sa.UniqueConstraint("code_hash", name="uq_survey_unfinished_code"),
        length_check("code_hash", 64, shortest=64),
    )

    code_hash: str = Field(max_length=64)
    """SHA-256 of the code, in hexadecimal digits."""
    form: str = Field(max_length=64)
    organization_id: UUID = Field(foreign_key="organizations.id")
    fields: dict[str, str] = Field(sa_column=json_column())
    expires_at: datetime = Field(index=True)
