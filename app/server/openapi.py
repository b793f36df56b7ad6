"""The OpenAPI 3.1 document: FastAPI's, with tags, scopes and the problems that every operation shares."""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from app.core.idempotency import IdempotencyInProgress, IdempotencyKeyMalformed, IdempotencyKeyReused
from app.core.problems import (
    MEDIA_TYPE,
    PreconditionFailed,
    PreconditionRequired,
    Problem,
    ProblemRead,
    ValidationFailed,
    problems,
)
from app.identity.roles import ROLE_SCOPES, SCOPES

DESCRIPTION = """Работа министерства экономического развития Новосибирской области с внешними клиентами.

**Errors** are RFC 9457 problem documents in Russian, or in English with `Accept-Language: en`.
**Changes** take `If-Match` with the object's `ETag`. **Creating** calls take `Idempotency-Key`;
integrations must send one.
**Lists** are keyset pages: `limit`, `cursor`, `next_cursor`. Unknown fields in a body are refused.
**HEAD** answers as GET does, without the body.
"""

TAGS = (
    (
        "messages",
        "Сообщения · Messages",
        "Intake, triage, assignment and closing of messages and comments (O-6.2.1, O-6.2.3a).",
    ),
    ("replies", "Ответы · Replies", "Drafting, checking, approval and sending of replies (O-6.2.3b)."),
    ("deliveries", "Доставка · Deliveries", "Replies on their way to a channel: state, failures, retry."),
    ("deadlines", "Сроки · Deadlines", "Deadline policies and the working calendar (O-6.2.2)."),
    (
        "reply templates",
        "Шаблоны ответов · Reply templates",
        "Knowledge bases of units, their search and gaps (O-6.2.6).",
    ),
    (
        "reply check",
        "Проверка текста · Text check",
        "Rules and words of the check of a text before it is sent (O-6.2.4, O-6.2.5).",
    ),
    (
        "survey submissions",
        "Анкеты · Survey submissions",
        "Filled-in forms: online, on paper, import and export (A-1).",
    ),
    ("survey forms", "Формы опроса · Survey forms", "Versions of the form with their sources, one-time links (A-1)."),
    ("monitoring", "Мониторинг · Monitoring", "Satisfaction, findability, service levels, reports (O-11)."),
    ("control", "Контроль · Control", "Control notes of heads of units (O-10)."),
    (
        "interaction points",
        "Точки взаимодействия · Interaction points",
        "The registry of approved points (O-2.7, O-3).",
    ),
    ("notifications", "Уведомления · Notifications", "What the caller should act on."),
    ("auth", "Вход · Authentication", "Tokens, sessions and passwords (OAuth 2)."),
    (
        "organizations",
        "Организации · Organizations",
        "The ministry and subordinate organizations, units, topics (O-2.2, O-2.4).",
    ),
    ("municipalities", "Муниципалитеты · Municipalities", "Municipal districts and okrugs of the region (A-1.11–13)."),
    ("legal acts", "Правовые акты · Legal acts", "Orders and laws that approve points and set deadlines."),
    ("imports", "Импорт · Imports", "Progress and errors of imported tables."),
    ("employees", "Сотрудники · Employees", "Accounts of employees and their roles (O-2.3)."),
    ("substitutions", "Замещение · Substitutions", "Deputies of heads of units."),
    ("API clients", "Системы · API clients", "Accounts of other systems."),
)
"""Name, title and description of each tag, in the order of the work: messages first, administration last."""
TAG_GROUPS = (
    ("Сообщения и ответы · Messages and replies", ("messages", "replies", "deliveries", "deadlines")),
    ("База знаний · Knowledge base", ("reply templates", "reply check")),
    ("Опрос и контроль · Survey and control", ("survey submissions", "survey forms", "monitoring", "control")),
    ("Точки взаимодействия · Interaction points", ("interaction points",)),
    ("Справочники · Reference data", ("organizations", "municipalities", "legal acts", "imports")),
    ("Доступ · Access", ("auth", "notifications", "employees", "substitutions", "API clients")),
)

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


def _implied_problems(operation: dict[str, Any]) -> list[type[Problem]]:
    """Return the problems that follow from the parameters and the body of an operation."""
    names = {parameter["name"].lower() for parameter in operation.get("parameters", [])}
    found: list[type[Problem]] = []
    if names or "application/json" in operation.get("requestBody", {}).get("content", {}):
        found.append(ValidationFailed)
    if "if-match" in names:
        found += [PreconditionFailed, PreconditionRequired]
    if "idempotency-key" in names:
        found += [IdempotencyKeyReused, IdempotencyKeyMalformed, IdempotencyInProgress]
    return found


def _add_problems(answers: dict[str, Any], classes: list[type[Problem]]) -> None:
    """Add the problems that the operation does not name itself; one response holds all of a status."""
    for cls in classes:
        new = problems(cls)[int(cls.status)]
        del new["model"]
        known = answers.setdefault(str(int(cls.status)), new)
        examples = known["content"].setdefault(MEDIA_TYPE, {}).setdefault("examples", {})
        if cls.code not in examples:
            examples |= new["content"][MEDIA_TYPE]["examples"]
            known["description"] = f"{known['description']}; {new['description']}"


def _finish(operation: dict[str, Any], method: str) -> None:
    answers: dict[str, Any] = operation.setdefault("responses", {})
    if "HTTPValidationError" in str(answers.get("422")):
        del answers["422"]  # FastAPI's own format of validation errors
    _add_problems(answers, _implied_problems(operation))
    common = dict(_ALWAYS) | (_BODY if method in ("post", "put", "patch", "delete") else _QUERY)
    scopes = {scope for entry in operation.get("security", []) for held in entry.values() for scope in held}
    if operation.get("security"):
        if unknown := scopes - SCOPES.keys():
            raise ValueError(f"unknown scopes: {unknown}")
        common["401"] = "`unauthenticated`: the token is missing or not valid"
        if scopes:
            common["403"] = "`forbidden`: the caller lacks a scope"
            operation["x-required-scopes"] = sorted(scopes)
            names = ", ".join(f"`{scope}`" for scope in sorted(scopes))
            operation["description"] = (
                f"{operation.get('description', '')}\n\nScopes: {names}. Roles: {_roles_of(scopes)}."
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
            made["tags"] = [{"name": name, "x-displayName": title, "description": text} for name, title, text in TAGS]
            made["x-tagGroups"] = [{"name": name, "tags": list(tags)} for name, tags in TAG_GROUPS]
            schemas.pop("HTTPValidationError", None)
            schemas.pop("ValidationError", None)
            app.openapi_schema = made
        return app.openapi_schema

    app.openapi = document  # type: ignore[method-assign]
