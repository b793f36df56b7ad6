"""The statutory wording of the form, which a version may not change (A-1)."""

from functools import cache
from typing import Any

from app.core.data_files import load_yaml


@cache
def load_order_form() -> dict[str, Any]:
    """Return the form of Appendix 1 as data, with the sources of the order. The result is shared: do not modify it."""
    form: dict[str, Any] = load_yaml(__file__, "information-access-v1.yaml")["form"]
    return form
