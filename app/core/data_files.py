"""Reference data files in the domains' `data` folders."""

from pathlib import Path
from typing import Any

import yaml


def load_yaml(module_file: str, name: str) -> Any:
    """Return the content of `data/<name>` next to a module; `module_file` is the module's `__file__`."""
    return yaml.safe_load((Path(module_file).parent / "data" / name).read_text(encoding="utf-8"))
