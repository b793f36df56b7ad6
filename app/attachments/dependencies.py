"""The file store as a dependency of routers."""

from typing import Annotated

from fastapi import Depends, Request

from app.attachments.file_store import FileStore


def get_files(request: Request) -> FileStore:
    """Return the file store."""
    files: FileStore = request.app.state.files
    return files


FilesDep = Annotated[FileStore, Depends(get_files)]
