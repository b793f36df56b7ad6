"""How much of a template's text its user changed (O-6.2.6)."""

import re
from collections import Counter

_WORD = re.compile(r"\w+")


def changed_share(template: str, sent: str) -> float:
    """The share of words that only one of the two texts has, 0 to 1, rounded to 4 digits; their order says nothing.

    Counting words is linear, so a hostile text costs no more than a kind one.
    """
    before, after = (Counter(_WORD.findall(text.casefold())) for text in (template, sent))
    total = before.total() + after.total()
    return round(1 - 2 * (before & after).total() / total, 4) if total else 0.0
