"""The difference between a template and the text sent (O-6.2.6)."""

import re
from collections import Counter

_WORD = re.compile(r"\w+")


_MIN_SHARE = 0.0001


def compute_changed_share(template: str, sent: str) -> float:
    """Return the share of words that only one of the texts has, 0 to 1, rounded to 4 digits. Word order is ignored.

    0 means identical texts; any other difference gives at least 0.0001. The time is linear in the length of the texts.
    """
    if sent == template:
        return 0.0
    before, after = (Counter(_WORD.findall(text.casefold())) for text in (template, sent))
    total = before.total() + after.total()
    return max(_MIN_SHARE, round(1 - 2 * (before & after).total() / total, 4)) if total else _MIN_SHARE
