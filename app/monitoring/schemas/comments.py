"""Comments of respondents on what they could not find (A-1.23x)."""

from datetime import date
from uuid import UUID

from pydantic import Field

from app.core.schemas import Output
from app.monitoring.schemas.figures import GroupBy
from app.surveys.rules.submissions import SubmissionSource


class CommentRead(Output):
    """One comment, with possible personal data masked."""

    id: UUID
    submission_id: UUID
    day: date
    organization_id: UUID
    municipality: str | None
    source: SubmissionSource
    form_version: int
    code: str = Field(description="Code of the score that the comment explains: `23.N`.")
    key: str = Field(description="Key of the source of information.")
    name: str
    score: int
    text: str


class CommentGroupRead(Output):
    """The number of comments of one group."""

    key: str
    name: str
    n: int


class CommentsRead(Output):
    """The number of comments of a period and a page of them, newest first."""

    since: date | None = Field(alias="from")
    until: date | None = Field(alias="to")
    group_by: GroupBy | None
    n: int = Field(description="The number of comments by all filters except `q`.")
    groups: list[CommentGroupRead]
    items: list[CommentRead]
    next_cursor: str | None = Field(description="Pass it as `cursor` to get the next page; null on the last page.")
    count: int | None = Field(description="With `with_count=true`: the number by all filters, `q` too; at most 1,001.")
