"""Imports of tables: staged in chunks, checked row by row, applied in one transaction (O-2.7, A-1.fn)."""
