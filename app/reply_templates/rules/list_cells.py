"""Several things in one cell of a table: one a line, so that a person can write them and nothing is lost."""

import re
from collections.abc import Sequence

_ESCAPES = {"\\": "\\\\", "\n": "\\n", "\r": "\\r"}
_BACK = {"\\\\": "\\", "\\n": "\n", "\\r": "\r"}


def format_lines(items: Sequence[str]) -> str:
    """Items one a line; a line break inside one is written `\\n`, a backslash twice."""
    return "\n".join(re.sub(r"[\\\n\r]", lambda match: _ESCAPES[match[0]], item) for item in items)


def parse_lines(cell: str) -> list[str]:
    """The items of a cell; empty lines are none."""
    lines = re.split(r"\r\n|\n|\r", cell)
    return [re.sub(r"\\[\\nr]", lambda match: _BACK[match[0]], line) for line in lines if line.strip()]


def format_keywords(keywords: Sequence[str]) -> str:
    """Keywords one a line; a single one with a semicolon has a line break after it, or it would be read as two."""
    cell = format_lines(keywords)
    return f"{cell}\n" if len(keywords) == 1 and ";" in cell else cell


def parse_keywords(cell: str) -> list[str]:
    """The keywords of a cell: one a line, or in a single line separated by semicolons."""
    if "\n" in cell or "\r" in cell:
        return [item.strip() for item in parse_lines(cell)]
    return [item.strip() for part in cell.split(";") for item in parse_lines(part)]


def restore_escapes(text: str) -> str:
    """A text as it is compared: a workbook knows one kind of line break only."""
    return re.sub(r"\r\n|\r", "\n", text)
