"""Problem documents (RFC 9457): errors are classes, raised by services, and rendered here and nowhere else.

Problem
├── Unreadable              400  the body is not what it says it is
├── Unauthenticated         401
├── Forbidden               403
├── NotFound                404  … a subclass for each thing that can be missing
├── Conflict                409  … a subclass for each fact that forbids a move
├── Stale                   412
├── Invalid                 422  with a pointer for every fault
├── PreconditionRequired    428
├── TooManyRequests         429
└── Unavailable             503
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field

MEDIA_TYPE = "application/problem+json"
MAX_FIELD_ERRORS = 20
MAX_POINTER = 100


@dataclass(frozen=True, slots=True)
class FieldError:
    """One thing wrong with a request: where (RFC 6901 in a body, else the parameter's name), what, and a code."""

    pointer: str
    code: str
    ru: str
    en: str
    place: str = "body"


class Problem(Exception):
    """The base of all refusals. `title_*` name the class, `ru` and `en` tell of the case, without echo of input."""

    status: ClassVar[HTTPStatus] = HTTPStatus.INTERNAL_SERVER_ERROR
    code: ClassVar[str] = "internal_error"
    title_ru: ClassVar[str] = "Внутренняя ошибка сервиса"
    title_en: ClassVar[str] = "Internal error"
    detail_ru: ClassVar[str] = "Попробуйте ещё раз позже. Если ошибка повторяется, сообщите номер запроса."
    detail_en: ClassVar[str] = "Try again later. If it happens again, report the request id."
    constraints: ClassVar[tuple[str, ...]] = ()
    """Database constraints whose violation means this problem."""

    def __init__(
        self,
        ru: str | None = None,
        en: str | None = None,
        *,
        field_errors: Sequence[FieldError] = (),
        headers: Mapping[str, str] | None = None,
        extra: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(self.code)
        self.ru = ru or self.detail_ru
        self.en = en or self.detail_en
        self.field_errors = tuple(field_errors)
        self.headers = dict(headers or {})
        self.extra = dict(extra or {})


class BadRequest(Problem):
    """The request cannot be read: not JSON, not UTF-8, NaN, a repeated key, nested too deep, a malformed header."""

    status, code = HTTPStatus.BAD_REQUEST, "unreadable"
    title_ru, title_en = "Запрос не удалось прочитать", "The request cannot be read"
    detail_ru, detail_en = "Проверьте формат запроса.", "Check the format of the request."


class Unauthenticated(Problem):
    """No token, or one that is not valid (any more)."""

    status, code = HTTPStatus.UNAUTHORIZED, "unauthenticated"
    title_ru, title_en = "Требуется вход", "Authentication is required"
    detail_ru, detail_en = "Токен доступа не указан или недействителен.", "The access token is missing or not valid."

    def __init__(self, ru: str | None = None, en: str | None = None) -> None:
        super().__init__(ru, en, headers={"WWW-Authenticate": "Bearer"})


class Forbidden(Problem):
    """The caller is known, but has no right to the operation."""

    status, code = HTTPStatus.FORBIDDEN, "forbidden"
    title_ru, title_en = "Недостаточно прав", "Not allowed"
    detail_ru, detail_en = "Ваша роль не даёт права на это действие.", "Your role gives no right to this operation."


class NotFound(Problem):
    """There is no such thing, or it is not the caller's to see."""

    status, code = HTTPStatus.NOT_FOUND, "not_found"
    title_ru, title_en = "Не найдено", "Not found"
    detail_ru, detail_en = "Такого объекта нет или он вам недоступен.", "There is no such object, or it is not yours."


class MethodNotAllowed(Problem):
    """The path exists, the method does not."""

    status, code = HTTPStatus.METHOD_NOT_ALLOWED, "method_not_allowed"
    title_ru, title_en = "Метод не поддерживается", "Method not allowed"
    detail_ru, detail_en = "Этот адрес не принимает такой метод.", "This address does not take that method."


class RequestTimeout(Problem):
    """The body did not arrive in time."""

    status, code = HTTPStatus.REQUEST_TIMEOUT, "request_timeout"
    title_ru, title_en = "Время ожидания запроса истекло", "Request timeout"
    detail_ru, detail_en = "Тело запроса передавалось слишком долго.", "The body took too long to arrive."


class Conflict(Problem):
    """The present state of things forbids it."""

    status, code = HTTPStatus.CONFLICT, "conflict"
    title_ru, title_en = "Действие противоречит текущему состоянию", "Conflict with the present state"
    detail_ru, detail_en = "Обновите данные и повторите.", "Read the object again and retry."


class TransitionNotAllowed(Conflict):
    """The state machine has no such move from the present state."""

    code = "move_not_allowed"
    title_ru, title_en = "Действие недоступно в текущем состоянии", "The move is not allowed in the present state"

    def __init__(self, state: str, move: str) -> None:
        super().__init__(
            f"Действие «{move}» невозможно в состоянии «{state}».",
            f"The move '{move}' is not possible in the state '{state}'.",
        )


class StillReferenced(Conflict):
    """The row is referred to, or refers to something that is not there."""

    code = "still_referred"
    title_ru, title_en = "Связанные данные не позволяют", "Related data forbid it"


class TooLarge(Problem):
    """The body is over the limit."""

    status, code = HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too_large"
    title_ru, title_en = "Слишком большой запрос", "The request is too large"
    detail_ru, detail_en = "Тело запроса больше допустимого размера.", "The body is over the size limit."


class UnsupportedMediaType(Problem):
    """The body is of a kind that the operation does not take."""

    status, code = HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type"
    title_ru, title_en = "Неподдерживаемый тип содержимого", "Unsupported media type"
    detail_ru, detail_en = "Укажите верный заголовок Content-Type.", "Send the right Content-Type header."


class PreconditionFailed(Problem):
    """`If-Match` names another version than the present one (RFC 9110, 13.1.1)."""

    status, code = HTTPStatus.PRECONDITION_FAILED, "stale"
    title_ru, title_en = "Данные уже изменены", "The object has changed"
    detail_ru, detail_en = "Получите объект заново и повторите с его ETag.", "Read it again and retry with its ETag."


class ValidationFailed(Problem):
    """The request is readable, but its content is not acceptable; `errors` say where."""

    status, code = HTTPStatus.UNPROCESSABLE_ENTITY, "invalid"
    title_ru, title_en = "Данные заполнены неверно", "The request is not valid"
    detail_ru, detail_en = "Исправьте отмеченные поля.", "Mend the fields named in errors."


class PreconditionRequired(Problem):
    """A change without `If-Match` (RFC 6585)."""

    status, code = HTTPStatus.PRECONDITION_REQUIRED, "precondition_required"
    title_ru, title_en = "Требуется заголовок If-Match", "If-Match is required"
    detail_ru, detail_en = "Передайте в If-Match значение ETag объекта.", "Send the object's ETag in If-Match."


class TooManyRequests(Problem):
    """The caller went over a limit; `Retry-After` says when to come again."""

    status, code = HTTPStatus.TOO_MANY_REQUESTS, "too_many_requests"
    title_ru, title_en = "Слишком много запросов", "Too many requests"
    detail_ru, detail_en = "Повторите позже.", "Try again later."

    def __init__(self, retry_after: int, **known: Any) -> None:
        super().__init__(headers={"Retry-After": str(max(1, retry_after))}, **known)


class Unavailable(Problem):
    """The database or the service's capacity is not there for a moment."""

    status, code = HTTPStatus.SERVICE_UNAVAILABLE, "unavailable"
    title_ru, title_en = "Сервис временно недоступен", "The service is unavailable for a moment"
    detail_ru, detail_en = "Повторите через несколько секунд.", "Retry in a few seconds."

    def __init__(self, retry_after: int = 2) -> None:
        super().__init__(headers={"Retry-After": str(retry_after)})


class OutOfSpace(Problem):
    """There is no room left to store anything."""

    status, code = HTTPStatus.INSUFFICIENT_STORAGE, "out_of_space"
    title_ru, title_en = "Недостаточно места для хранения", "No room left to store anything"
    detail_ru, detail_en = "Сообщите администратору и повторите позже.", "Tell the administrator and retry later."


def list_problem_classes() -> Iterator[type[Problem]]:
    """All problem classes that exist once the application is wired; a test holds `docs/problems.md` to them."""

    def below(parent: type[Problem]) -> Iterator[type[Problem]]:
        yield parent
        for child in parent.__subclasses__():
            yield from below(child)

    yield from below(Problem)


class FieldErrorRead(BaseModel):
    """One fault of a request."""

    pointer: str = Field(description="RFC 6901 pointer into the body, or `/name` of a parameter.")
    detail: str
    code: str
    place: str = Field(alias="in", description="`body`, `query`, `path` or `header`.")
    model_config = ConfigDict(populate_by_name=True)


class ProblemRead(BaseModel):
    """A problem document (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    instance: str
    code: str
    request_id: str
    errors: list[FieldErrorRead] | None = None
    error: str | None = Field(None, description="On /auth/*: the OAuth 2 error code.")
    error_description: str | None = Field(None, description="On /auth/*: the same as `detail`.")


def prefers_english(accept_language: str) -> bool:
    """Whether English is wanted more than Russian, which is the default (RFC 9110, 12.5.4)."""
    weights = {"ru": -1.0, "en": -1.0}
    for part in accept_language[:200].split(","):
        tag, _, parameters = part.strip().partition(";")
        language = tag.strip().lower().split("-")[0]
        if language not in weights:
            continue
        weight = parameters.strip().removeprefix("q=") if parameters.strip() else "1"
        try:
            weights[language] = max(weights[language], float(weight))
        except ValueError:
            continue
    return weights["en"] > 0 and weights["en"] > weights["ru"]


def printable(text: str) -> str:
    """A pointer that any reader can take: short, without lone surrogates and controls."""
    sound = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text[: MAX_POINTER + 1])
    return sound if len(sound) <= MAX_POINTER else sound[:MAX_POINTER] + "…"


def document(problem: Problem, *, request_id: str, english: bool) -> dict[str, Any]:
    """The problem as RFC 9457 wants it, in the caller's language."""
    detail = problem.en if english else problem.ru
    body: dict[str, Any] = {
        "type": f"urn:client-interaction:problem:{problem.code}",
        "title": problem.title_en if english else problem.title_ru,
        "status": int(problem.status),
        "detail": detail,
        "instance": f"urn:client-interaction:request:{request_id}",
        "code": problem.code,
        "request_id": request_id,
        **problem.extra,
    }
    if "error" in problem.extra:
        body["error_description"] = problem.en  # RFC 6749 5.2 allows ASCII only
    if problem.field_errors:
        body["errors"] = _fitting(problem.field_errors, english)
    return body


MAX_ERRORS_BYTES = 3000


def _fitting(field_errors: Sequence[FieldError], english: bool) -> list[dict[str, str]]:
    """At most 20 field_errors, and no more than keep the document under 4 kB."""
    shown: list[dict[str, str]] = []
    room = MAX_ERRORS_BYTES
    for fault in field_errors[:MAX_FIELD_ERRORS]:
        row = {
            "pointer": printable(fault.pointer),
            "detail": fault.en if english else fault.ru,
            "code": fault.code,
            "in": fault.place,
        }
        room -= sum(len(key.encode()) + len(value.encode()) + 6 for key, value in row.items())
        if room < 0 and shown:
            break
        shown.append(row)
    return shown


def problems(*classes: type[Problem]) -> dict[int | str, dict[str, Any]]:
    """The error answers of an operation for OpenAPI; several problems of one status are told together."""
    answers: dict[int | str, dict[str, Any]] = {}
    for cls in classes:
        known = answers.setdefault(
            int(cls.status),
            {"model": ProblemRead, "description": "", "content": {MEDIA_TYPE: {"examples": {}}}},
        )
        known["description"] = "; ".join(filter(None, [known["description"], f"`{cls.code}`: {cls.title_en}"]))
        known["content"][MEDIA_TYPE]["examples"][cls.code] = {
            "value": {
                "type": f"urn:client-interaction:problem:{cls.code}",
                "title": cls.title_ru,
                "status": int(cls.status),
                "detail": cls.detail_ru,
                "instance": "urn:client-interaction:request:0198c6f0",
                "code": cls.code,
                "request_id": "0198c6f0",
            }
        }
    return answers
