"""Selection of the rule settings for a channel: the more specific override wins."""

from collections.abc import Mapping, Sequence
from typing import Any

from app.text_check.rules.check_context import Setting


def select_setting(
    setting: Setting, overrides: Sequence[Mapping[str, Any]], channel: str | None, *, is_public: bool | None
) -> Setting:
    """Return the setting with the matching overrides applied, the more specific ones last.

    If `is_public` is None (unknown), overrides for only public or only private texts do not apply.
    """
    is_on, threshold = setting.is_on, setting.threshold
    matching = [
        override
        for override in overrides
        if override["channel"] in (None, channel)
        and (override["is_public"] is None or override["is_public"] is is_public)
    ]
    for override in sorted(matching, key=lambda item: (item["channel"] is not None, item["is_public"] is not None)):
        is_on = override["is_on"] if override["is_on"] is not None else is_on
        threshold = override["threshold"] if override["threshold"] is not None else threshold
    return Setting(is_on, threshold, setting.values)
