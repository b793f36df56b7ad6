"""The committed OpenAPI document is current, and every operation is fully documented."""

import json
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI

from tests.callers import People
from tests.conftest import Api
from tests.contracts.test_matrix import COLUMNS, MATRIX, example_of, operations

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def document(application: FastAPI) -> dict[str, Any]:
    return application.openapi()


def every_operation(document: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    return [
        (path, method, operation)
        for path, path_item in document["paths"].items()
        for method, operation in path_item.items()
    ]


def test_the_committed_document_is_current(document: dict[str, Any]) -> None:
    committed = json.loads((ROOT / "openapi" / "openapi.json").read_text(encoding="utf-8"))
    assert committed == json.loads(json.dumps(document)), "run `make docs`"


def test_it_is_openapi_3_1_of_the_api_only(document: dict[str, Any]) -> None:
    assert document["openapi"].startswith("3.1")
    assert all(path.startswith("/api/v1/") for path in document["paths"])


def test_every_operation_has_id_summary_description_and_errors(document: dict[str, Any]) -> None:
    ids = [operation["operationId"] for _, _, operation in every_operation(document)]
    assert len(ids) == len(set(ids))
    for path, method, operation in every_operation(document):
        assert operation["summary"] and operation["description"], path
        codes = set(operation["responses"])
        assert {"429", "503"} <= codes, (path, method)
        assert any(code.startswith("4") for code in codes - {"429"}), (path, method)
        for code, answer in operation["responses"].items():
            if code[0] in "45":
                schema = answer["content"]["application/problem+json"]["schema"]
                assert schema == {"$ref": "#/components/schemas/ProblemRead"}, (path, method, code)
                assert answer["description"], (path, method, code)


def test_every_operation_documents_its_scopes(document: dict[str, Any]) -> None:
    for path, method, operation in every_operation(document):
        if operation.get("security") and {} not in operation["security"]:
            assert "401" in operation["responses"], (path, method)
        if operation.get("x-required-scopes"):
            assert "403" in operation["responses"] and "Scopes:" in operation["description"], (path, method)


def test_every_body_has_an_example_and_rejects_unknown_fields(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]
    for path, method, operation in every_operation(document):
        content = operation.get("requestBody", {}).get("content", {})
        if "application/json" in content:
            schema = schemas[content["application/json"]["schema"]["$ref"].rpartition("/")[2]]
            assert schema["additionalProperties"] is False, (path, method)
            assert schema["examples"], (path, method)
            assert {"400", "413", "415", "422"} <= set(operation["responses"]), (path, method)


def test_no_two_classes_share_a_name(document: dict[str, Any]) -> None:
    """A duplicate name becomes `app__…__Name`, and generated clients drop both classes."""
    assert [name for name in document["components"]["schemas"] if "__" in name] == []


def test_every_string_and_integer_of_request_bodies_is_bounded(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]
    incoming = {
        content["application/json"]["schema"]["$ref"].rpartition("/")[2]
        for _, _, operation in every_operation(document)
        if (content := operation.get("requestBody", {}).get("content", {})) and "application/json" in content
    }

    def unbounded(schema: dict[str, Any], where: str) -> list[str]:
        if "$ref" in schema:
            return unbounded(schemas[schema["$ref"].rpartition("/")[2]], where)
        found = [w for key in ("anyOf", "allOf") for part in schema.get(key, []) for w in unbounded(part, where)]
        match schema.get("type"):
            case "object":
                for name, part in schema.get("properties", {}).items():
                    found += unbounded(part, f"{where}.{name}")
                if isinstance(schema.get("additionalProperties"), dict) and "maxProperties" not in schema:
                    found.append(where)
            case "array":
                found += [] if "maxItems" in schema else [where]
                found += unbounded(schema.get("items", {}), f"{where}[]")
            case "string":
                bounds = {"maxLength", "pattern", "enum", "const", "format"}
                found += [] if bounds & set(schema) else [where]
            case "integer":
                found += [] if "maximum" in schema else [where]
        return found

    assert [where for name in sorted(incoming) for where in unbounded(schemas[name], name)] == []


def test_changes_require_if_match_and_creations_accept_an_idempotency_key(document: dict[str, Any]) -> None:
    exempt = {"/api/v1/auth/token", "/api/v1/auth/revoke", "/api/v1/auth/sign-out-everywhere", "/api/v1/auth/password"}
    for path, method, operation in every_operation(document):
        headers = {p["name"].lower() for p in operation.get("parameters", []) if p["in"] == "header"}
        if method == "patch":
            assert "if-match" in headers and {"412", "428"} <= set(operation["responses"]), path
        if method == "post" and path not in exempt:
            is_creation = "201" in operation["responses"] or path.endswith("/import")
            assert ("idempotency-key" in headers) == is_creation, path
            changes_nothing = ("/check", "/reply-check", "/render", "/suggest", "/preview", "/bulk", "/read-all")
            if not is_creation and not path.endswith(changes_nothing):
                assert "if-match" in headers and {"412", "428"} <= set(operation["responses"]), path


def test_the_fields_of_a_patch_have_no_default(document: dict[str, Any]) -> None:
    schemas, wrong = document["components"]["schemas"], []
    for path, method, operation in every_operation(document):
        if method == "patch":
            reference = operation["requestBody"]["content"]["application/json"]["schema"]["$ref"]
            fields = schemas[reference.rpartition("/")[2]]["properties"]
            wrong += [f"{path}: {name}" for name, field in fields.items() if "default" in field]
    assert wrong == []


def test_every_list_is_a_page(document: dict[str, Any]) -> None:
    """A response with `next_cursor` goes with `limit`, `cursor` and `with_count`, and the reverse."""
    one_page = {
        "/api/v1/reply-templates/{template_id}/versions",
        "/api/v1/reply-check/rules",
    }  # documented as a single page
    schemas, found = document["components"]["schemas"], 0
    for path, method, operation in every_operation(document):
        content = operation["responses"].get("200", {}).get("content", {}).get("application/json", {})
        fields = schemas.get(content.get("schema", {}).get("$ref", "").rpartition("/")[2], {}).get("properties", {})
        names = {parameter["name"] for parameter in operation.get("parameters", [])}
        if method == "get" and path not in one_page:
            expected = {"limit", "cursor", "with_count"} if "next_cursor" in fields else set()
            assert names & {"cursor", "with_count"} == expected - {"limit"} and names >= expected, path
            assert not expected or {"items", "count"} <= set(fields), path
            found += bool(expected)
    assert found > 25


async def test_the_examples_work_unchanged(application: FastAPI, api: Api, people: People) -> None:
    """Every creating operation, called with its own example by an allowed role, returns 201 on the demo data."""
    created = []
    for name, (method, path, operation) in operations(application).items():
        if "201" not in operation["responses"] or "{" in path:
            continue
        role = next(r for r in ("operator", "admin", "unit_head", "client_centricity") if allowed(name, r))
        headers = api.as_(people.of(role)) | {"Idempotency-Key": name}
        answer = await api.request(method, path, headers=headers, **example_of(application, operation))
        assert answer.status_code == 201, (name, answer.text)
        created.append(name)
    assert len(created) >= 11


def allowed(name: str, role: str) -> bool:
    return bool(MATRIX["operations"][name][COLUMNS.index(role)] != "deny")
