"""Lists in one cell of a table, one item per line, readable and without loss."""

import re
from collections.abc import Sequence

_ESCAPES = {"\\": "\\\\", "\n": "\\n", "\r": "\\r"}
_UNESCAPES = {"\\\\": "\\", "\\n": "\n", "\\r": "\r"}


def format_lines(items: Sequence[str]) -> str:
    """Return the items one per line; a line break in an item becomes `\\n`, and a backslash is doubled."""
    return "\n".join(re.sub(r"[\\\n\r]", lambda match: _ESCAPES[match[0]], item) for item in items)


def parse_lines(cell: str) -> list[str]:
    """Return the items of a cell; empty lines are skipped."""
    lines = re.split(r"\r\n|\n|\r", cell)
    return [re.sub(r"\\[\\nr]", lambda match: _UNESCAPES[match[0]], line) for line in lines if line.strip()]


def format_keywords(keywords: Sequence[str]) -> str:
    """Return the keywords one per line; a single keyword with a semicolon gets a trailing line break to stay one."""
    cell = format_lines(keywords)
    return f"{cell}\n" if len(keywords) == 1 and ";" in cell else cell


def parse_keywords(cell: str) -> list[str]:
    """Return the keywords of a cell: one per line, or on a single line separated by semicolons."""
    if "\n" in cell or "\r" in cell:
        return [item.strip() for item in parse_lines(cell)]
    return [item.strip() for part in cell.split(";") for item in parse_lines(part)]


def restore_escapes(text: str) -> str:
    """Normalize line breaks for comparison, because a workbook has only one kind."""
    return re.sub(r"\r\n|\r", "\n", text)
