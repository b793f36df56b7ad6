"""PDF documents rendered by Typst offline, with the fonts of its package."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import typst


def render_pdf(template: Path, data: dict[str, Any], made_at: datetime | None = None) -> bytes:
    """Render a Typst template with its data, which it reads as `json(bytes(sys.inputs.data))`. Blocks: use a thread.

    Texts are passed as data and never interpreted as markup. The creation date of the file is now by default.
    """
    inputs = {"data": json.dumps(data, ensure_ascii=False)}
    content = typst.compile(str(template), format="pdf", sys_inputs=inputs, ignore_system_fonts=True, timestamp=made_at)
    assert isinstance(content, bytes)  # noqa: S101  bytes with one format and no output file
    return content
