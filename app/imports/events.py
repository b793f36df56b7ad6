"""Events of imports; each one triggers the next step of an import."""

from typing import ClassVar
from uuid import UUID

from app.core.outbox import Event


class ImportQueued(Event):
    """A table is staged; the rows after row number `after` are to be checked."""

    type: ClassVar = "import.queued"
    import_id: UUID
    after: int = 0


class ImportEnded(Event):
    """An import has ended; its staged rows are to be deleted in batches."""

    type: ClassVar = "import.ended"
    import_id: UUID


class ImportChecked(Event):
    """All rows of an import are checked; the valid ones are to be applied, in a bulk import those after `after`."""

    type: ClassVar = "import.checked"
    import_id: UUID
    after: int = 0
