"""Use cases of template search."""
