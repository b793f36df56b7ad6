"""The OpenAPI 3.1 document: FastAPI's, with the problems that any operation can meet told once for all."""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from app.core.problems import MEDIA_TYPE, ProblemRead
from app.identity.roles import ROLE_SCOPES, SCOPES

DESCRIPTION = """Работа министерства экономического развития Новосибирской области с внешними клиентами.

**Errors** are RFC 9457 problem documents in Russian, or in English with `Accept-Language: en`.
**Changes** take `If-Match` with the object's `ETag`. **Creating** calls take `Idempotency-Key`;
integrations must send one.
**Lists** are keyset pages: `limit`, `cursor`, `next_cursor`. Unknown fields in a body are refused.
**HEAD** answers as GET does, without the body.
"""

_ALWAYS = {
    "429": "`too_many_requests`: over the rate limit; see Retry-After",
    "503": "`unavailable`: overload or database down; see Retry-After",
}
_BODY = {
    "400": "`unreadable`: not JSON, not UTF-8, NaN, a repeated key, nested too deep",
    "408": "`request_timeout`: the body took too long",
    "413": "`too_large`: over the size limit",
    "415": "`unsupported_media_type`: another Content-Type is needed",
}
_QUERY = {"400": "`unreadable`: the query is not UTF-8 or too long"}


def _problem_answer(description: str) -> dict[str, Any]:
    schema = {"$ref": "#/components/schemas/ProblemRead"}
    return {"description": description, "content": {MEDIA_TYPE: {"schema": schema}}}


def _roles_of(scopes: set[str]) -> str:
    return ", ".join(f"`{role.value}`" for role, held in ROLE_SCOPES.items() if scopes <= held)


def _finish(operation: dict[str, Any], method: str) -> None:
    answers: dict[str, Any] = operation.setdefault("responses", {})
    common = dict(_ALWAYS) | (_BODY if method in ("post", "put", "patch", "delete") else _QUERY)
    scopes = {scope for entry in operation.get("security", []) for held in entry.values() for scope in held}
    if operation.get("security"):
        if unknown := scopes - SCOPES.keys():
            raise ValueError(f"unknown scopes: {unknown}")
        common["401"] = "`unauthenticated`: the token is missing or not valid"
        if scopes:
            common["403"] = "`forbidden`: the caller lacks a scope"
            operation["x-required-scopes"] = sorted(scopes)
            told = ", ".join(f"`{scope}`" for scope in sorted(scopes))
            operation["description"] = (
                f"{operation.get('description', '')}\n\nScopes: {told}. Roles: {_roles_of(scopes)}."
            ).strip()
    for status, description in common.items():
        known = answers.get(status)
        if known is None:
            answers[status] = _problem_answer(description)
        elif description not in known.get("description", ""):
            known["description"] = f"{known['description']}; {description}".removeprefix("; ")
    for status, answer in answers.items():
        if status[0] in "45":
            _as_problem(answer)
        answer.setdefault("headers", {})["X-Request-ID"] = {"schema": {"type": "string"}}
    operation["responses"] = dict(sorted(answers.items()))


def _as_problem(answer: dict[str, Any]) -> None:
    content = answer.get("content", {})
    known = content.get(MEDIA_TYPE, {})
    known["schema"] = {"$ref": "#/components/schemas/ProblemRead"}
    answer["content"] = {MEDIA_TYPE: known}


def install(app: FastAPI) -> None:
    """Replace `app.openapi` by the finished document."""

    def document() -> dict[str, Any]:
        if app.openapi_schema is None:
            made = get_openapi(
                title=app.title,
                version=app.version,
                openapi_version="3.1.0",
                summary="Приказ о взаимодействии с внешними клиентами: точки, сообщения, шаблоны, опрос",
                description=DESCRIPTION,
                routes=app.routes,
                separate_input_output_schemas=False,
            )
            schemas = made.setdefault("components", {}).setdefault("schemas", {})
            problem = ProblemRead.model_json_schema(ref_template="#/components/schemas/{model}")
            schemas.update(problem.pop("$defs", {}))
            for flow in made["components"]["securitySchemes"]["OAuth2"]["flows"].values():
                flow["scopes"] = SCOPES
            schemas["ProblemRead"] = problem
            for path in made["paths"].values():
                for method, operation in path.items():
                    _finish(operation, method)
            schemas.pop("HTTPValidationError", None)
            schemas.pop("ValidationError", None)
            app.openapi_schema = made
        return app.openapi_schema

    app.openapi = document  # type: ignore[method-assign]
