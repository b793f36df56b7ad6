"""How much of a template's text its user changed (O-6.2.6)."""

import re
from collections import Counter

_WORD = re.compile(r"\w+")


_LEAST = 0.0001


def compute_changed_share(template: str, sent: str) -> float:
    """The share of words that only one of the two texts has, 0 to 1, rounded to 4 digits; their order says nothing.

    0 is the text as it was to the letter: of another one it is 0.0001 at least, though every word stayed. Counting
    words is linear, so a hostile text costs no more than a kind one.
    """
    if sent == template:
        return 0.0
    before, after = (Counter(_WORD.findall(text.casefold())) for text in (template, sent))
    total = before.total() + after.total()
    return max(_LEAST, round(1 - 2 * (before & after).total() / total, 4)) if total else _LEAST
