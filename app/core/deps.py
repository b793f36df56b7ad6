"""FastAPI dependencies shared by all routers: the request's transaction, the settings."""

from collections.abc import AsyncGenerator
from typing import Annotated

from fastapi import Depends, Request
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.app_state import get_state
from app.core.db import Database
from app.core.settings import Settings

SAFE_METHODS = ("GET", "HEAD", "OPTIONS")


def get_database(request: Request) -> Database:
    """Return the service's database."""
    return get_state(request).database


def get_settings(request: Request) -> Settings:
    """Return the service's settings."""
    return get_state(request).settings


def get_public_url(request: Request) -> str:
    """Return the public URL of the service without a trailing slash: the configured one, else that of the request."""
    return (get_settings(request).public_url or str(request.base_url)).rstrip("/")


async def get_session(request: Request) -> AsyncGenerator[AsyncSession]:
    """Return the request's session. It is committed after the handler returns and before the response is sent."""
    async with get_database(request).transaction(write=request.method not in SAFE_METHODS) as session:
        yield session


SessionDep = Annotated[AsyncSession, Depends(get_session, scope="function")]
SettingsDep = Annotated[Settings, Depends(get_settings)]
PublicUrl = Annotated[str, Depends(get_public_url)]
DatabaseDep = Annotated[Database, Depends(get_database)]
