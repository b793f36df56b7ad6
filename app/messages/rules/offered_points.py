"""Where a text names the address of an interaction point (O-3)."""

import re
from collections.abc import Iterator

SHORTEST_ADDRESS = 5
"""What is shorter may stand in any text by chance."""
_BEFORE_HOST = re.compile(r"^(?:https?://)?(?:www\.)?", re.IGNORECASE)


def find_places(address: str, text: str) -> Iterator[tuple[int, int]]:
    """The places of an address in a text, in code points: a page with all below it, whatever scheme stands before.

    Blanks may be any, capitals do not matter. `vk.com/econom` is named neither by `vk.com/economics` nor by
    `m.vk.com/econom`.
    """
    plain = _BEFORE_HOST.sub("", address.strip()).rstrip("/")
    if len(plain) < SHORTEST_ADDRESS:
        return
    words = r"\s+".join(re.escape(part) for part in plain.split())
    pattern = rf"(?<![\w.@+-])(?:https?://)?(?:www\.)?{words}(?![\w-]|[.@]\w)"
    for found in re.finditer(pattern, text, re.IGNORECASE):
        yield found.span()
