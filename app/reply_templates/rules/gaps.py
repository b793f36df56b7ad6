"""Reasons of knowledge base gaps (O-6.2.6)."""

from enum import StrEnum


class GapReason(StrEnum):
    """Why a message counts as a gap in the knowledge base."""

    NO_TEMPLATE = "no_template"
    """No template was suggested."""
    NOT_TAKEN = "not_taken"
    """A template was suggested, and the reply was written without it."""
