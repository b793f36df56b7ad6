"""Selects of monitoring; the only modules that join the tables of other domains."""
