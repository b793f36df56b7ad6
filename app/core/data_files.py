"""Reading of the reference data that lies in the domains' `data` folders."""

from pathlib import Path
from typing import Any

import yaml


def load_yaml(module_file: str, name: str) -> Any:
    """The content of `data/<name>` beside a module, given as its `__file__`."""
    return yaml.safe_load((Path(module_file).parent / "data" / name).read_text(encoding="utf-8"))
