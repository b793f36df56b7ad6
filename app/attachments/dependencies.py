"""The file store as a dependency of routers."""

from typing import Annotated

from fastapi import Depends, Request

from app.attachments.file_store import FileStore
from app.core.app_state import get_state


def get_files(request: Request) -> FileStore:
    """Return the file store."""
    return get_state(request).get(FileStore)


FilesDep = Annotated[FileStore, Depends(get_files)]
