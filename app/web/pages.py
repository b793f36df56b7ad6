"""Rendering of pages with local templates, styles and scripts only."""

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
# Forms are checked by `Origin`; without a referrer older browsers send `Origin: null`.
HEADERS = {"Content-Security-Policy": POLICY, "Referrer-Policy": "same-origin", "Content-Language": "ru"}
TYPES = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}
ASSETS = {path.name: path.read_bytes() for path in sorted((HERE / "static").iterdir()) if path.suffix in TYPES}

_TEXTS: Mapping[str, tuple[str, str]] = {
    "too_many_requests": (
        "Слишком много запросов",
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
    "method_not_allowed": (
        "Эту страницу нельзя открыть таким способом",
        "Откройте её по ссылке или наберите адрес в браузере.",
    ),
    "not_found": ("Такой страницы нет", "Не найдено. Проверьте адрес: возможно, в нём опечатка."),
    "form_not_found": ("Такого опроса нет", "Проверьте адрес: возможно, в нём опечатка или опрос уже закончился."),
    "internal_error": (
        "Произошла ошибка на сервере",
        "Ответы не сохранены. Вернитесь назад и отправьте ещё раз; если не получится, попробуйте позже.",
    ),
}
"""Titles and texts of error pages, in place of the API's texts."""


def _build_asset_url(name: str) -> str:
    """Return the address of an asset, which changes with its content."""
    return f"/static/{name}?v={hashlib.sha256(ASSETS[name]).hexdigest()[:12]}"


_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")


def _replace_controls(value: Any) -> Any:
    """Replace control characters of a text."""
    return _CONTROLS.sub("\N{REPLACEMENT CHARACTER}", value) if type(value) is str else value


_templates = Environment(
    loader=FileSystemLoader(HERE / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    finalize=_replace_controls,
    trim_blocks=True,
    lstrip_blocks=True,
)
_templates.globals["asset"] = _build_asset_url


def page(template: str, status: int = 200, headers: Mapping[str, str] | None = None, **context: Any) -> Response:
    """Render a template into a response."""
    html = _templates.get_template(template).render(**context)
    return HTMLResponse(html, status, {**HEADERS, **(headers or {})})


def error_page(problem: Problem, request: Request, request_id: str) -> Response:
    """Build the error page in Russian with advice; without a session redirect to the sign-in page."""
    if isinstance(problem, Unauthenticated):
        return RedirectResponse("/monitoring/sign-in", 303)
    title, text = _TEXTS.get(problem.code, (problem.title_ru, problem.ru))
    return page(
        "problem.html",
        int(problem.status),
        problem.headers,
        title=title,
        text=text,
        request_id=request_id,
        again=request.url.path if problem.code in ("submitted_already", "foreign_form") else None,
    )
