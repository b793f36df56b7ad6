"""Guards of the architecture rules."""

import ast
import importlib
import inspect
import pkgutil
import re
from collections.abc import Iterator
from pathlib import Path

import yaml
from alembic.script import ScriptDirectory

import app.main
from app.core.problems import list_problem_classes
from app.core.schemas import Input
from app.core.settings import Settings
from app.docs import build_problems_page, build_settings_page
from app.server.health import MIGRATIONS, migration_head

ROOT = Path(__file__).resolve().parents[2]
LONGEST_FILE = 300
LARGEST_CORE = 2500


def read_sources(folder: str) -> Iterator[tuple[Path, str]]:
    for path in sorted((ROOT / folder).rglob("*.py")):
        yield path, path.read_text(encoding="utf-8")


def list_called_methods(text: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            yield node.func.attr


def test_no_domain_commits() -> None:
    assert [str(path) for path, text in read_sources("app") if "commit" in set(list_called_methods(text))] == []


def test_every_flush_has_a_comment_with_its_reason() -> None:
    uncommented = [
        f"{p.name}: {line}"
        for p, t in read_sources("app")
        for line in t.splitlines()
        if "session.flush()" in line and "#" not in line
    ]
    assert uncommented == []


def test_the_token_is_verified_before_a_transaction_begins() -> None:
    """Handlers take the caller before the session, so that an invalid token never holds SQLite's write lock."""
    wrong = []
    for path, text in read_sources("app"):
        if "router" not in str(path):
            continue
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.AsyncFunctionDef):
                names = [argument.arg for argument in node.args.args]
                if node.decorator_list and {"by", "session"} <= set(names):
                    wrong += [node.name] if names.index("by") > names.index("session") else []
    assert wrong == []


def test_routers_select_nothing() -> None:
    found = [
        f"{path.relative_to(ROOT)}: {node.func.id}"
        for path, text in read_sources("app")
        if "router" in str(path.relative_to(ROOT))
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "select"
    ]
    assert found == []


def test_services_take_commands_and_no_bodies() -> None:
    """Importers, adapters and pages call the services without pretending to be HTTP."""
    wrong = []
    for module in pkgutil.walk_packages(app.__path__, "app."):
        if re.search(r"\.(router|schemas|__main__)\b|^app\.(core|server|cli)\b", module.name):
            continue
        for name, function in inspect.getmembers(importlib.import_module(module.name), inspect.isfunction):
            hints = function.__annotations__.items() if function.__module__ == module.name else ()
            kinds = [kind for what, kind in hints if what != "return" and isinstance(kind, type)]
            wrong += [f"{module.name}.{name}" for kind in kinds if issubclass(kind, Input)]
    assert wrong == []


def test_files_stay_small() -> None:
    lengths = {str(path.relative_to(ROOT)): len(text.splitlines()) for path, text in read_sources("app")}
    assert {path: length for path, length in lengths.items() if length > LONGEST_FILE} == {}
    assert sum(length for path, length in lengths.items() if path.startswith("app/core/")) <= LARGEST_CORE


def test_one_migration_head_and_numbered_names() -> None:
    names = sorted(path.name for path in (MIGRATIONS / "versions").glob("*.py"))
    assert all(re.fullmatch(r"\d{4}_[a-z0-9_]+\.py", name) for name in names)
    assert [int(name[:4]) for name in names] == list(range(100, 100 + len(names))), "numbers below were unreleased"
    assert len(ScriptDirectory(str(MIGRATIONS)).get_heads()) == 1
    assert migration_head() == names[-1][:4]


def test_settings_and_problems_are_documented() -> None:
    assert (ROOT / "docs" / "settings.md").read_text(encoding="utf-8") == build_settings_page(Settings), (
        "run `make docs`"
    )
    assert (ROOT / "docs" / "problems.md").read_text(encoding="utf-8") == build_problems_page(), "run `make docs`"


def test_problem_codes_are_stable_names_and_unique() -> None:
    by_code: dict[str, set[str]] = {}
    for problem in list_problem_classes():
        assert re.fullmatch(r"[a-z][a-z_]+", problem.code)
        assert problem.title_ru and problem.title_en and problem.title_ru != problem.title_en
        by_code.setdefault(problem.code, set()).add(problem.__name__)
    shared = {code: names for code, names in by_code.items() if len(names) > 1}
    assert set(shared) <= {"move_not_allowed", "invalid_request"}, shared


def test_nothing_reads_files_outside_the_project() -> None:
    for folder in ("app", "tests", "bench", "alembic"):
        for path, text in read_sources(folder):
            if path != Path(__file__):
                assert "../shared" not in text and "/work/" not in text, path


def test_every_claimed_clause_has_a_test() -> None:
    claimed = yaml.safe_load((Path(__file__).parent / "clauses.yaml").read_text(encoding="utf-8"))["claimed"]
    tested: set[str] = set()
    for _, text in read_sources("tests"):
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "order":
                tested |= {arg.value for arg in node.args if isinstance(arg, ast.Constant)}  # type: ignore[misc]
    assert sorted(set(claimed) - tested) == []
