"""Plant each defect of the list in a copy of the project and require the tests to fail: `make defects`.

A defect names a file, the text that is replaced (it occurs once), its replacement, and the tests that must notice.
Only SQLite is used, because a defect is in code that both databases share, unless the defect says otherwise.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]
TIMEOUT_SECONDS = 900
TESTS_FAILED = 1
"""Exit code of pytest when tests ran and failed; any other code means that the tests did not judge the defect."""


@dataclass(frozen=True, slots=True)
class Defect:
    """One planted defect."""

    name: str
    file: str
    before: str
    after: str
    tests: tuple[str, ...]
    only: str = "not postgresql"
    """The expression of `pytest -k`."""


def load_defects() -> list[Defect]:
    """Return the defects of every list in this folder. A list is named after the domain that it damages."""
    found = []
    for path in sorted(Path(__file__).parent.glob("*.yaml")):
        for raw in yaml.safe_load(path.read_text(encoding="utf-8")):
            found.append(Defect(**{**raw, "name": f"{path.stem}/{raw['name']}", "tests": tuple(raw["tests"])}))
    return found


def plant(defect: Defect, root: Path) -> None:
    """Replace the text in a copy of the project. Raises `ValueError` unless it occurs exactly once."""
    path = root / defect.file
    text = path.read_text(encoding="utf-8")
    if text.count(defect.before) != 1 or defect.before == defect.after:
        raise ValueError(f"{defect.name}: the text occurs {text.count(defect.before)} times in {defect.file}")
    path.write_text(text.replace(defect.before, defect.after), encoding="utf-8")


def copy_project(target: Path) -> Path:
    """Copy the files that git tracks."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True)
    for name in filter(None, listed.stdout.split("\0")):
        if (ROOT / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, target / name)
    return target


def run_tests(root: Path, tests: Sequence[str], only: str) -> tuple[int, str]:
    """Run the tests until the first failure; return pytest's exit code and its last line about a failure."""
    command = [sys.executable, "-m", "pytest", "-x", "-n", "0", "-p", "no:cacheprovider", "-k", only, *tests]
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    try:
        done = subprocess.run(
            command, cwd=root, env=environment, capture_output=True, text=True, timeout=TIMEOUT_SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        return TESTS_FAILED, "time limit"  # a defect may make a loop endless
    lines = [line for line in done.stdout.splitlines() if line.startswith(("FAILED", "ERROR"))]
    return done.returncode, (lines or done.stdout.splitlines() or [""])[-1]


def judge(defect: Defect) -> tuple[Defect, bool, str]:
    """Plant a defect in a fresh copy and return whether the tests noticed it, with their words."""
    started = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="defect-") as folder:
        root = copy_project(Path(folder))
        plant(defect, root)
        code, words = run_tests(root, defect.tests, defect.only)
    # A defect that stops the application from being imported is not noticed by a test: pytest ends with 2 or 4.
    return defect, code == TESTS_FAILED, f"{words} ({time.perf_counter() - started:.0f} s)"


def main() -> int:
    """Judge the chosen defects and print a line for each. Returns 1 if any was not noticed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help="parts of names; all defects if none is given")
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args()
    chosen = [one for one in load_defects() if not options.names or any(part in one.name for part in options.names)]
    missed = 0
    with ThreadPoolExecutor(options.workers) as pool:
        for defect, noticed, words in pool.map(judge, chosen):
            missed += not noticed
            sys.stdout.write(f"{'noticed' if noticed else 'MISSED '}  {defect.name}: {words}\n")
            sys.stdout.flush()
    sys.stdout.write(f"{len(chosen) - missed} of {len(chosen)} defects were noticed\n")
    return 1 if missed or not chosen else 0


if __name__ == "__main__":
    sys.exit(main())
