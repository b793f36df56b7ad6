"""HTTP response with an attachment."""

from typing import Any
from urllib.parse import quote

from fastapi import Response

from app.attachments.models import MessageAttachment
from app.attachments.rules import to_download_name

FILE_RESPONSES: dict[int | str, dict[str, Any]] = {
    200: {
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
        "description": "The file",
    }
}
"""The OpenAPI response of a download."""


def download_response(row: MessageAttachment, content: bytes) -> Response:
    """Build the response with a file. Its headers prevent browsers from displaying it or guessing its type."""
    name = quote(to_download_name(row.name, row.content_type), safe="")
    headers = {
        "Content-Disposition": f"attachment; filename*=UTF-8''{name}",
        "Content-Security-Policy": "sandbox; default-src 'none'",
        "Cache-Control": "private, no-store",
    }
    return Response(content, headers=headers, media_type="application/octet-stream")
