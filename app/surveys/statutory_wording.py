"""The order's own text of the form: what a version may not change (A-1)."""

from functools import cache
from typing import Any

from app.core.data_files import load_yaml


@cache
def load_order_form() -> dict[str, Any]:
    """Appendix 1 as data, the sources of the order's own list with it; not to be changed by who reads it."""
    form: dict[str, Any] = load_yaml(__file__, "information-access-v1.yaml")["form"]
    return form
