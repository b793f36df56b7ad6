"""Search for addresses of interaction points in texts (O-3)."""

import re
from collections.abc import Iterator

MIN_ADDRESS_LENGTH = 5
"""Shorter addresses are ignored, as they occur in texts by chance."""
_BEFORE_HOST = re.compile(r"^(?:https?://)?(?:www\.)?", re.IGNORECASE)


def find_address_ranges(address: str, text: str) -> Iterator[tuple[int, int]]:
    """Yield the ranges of an address in a text, in code points, with any scheme; subpages match too.

    Case and the kind of whitespace are ignored. Neither `vk.com/economics` nor `m.vk.com/econom` matches
    `vk.com/econom`.
    """
    plain = _BEFORE_HOST.sub("", address.strip()).rstrip("/")
    if len(plain) < MIN_ADDRESS_LENGTH:
        return
    words = r"\s+".join(re.escape(part) for part in plain.split())
    pattern = rf"(?<![\w.@+-])(?:https?://)?(?:www\.)?{words}(?![\w-]|[.@]\w)"
    for found in re.finditer(pattern, text, re.IGNORECASE):
        yield found.span()
