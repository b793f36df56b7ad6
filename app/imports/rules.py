"""Rules of imports: states, outcomes of rows, names of cells."""

from enum import StrEnum


class ImportState(StrEnum):
    """States of an import; `failed` means that nothing was applied because of errors."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class Outcome(StrEnum):
    """Outcomes of a row, actual or, in a dry run, expected."""

    CREATED = "created"
    CHANGED = "changed"
    UNCHANGED = "unchanged"


OPEN = (ImportState.QUEUED, ImportState.RUNNING)
MAX_FAULTS = 500
CHUNK = 500
DELETE_BATCH = 2000
"""The number of staged rows deleted in one transaction, so that other writers are not blocked."""


def is_applied(faults: int, *, is_dry_run: bool, is_partial: bool) -> bool:
    """Return whether checked rows are applied: all of them or none, unless a partial import was requested."""
    return not is_dry_run and (is_partial or faults == 0)


def get_unapplied_state(*, is_dry_run: bool) -> ImportState:
    """Return the final state of an import that applies nothing: done for a dry run, else failed."""
    return ImportState.DONE if is_dry_run else ImportState.FAILED


def format_cell_name(column: int, row: int) -> str:
    """Return the spreadsheet name of a cell: column 0 in row 17 is A17, column 27 is AB17."""
    letters = ""
    number = column + 1
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(65 + rest) + letters
    return f"{letters}{row}"
