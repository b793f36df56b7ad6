"""Start-up and overload: weak secrets are rejected, readiness waits for migrations and seed data."""

import asyncio
import os
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import httpx
import pytest

from app.cli import migrate, seed
from tests.conftest import SECRET, settings_for
from tests.e2e.test_crash import SUBMISSION
from tests.postgres import free_port
from tests.servers import ROOT, Server


def run_cli(*arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """Run a command of the command line with exactly these settings."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("APP_")}
    env |= {f"APP_{name.upper()}": value for name, value in settings.items()}
    command = [sys.executable, "-m", "app.cli", *arguments]
    return subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.parametrize(
    ("settings", "variable"),
    [
        ({}, "APP_SECRET_KEY"),
        ({"secret_key": "changeme"}, "APP_SECRET_KEY"),
        ({"secret_key": SECRET}, "APP_SIGNING_KEY"),
        ({"secret_key": SECRET, "signing_key": "x.pem", "rate_limit": "off"}, "APP_RATE_LIMIT"),
        ({"secret_key": SECRET, "signing_key": "x.pem", "database_pool_size": "0"}, "APP_DATABASE_POOL_SIZE"),
    ],
    ids=str,
)
def test_production_exits_with_the_name_of_the_wrong_setting(
    tmp_path: Path, settings: dict[str, str], variable: str
) -> None:
    done = run_cli("serve", "--port", str(free_port()), var_dir=str(tmp_path), **settings)
    assert done.returncode == 2, done.stderr
    assert variable in done.stderr and "Traceback" not in done.stderr
    assert SECRET not in done.stderr + done.stdout


def test_the_production_commands_of_the_readme(tmp_path: Path) -> None:
    key = tmp_path / "key.pem"
    generate_key = ["openssl", "genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:3072", "-out", str(key)]
    subprocess.run(generate_key, check=True, capture_output=True)
    settings = {"secret_key": SECRET, "signing_key": str(key), "database_url": f"sqlite:///{tmp_path / 'p.sqlite3'}"}
    settings["var_dir"] = str(tmp_path)
    password = "длинный пароль администратора"
    for command in (["migrate"], ["seed"], ["create-admin", "ivanov", "--password", password]):
        done = run_cli(*command, **settings)
        assert done.returncode == 0, done.stdout + done.stderr
    port = free_port()
    env = {**os.environ, **{f"APP_{name.upper()}": value for name, value in settings.items()}}
    command = [sys.executable, "-m", "app.cli", "serve", "--port", str(port)]
    server = subprocess.Popen(command, cwd=ROOT, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        base = f"http://127.0.0.1:{port}"
        until = time.monotonic() + 30
        while True:
            try:
                if httpx.get(f"{base}/health/ready", trust_env=False).status_code == 200:
                    break
            except httpx.TransportError:
                pass
            assert time.monotonic() < until
            time.sleep(0.1)
        form = {"grant_type": "password", "username": "ivanov", "password": password}
        signed_in = httpx.post(f"{base}/api/v1/auth/token", data=form, trust_env=False)
        assert signed_in.status_code == 200, signed_in.text
        headers = {"Authorization": f"Bearer {signed_in.json()['access_token']}"}
        units = httpx.get(f"{base}/api/v1/units", headers=headers, trust_env=False).json()["items"]
        assert len(units) == 1, "no demo data in production"
    finally:
        server.terminate()
        server.wait(20)


def test_readiness_waits_for_migrations_and_seed(tmp_path: Path) -> None:
    """Readiness is 503 before and 200 after; liveness is 200 throughout."""
    settings = settings_for(f"sqlite:///{tmp_path / 'r.sqlite3'}", tmp_path, profile="demo")
    port = free_port()
    env = {**os.environ, "APP_PROFILE": "demo", "APP_DATABASE_URL": settings.database_address}
    env |= {"APP_VAR_DIR": str(tmp_path), "APP_SECRET_KEY": SECRET}
    command = [sys.executable, "-m", "app.cli", "serve", "--port", str(port)]
    server = subprocess.Popen(command, cwd=ROOT, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def status(path: str) -> int:
        return httpx.get(f"http://127.0.0.1:{port}/health/{path}", trust_env=False).status_code

    try:
        until = time.monotonic() + 30
        while time.monotonic() < until:
            try:
                assert status("live") == 200
                break
            except httpx.TransportError:
                time.sleep(0.1)
        assert status("ready") == 503
        migrate(settings)
        assert status("ready") == 503
        seed(settings)
        assert status("ready") == 503, "the accounts are not written yet"
        settings.accounts_file.write_text("{}")
        assert status("ready") == 200
    finally:
        server.terminate()
        server.wait(20)


async def test_overload_gets_503_and_the_service_recovers(own_server: Server) -> None:
    """E7: 400 concurrent requests get 201 or 503 with Retry-After; health checks work; the service recovers."""
    limits = httpx.Limits(max_connections=500)
    async with httpx.AsyncClient(base_url=own_server.base_url, timeout=60, limits=limits, trust_env=False) as client:

        async def submit() -> httpx.Response:
            return await client.post("/api/v1/survey-submissions", json=SUBMISSION)

        async def watch() -> list[int]:
            return [(await client.get("/health/live")).status_code for _ in range(20)]

        *answers, health = await asyncio.gather(*[submit() for _ in range(400)], watch())
        counts = Counter(answer.status_code for answer in answers if isinstance(answer, httpx.Response))
        assert set(counts) <= {201, 503} and counts[201] >= 20, counts  # the number depends on the machine
        assert all(a.headers["retry-after"] for a in answers if isinstance(a, httpx.Response) and a.status_code == 503)
        assert health == [200] * 20
        assert (await submit()).status_code == 201
    reader = own_server.sign_in("client_centricity")
    stored = own_server.get("/survey-submissions?with_count=true", headers=reader).json()["count"]
    assert stored == counts[201] + 1, "exactly the acknowledged submissions are stored"
