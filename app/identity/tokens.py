"""Tokens."""

from typing import Any

from app.core.settings import Settings


class TokenResolver:
    """Resolves callers."""

    def __init__(self, settings: Settings) -> None: ...
