"""Adapters of other systems, thin: each implements a port of the house."""
