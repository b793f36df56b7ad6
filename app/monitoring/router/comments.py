"""HTTP API of respondents' comments."""

from typing import Annotated

from fastapi import APIRouter, Query

from app.core.deps import SessionDep
from app.core.pagination import PageDep
from app.core.types import Search
from app.monitoring.router.figures import CutDep, Grouping, Reader
from app.monitoring.schemas.comments import CommentsRead
from app.monitoring.service import comments

Code = Annotated[
    str | None,
    Query(
        max_length=20,
        pattern=r"^[0-9]{1,3}(\.[0-9]{1,3})?(\.comment)?\.?$",
        description="Code of a question or of its row: `23`, `23.3`.",
    ),
]

router = APIRouter(prefix="/monitoring", tags=["monitoring"])


@router.get("/comments", response_model=CommentsRead, summary="List comments")
async def list_comments(
    by: Reader,
    session: SessionDep,
    page: PageDep,
    cut: CutDep,
    group_by: Grouping = None,
    code: Code = None,
    q: Annotated[Search | None, Query(description="Words to find, in any form; all are required.")] = None,
) -> CommentsRead:
    """List the comments on what respondents could not find, newest first (A-1.23x, O-11).

    Numbers, telephones and addresses that may be personal data are masked. `n` and `groups` apply all filters except
    `q`. A comment appears a few seconds after its submission.
    """
    return await comments.list_comments(session, cut, group_by, code, q, page)
