"""Printed documents: PDF made by typst, offline, with the fonts of its wheel."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import typst


def render_pdf(template: Path, told: dict[str, Any], made_at: datetime | None = None) -> bytes:
    """A template of typst with its data, which it reads as `json(bytes(sys.inputs.told))`. Blocks: use a thread.

    What people wrote goes in as data and is never read as markup. The file says that it was made now unless told.
    """
    inputs = {"told": json.dumps(told, ensure_ascii=False)}
    made = typst.compile(str(template), format="pdf", sys_inputs=inputs, ignore_system_fonts=True, timestamp=made_at)
    assert isinstance(made, bytes)  # noqa: S101  one format, no output file
    return made
