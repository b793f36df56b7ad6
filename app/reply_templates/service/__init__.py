"""Use cases of reply templates: editing, publishing, reviews, rendering and gaps."""
