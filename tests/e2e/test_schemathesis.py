"""schemathesis with all checks against the service (reliability C1); `schemathesis.toml` explains exceptions."""

import json
import subprocess
import sys
from itertools import product
from pathlib import Path

import pytest

from tests.conftest import BACKENDS
from tests.e2e.conftest import IS_WHOLE
from tests.servers import ROOT, Server

EXAMPLES = 50 if IS_WHOLE else 10


ROLES = ("unit_head", "admin", "client_centricity")
RUNS = list(product(BACKENDS, ROLES)) if IS_WHOLE else [("postgresql", "admin")]
"""In full every role on every database; in the short form one role on one database."""


@pytest.mark.parametrize(("backend", "role"), RUNS, indirect=["backend"], scope="session")
def test_schemathesis_finds_nothing(own_server: Server, tmp_path: Path, role: str) -> None:
    command = [str(Path(sys.executable).parent / "schemathesis"), "--config-file", str(ROOT / "schemathesis.toml")]
    command += ["run", f"{own_server.base_url}/openapi.json", "--checks", "all", "--max-examples", str(EXAMPLES)]
    command += ["--continue-on-failure", "--no-color", "--seed", "20240215"]
    # It would end the session of the run; the matrix and the identity tests call it.
    command += ["--exclude-operation-id", "sign_out_everywhere"]
    command += ["--header", f"Authorization: {own_server.sign_in(role)['Authorization']}"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=1500, check=False)
    found = done.stdout.partition(" FAILURES ")[2]
    assert done.returncode == 0, found[:6000] + done.stdout[-1000:] + done.stderr[-2000:]
    document = json.loads((ROOT / "openapi" / "openapi.json").read_text(encoding="utf-8"))
    operations = sum(len(path_item) for path_item in document["paths"].values())
    assert f"Tested: {operations - 1}" in done.stdout
    assert '"status": 5' not in own_server.log.read_text(), "no response of the run was 5xx"
