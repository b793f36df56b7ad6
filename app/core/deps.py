"""What every router depends on: the request's one transaction, and the settings."""

from collections.abc import AsyncGenerator
from typing import Annotated

from fastapi import Depends, Request
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.db import Database
from app.core.file_store import FileStore
from app.core.settings import Settings

SAFE_METHODS = ("GET", "HEAD", "OPTIONS")


def get_database(request: Request) -> Database:
    """The service's database."""
    database: Database = request.app.state.database
    return database


def get_settings(request: Request) -> Settings:
    """The service's settings."""
    settings: Settings = request.app.state.settings
    return settings


def get_files(request: Request) -> FileStore:
    """Where contents of files are kept."""
    files: FileStore = request.app.state.files
    return files


def get_public_url(request: Request) -> str:
    """The service's address as people see it, without a slash at its end: as set, else as it was called."""
    return (get_settings(request).public_url or str(request.base_url)).rstrip("/")


async def get_session(request: Request) -> AsyncGenerator[AsyncSession]:
    """The request's session: committed when the handler returned and before the answer leaves, else rolled back."""
    async with get_database(request).transaction(write=request.method not in SAFE_METHODS) as session:
        yield session


SessionDep = Annotated[AsyncSession, Depends(get_session, scope="function")]
SettingsDep = Annotated[Settings, Depends(get_settings)]
FilesDep = Annotated[FileStore, Depends(get_files)]
PublicUrl = Annotated[str, Depends(get_public_url)]
DatabaseDep = Annotated[Database, Depends(get_database)]
