"""Adapters of external systems. Each implements a port of a domain."""
