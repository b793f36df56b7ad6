"""Facts about imports; each is also the job of the step that follows it."""

from uuid import UUID

from app.core.outbox import Event


class ImportQueued(Event):
    """A table is staged; its rows below `after` (a row number) are checked."""

    import_id: UUID
    after: int = 0


class ImportEnded(Event):
    """An import is over; what was staged for it goes, some rows at a time."""

    import_id: UUID


class ImportChecked(Event):
    """Every row of an import is checked, and what passed may be applied: in bulk the rows below `after` first."""

    import_id: UUID
    after: int = 0
