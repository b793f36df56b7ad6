"""People of the pages: those who sign in."""

from tests.identity.conftest import door

__all__ = ["door"]
