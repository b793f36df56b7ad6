"""The service as a separate process, started with the same command as `make run`."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx

from tests.postgres import free_port

ROOT = Path(__file__).resolve().parents[1]


class Server:
    """A server on loopback with its own var folder; it can be killed and restarted on the same port."""

    def __init__(self, database_url: str, var_dir: Path, **settings: str) -> None:
        self.port = free_port()
        self.base_url = f"http://127.0.0.1:{self.port}"
        self.var_dir = var_dir
        self.log = var_dir.parent / f"server-{self.port}.log"
        self._env = {
            **{name: value for name, value in os.environ.items() if not name.startswith("APP_")},
            "APP_DATABASE_URL": database_url,
            "APP_VAR_DIR": str(var_dir),
            "APP_RATE_LIMIT": "off",
            **{f"APP_{name.upper()}": value for name, value in settings.items()},
        }
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, seconds: float = 180) -> Self:
        """Start the server and wait until it is ready."""
        command = [sys.executable, "-m", "app.cli", "run", "--port", str(self.port)]
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                command, cwd=ROOT, env=self._env, stdout=log, stderr=log, start_new_session=True
            )
        self.wait_until_ready(seconds)
        return self

    def wait_until_ready(self, seconds: float = 180) -> None:
        """Wait for `/health/ready`. Fails with the end of the log if the server does not start."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            assert self._process is not None
            if self._process.poll() is not None:
                break
            try:
                if httpx.get(f"{self.base_url}/health/ready", timeout=2, trust_env=False).status_code == 200:
                    return
            except httpx.TransportError:
                pass
            time.sleep(0.05)
        raise AssertionError(f"the server did not start:\n{self.log.read_text()[-4000:]}")

    def command(self, *arguments: str, seconds: float = 120) -> subprocess.CompletedProcess[str]:
        """Run a command of `python -m app.cli` on the server's database and return the completed process."""
        return subprocess.run(
            [sys.executable, "-m", "app.cli", *arguments],
            cwd=ROOT,
            env=self._env | {"APP_PROFILE": "demo"},
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )

    @property
    def pid(self) -> int:
        """Return the id of the started process, the leader of its group."""
        assert self._process is not None
        return self._process.pid

    @property
    def is_running(self) -> bool:
        """Return whether the started process is still there."""
        return self._process is not None and self._process.poll() is None

    def kill(self) -> None:
        """Send SIGKILL to the process group."""
        if self._process is not None and self.is_running:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait(10)

    def terminate(self, seconds: float = 20) -> float:
        """Send SIGTERM to the process group and return the seconds until it ended."""
        assert self._process is not None
        started_at = time.monotonic()
        os.killpg(self._process.pid, signal.SIGTERM)
        self._process.wait(seconds)
        return time.monotonic() - started_at

    def accounts(self) -> dict[str, Any]:
        """Return the content of the demo accounts file."""
        accounts: dict[str, Any] = json.loads((self.var_dir / "demo-accounts.json").read_text())
        return accounts

    def sign_in(self, role: str, place: int = 0) -> dict[str, str]:
        """Sign in as the n-th account of a role (an API client for `integration`) and return the headers."""
        accounts = self.accounts()
        if role == "integration":
            client = accounts["clients"][place]
            form = {"grant_type": "client_credentials"}
            auth = httpx.BasicAuth(client["client_id"], client["client_secret"])
            response = self.post("/auth/token", data=form, auth=auth)
        else:
            account = [a for a in accounts["accounts"] if a["role"] == role][place]
            form = {"grant_type": "password", "username": account["username"], "password": account["password"]}
            response = self.post("/auth/token", data=form)
        return {"Authorization": f"Bearer {response.json()['access_token']}"}

    def request(self, method: str, path: str, **arguments: Any) -> httpx.Response:
        """Send a request to a path below `/api/v1`."""
        return httpx.request(method, f"{self.base_url}/api/v1{path}", timeout=30, trust_env=False, **arguments)

    def get(self, path: str, **arguments: Any) -> httpx.Response:
        """Send GET to a path below `/api/v1`."""
        return self.request("GET", path, **arguments)

    def post(self, path: str, **arguments: Any) -> httpx.Response:
        """Send POST to a path below `/api/v1`."""
        return self.request("POST", path, **arguments)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()
