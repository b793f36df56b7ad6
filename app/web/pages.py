"""How a page is made: templates, styles and scripts of our own, and nothing from anywhere else."""

import hashlib
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fastapi import Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from app.core.problems import Problem, Unauthenticated

HERE = Path(__file__).parent
POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; form-action 'self'; "
    "frame-ancestors 'none'; base-uri 'none'"
)
# Our own pages must tell us that a form is theirs: without a referrer older browsers send `Origin: null`.
HEADERS = {
    "Content-Security-Policy": POLICY,
    "Referrer-Policy": "same-origin",
    "Content-Language": "ru",
}
TYPES = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}
ASSETS = {path.name: path.read_bytes() for path in sorted((HERE / "static").iterdir()) if path.suffix in TYPES}

_PLAIN: Mapping[str, tuple[str, str]] = {
    "too_many_requests": (
        "Слишком много обращений сразу",
        "С вашего адреса пришло слишком много запросов подряд. Подождите минуту, вернитесь назад и попробуйте ещё раз.",
    ),
    "unavailable": (
        "Страница временно недоступна",
        "Подождите несколько секунд, вернитесь назад и отправьте ещё раз. Ответы на странице сохранятся.",
    ),
    "idempotency_in_progress": (
        "Анкета уже отправляется",
        "Первая отправка ещё не закончилась. Подождите несколько секунд и обновите страницу.",
    ),
    "too_large": ("Слишком много текста", "Вернитесь назад, сократите пояснения и отправьте анкету ещё раз."),
    "request_timeout": ("Связь прервалась", "Анкета не дошла целиком. Вернитесь назад и отправьте её ещё раз."),
    "unreadable": ("Запрос не удалось прочитать", "Откройте страницу заново."),
    "unsupported_media_type": ("Запрос не удалось прочитать", "Откройте страницу заново и отправьте форму с неё."),
    "method_not_allowed": ("Так эта страница не открывается", "Откройте её по ссылке или наберите адрес в браузере."),
    "not_found": ("Такой страницы нет", "Не найдено. Проверьте адрес: возможно, в нём опечатка."),
    "form_not_found": (
        "Такого опроса нет",
        "Проверьте адрес: возможно, в нём опечатка или опрос уже закончился.",
    ),
    "internal_error": (
        "Что-то сломалось у нас",
        "Ответы не сохранены. Вернитесь назад и отправьте ещё раз; если не получится, попробуйте позже.",
    ),
}
"""What people are told instead of the words that callers of the API get."""


def _asset(name: str) -> str:
    """The address of an asset, which changes with its content."""
    return f"/static/{name}?v={hashlib.sha256(ASSETS[name]).hexdigest()[:12]}"


_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")


def _plain(value: Any) -> Any:
    """Text as a page may hold it, whatever was typed."""
    return _CONTROLS.sub("\N{REPLACEMENT CHARACTER}", value) if type(value) is str else value


_templates = Environment(
    loader=FileSystemLoader(HERE / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    finalize=_plain,
    trim_blocks=True,
    lstrip_blocks=True,
)
_templates.globals["asset"] = _asset


def page(template: str, status: int = 200, headers: Mapping[str, str] | None = None, **facts: Any) -> Response:
    """A page as an answer."""
    made = _templates.get_template(template).render(**facts)
    return HTMLResponse(made, status, {**HEADERS, **(headers or {})})


def error_page(problem: Problem, request: Request, request_id: str) -> Response:
    """A refusal in plain Russian, with what to do next; who is signed out is led to where they can sign in."""
    if isinstance(problem, Unauthenticated):
        return RedirectResponse("/monitoring/sign-in", 303)
    title, text = _PLAIN.get(problem.code, (problem.title_ru, problem.ru))
    return page(
        "problem.html",
        int(problem.status),
        problem.headers,
        title=title,
        text=text,
        request_id=request_id,
        again=request.url.path if problem.code in ("submitted_already", "foreign_form") else None,
    )
