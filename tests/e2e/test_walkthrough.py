"""The commands of `docs/walkthrough.md` run unchanged against a real server, on both databases."""

import os
import re
import subprocess
from pathlib import Path

import pytest

from tests.servers import ROOT, Server


@pytest.mark.order("O-6.2.1", "O-6.2.3a", "O-6.2.3b", "O-6.2.6", "O-10", "O-11", "A-1", "A-1.fn")
def test_the_walkthrough_runs_as_written(server: Server, tmp_path: Path) -> None:
    page = (ROOT / "docs" / "walkthrough.md").read_text()
    blocks = re.findall(r"```bash\n(.*?)```", page, re.DOTALL)
    assert len(blocks) == 12
    script = tmp_path / "walkthrough.sh"
    script.write_text("set -euo pipefail\n" + "\n".join(blocks))
    env = {**os.environ, "ACCOUNTS": str(server.var_dir / "demo-accounts.json"), "no_proxy": "*"}
    done = subprocess.run(["bash", script], env=env, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    lines = done.stdout.splitlines()
    figures = (
        "'n': 2, 'satisfied': 1, 'share': 0.5, 'low': 0.0945, 'high': 0.9055, 'is_too_few': True, 'previous': None"
    )
    assert lines[-1] == f"{{{figures}}}"
    assert any("https://mbnso.ru" in line for line in lines)
