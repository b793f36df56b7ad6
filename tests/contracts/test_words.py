"""Guards of the vocabulary: plain words in code and API, idiomatic problems without identifiers."""

import ast
import re
from collections.abc import Iterator

import pytest
from pydantic import BaseModel, ValidationError

import app.main  # noqa: F401  every problem and body class exists once everything is imported
from app.core.problems import FieldError, list_problem_classes
from app.core.schemas import Input
from app.core.validation_errors import _TEXTS, to_validation_failed
from app.main import create_app
from tests.contracts.test_architecture import ROOT, read_sources

BANNED = re.compile(
    r"\b(told|whoever|nobody|mend(s|ed|ing)?|reckon(s|ed|ing)?|hand(s|ed|ing)? (it |them )?in|tak(e|es|en|ing) up|"
    r"(keyed|keying) in|to key in|tell(s|ing)? of|take in hand)\b",
    re.IGNORECASE,
)
LATIN = re.compile(r"[A-Za-z]{2,}")
QUOTED = re.compile(r"«[^»]*»|\{[^}]*\}")
CLASS_NAME = re.compile(r"\b[A-Z][a-z]+[A-Z]\w*|<\w+\.")
HOSTILE: tuple[object, ...] = ("no such value", 7.5, [], {}, None, "x" * 100_000)


def docstrings(text: str) -> Iterator[tuple[int, str]]:
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            found = ast.get_docstring(node)
            if found:
                yield getattr(node, "lineno", 1), found


def test_docstrings_use_standard_words() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{line}: {match[0]}"
        for path, text in read_sources("app")
        for line, docstring in docstrings(text)
        if (match := BANNED.search(docstring))
    ]
    assert found == []


def test_names_use_standard_words() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{node.lineno}: {node.id}"
        for folder in ("app", "tests", "bench")
        for path, text in read_sources(folder)
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) and re.fullmatch(r"_?told", node.id)
    ]
    assert found == []


def russian_texts() -> Iterator[tuple[str, str]]:
    for problem in list_problem_classes():
        yield problem.__name__, problem.title_ru
        yield problem.__name__, problem.detail_ru
    for code, (russian, _) in _TEXTS.items():
        yield code, russian


def inline_texts() -> Iterator[tuple[str, str]]:
    """Yield the Russian constants in calls that build problems and field errors."""
    names = {problem.__name__ for problem in list_problem_classes()} | {FieldError.__name__}
    for path, text in read_sources("app"):
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in names:
                for argument in node.args:
                    value = argument.value if isinstance(argument, ast.Constant) else None
                    if isinstance(value, str) and re.search("[а-яё]", value):
                        yield f"{path.relative_to(ROOT)}:{node.lineno}", value


def test_russian_problems_have_no_foreign_word() -> None:
    """Names, headers and values of the API stand in quotes; everything else is Russian."""
    found = [
        f"{place}: {text}" for place, text in [*russian_texts(), *inline_texts()] if LATIN.search(QUOTED.sub("", text))
    ]
    assert found == []


def bodies(parent: type[BaseModel] = Input) -> Iterator[type[BaseModel]]:
    for child in parent.__subclasses__():
        yield child
        yield from bodies(child)


@pytest.mark.parametrize("body", sorted(set(bodies()), key=str), ids=lambda one: str(one.__name__))
def test_a_422_names_no_class(body: type[BaseModel]) -> None:
    for value in HOSTILE:
        document = {field.alias or name: value for name, field in body.model_fields.items()}
        try:
            body.model_validate(document)
        except ValidationError as error:
            for one in to_validation_failed(error.errors()).field_errors:
                assert not CLASS_NAME.search(one.ru + one.en), one
                assert not LATIN.search(QUOTED.sub("", one.ru)), one


def test_summaries_are_imperative_and_in_standard_words() -> None:
    from tests.conftest import settings_for  # noqa: PLC0415

    document = create_app(settings_for("sqlite:///unused", ROOT / "var")).openapi()
    operations = [one for path in document["paths"].values() for one in path.values() if "summary" in one]
    assert len(operations) > 150
    wrong = [
        one["summary"]
        for one in operations
        if BANNED.search(one["summary"] + " " + one.get("description", ""))
        or not re.match(r"[A-Z]\w+ \S", one["summary"])
    ]
    assert wrong == []
