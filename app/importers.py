"""The importers of all domains."""

from collections.abc import Sequence

from app.imports.ports import BulkImporter, Importer
from app.interaction_points.importer import POINTS
from app.reply_templates.importer import TEMPLATES
from app.surveys.importer import SUBMISSIONS

IMPORTERS: Sequence[Importer | BulkImporter] = (POINTS, TEMPLATES, SUBMISSIONS)
