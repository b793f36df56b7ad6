"""Imports of tables: staged in chunks, checked row by row, applied in one transaction or not at all (O-2.7, A-1.fn)."""
