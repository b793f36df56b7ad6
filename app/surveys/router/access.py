"""Who may use the survey's operations. Checked in dependencies, which run before the body is validated."""

from typing import Annotated, Any

from fastapi import Depends

from app.core.deps import SessionDep
from app.core.problems import Forbidden
from app.core.security import OptionalCaller, Principal, requires
from app.surveys.service.submissions import require_client_centricity_unit


def requires_client_centricity(scope: str) -> Any:
    """Require a scope and the client-centricity unit: `Annotated[Principal, requires_client_centricity("…")]`."""

    async def authorize(by: Annotated[Principal, requires(scope)], session: SessionDep) -> Principal:
        await require_client_centricity_unit(session, by)
        return by

    return Depends(authorize)


async def _authorize_submitter(by: OptionalCaller) -> Principal | None:
    if by is not None and by.kind == "client" and not by.may("surveys:submit"):
        raise Forbidden
    return by


Reader = Annotated[Principal, requires("surveys:read")]
FormWriter = Annotated[Principal, requires_client_centricity("forms:write")]
LinkCreator = Annotated[Principal, requires_client_centricity("links:write")]
PaperOperator = Annotated[Principal, requires_client_centricity("surveys:enter")]
Submitter = Annotated[Principal | None, Depends(_authorize_submitter)]
