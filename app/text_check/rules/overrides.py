"""How a rule is set for one channel: what names more decides."""

from collections.abc import Mapping, Sequence
from typing import Any

from app.text_check.rules.check_context import Setting


def select_setting(
    setting: Setting, overrides: Sequence[Mapping[str, Any]], channel: str | None, *, is_public: bool | None
) -> Setting:
    """The setting with the overrides that fit, those that name more over those that name less.

    `is_public` None: it is not known, and what is said of public comments only, or of private messages only, waits.
    """
    is_on, threshold = setting.is_on, setting.threshold
    fitting = [
        one
        for one in overrides
        if one["channel"] in (None, channel) and (one["is_public"] is None or one["is_public"] is is_public)
    ]
    for one in sorted(fitting, key=lambda one: ((one["channel"] is not None), (one["is_public"] is not None))):
        is_on = one["is_on"] if one["is_on"] is not None else is_on
        threshold = one["threshold"] if one["threshold"] is not None else threshold
    return Setting(is_on, threshold, setting.values)
