"""What respondents could not find, in their own words (A-1.23x)."""

from datetime import date
from uuid import UUID

from pydantic import Field

from app.core.schemas import Output
from app.monitoring.schemas.figures import GroupBy
from app.surveys.models import SubmissionSource


class CommentRead(Output):
    """One comment, without what may be personal data."""

    id: UUID
    submission_id: UUID
    day: date
    organization_id: UUID
    municipality: str | None
    source: SubmissionSource
    form_version: int
    code: str = Field(description="Of the score that it explains: `23.N`.")
    key: str = Field(description="The source of information.")
    name: str
    score: int
    text: str


class CommentGroupRead(Output):
    """How many comments one group has."""

    key: str
    name: str
    n: int


class CommentsRead(Output):
    """Comments of a period: how many, and a page of them, newest first."""

    since: date | None = Field(alias="from")
    until: date | None = Field(alias="to")
    group_by: GroupBy | None
    n: int = Field(description="How many there are by all filters but `q`.")
    groups: list[CommentGroupRead]
    items: list[CommentRead]
    next_cursor: str | None = Field(description="Give it as `cursor` to get the next page; null on the last.")
    count: int | None = Field(description="With `with_count=true`: how many `q` finds too, stopping at 1,001.")
