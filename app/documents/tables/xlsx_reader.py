"""Child process that opens an untrusted XLSX file. It limits itself before reading and imports nothing of the project.

It reads the file from stdin and writes JSON to stdout: `{"rows": [[number, [cells…]], …]}` or `{"refused": code}`.
The parent treats any other outcome (killed for memory or time, a broken archive) as a refusal too.
"""

import datetime
import io
import json
import resource
import sys
import zipfile
from collections.abc import Iterator
from typing import Any

MEMORY_BYTES = 512 * 1024 * 1024
CPU_SECONDS = 10
MAX_UNPACKED_BYTES = 256 * 1024 * 1024


class Refused(Exception):
    """The file is rejected; the argument is the code of the reason."""


def limit_resources() -> None:
    """Limit address space and processor time, and forbid writing files and core dumps."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))


def require_xlsx(content: bytes) -> None:
    """Raise `Refused` unless the file is a ZIP archive with a workbook and an acceptable declared size."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = archive.infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError):
        raise Refused("not_xlsx") from None
    if not {"[Content_Types].xml", "xl/workbook.xml"} <= {member.filename for member in members}:
        raise Refused("not_xlsx")
    if sum(member.file_size for member in members) > MAX_UNPACKED_BYTES:
        raise Refused("too_large")


def to_text(cell: object) -> str:
    """Format a cell as a person would type it: 5.0 as 5, a date in ISO format, an empty cell as an empty string."""
    match cell:
        case bool():
            return "true" if cell else "false"
        case float() if cell.is_integer() and abs(cell) < 1e15:  # noqa: PLR2004  floats are exact up to this limit
            return str(int(cell))
        case datetime.datetime():
            is_day = cell.time() == datetime.time(0)
            return cell.date().isoformat() if is_day else cell.isoformat(timespec="seconds")
        case datetime.date() | datetime.time():
            return cell.isoformat()
    return str(cell)


def iterate_rows(sheet: Any, max_rows: int, max_columns: int, max_characters: int) -> Iterator[tuple[int, list[str]]]:
    """Yield the non-empty rows with their numbers in the spreadsheet."""
    if sheet.start is None:
        return
    last_row, last_column = sheet.end  # counted from 0; row 0 holds the headers
    if last_column >= max_columns:
        raise Refused("too_many_columns")
    if last_row > max_rows:
        raise Refused("too_many_rows")
    before = [""] * sheet.start[1]  # calamine omits empty columns on the left and keeps empty rows above
    characters = 0
    for number, cells in enumerate(sheet.iter_rows(), start=1):
        row = before + [to_text(cell) for cell in cells]
        characters += sum(map(len, row))
        if characters > max_characters:
            raise Refused("too_large")
        if any("\0" in cell for cell in row):  # databases do not store it
            raise Refused("nul")
        if any(row):
            yield number, row


def read(content: bytes, max_rows: int, max_columns: int, max_characters: int) -> list[tuple[int, list[str]]]:
    """Read all rows of the only visible sheet of a workbook. Raises `Refused`."""
    require_xlsx(content)
    import python_calamine  # noqa: PLC0415  imported after the limits are set

    try:
        book = python_calamine.load_workbook(io.BytesIO(content))
        visible = [
            sheet
            for sheet in book.sheets_metadata
            if sheet.typ == python_calamine.SheetTypeEnum.WorkSheet
            and sheet.visible == python_calamine.SheetVisibleEnum.Visible
        ]
        if len(visible) != 1:
            raise Refused("too_many_sheets" if visible else "no_sheet")
        sheet = book.get_sheet_by_name(visible[0].name)
        return list(iterate_rows(sheet, max_rows, max_columns, max_characters))
    except (python_calamine.CalamineError, OSError, ValueError):
        raise Refused("not_xlsx") from None


def main() -> None:
    """Limit the process, read the file and write the result."""
    limit_resources()
    try:
        result: dict[str, Any] = {"rows": read(sys.stdin.buffer.read(), *map(int, sys.argv[1:4]))}
    except Refused as reason:
        result = {"refused": str(reason)}
    except MemoryError:
        result = {"refused": "too_large"}
    json.dump(result, sys.stdout)


if __name__ == "__main__":
    main()
