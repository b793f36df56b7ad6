"""What becomes of an import once its rows are checked, and how a place in a table is named."""

from enum import StrEnum


class ImportState(StrEnum):
    """Where an import stands. `failed` means that nothing of it was applied though that was asked for."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class Outcome(StrEnum):
    """What a row did, or in a dry run would do."""

    CREATED = "created"
    CHANGED = "changed"
    UNCHANGED = "unchanged"


OPEN = (ImportState.QUEUED, ImportState.RUNNING)
MAX_FAULTS = 500
CHUNK = 500
FORGOTTEN_AT_ONCE = 2000
"""How many staged rows of an import that is over go in one transaction: others write in between."""


def is_applied(faults: int, *, is_dry_run: bool, is_partial: bool) -> bool:
    """Whether checked rows are applied: all or nothing, unless the good ones alone were asked for."""
    return not is_dry_run and (is_partial or faults == 0)


def state_without_applying(*, is_dry_run: bool) -> ImportState:
    """The end of an import that applies nothing: a dry run has done what was asked."""
    return ImportState.DONE if is_dry_run else ImportState.FAILED


def format_cell_name(column: int, row: int) -> str:
    """A cell as spreadsheets name it: column 0 in row 17 is A17, column 27 is AB17."""
    letters = ""
    number = column + 1
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(65 + rest) + letters
    return f"{letters}{row}"
