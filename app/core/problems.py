"""Problem documents (RFC 9457): errors are classes that services raise; they are rendered only here.

Problem
├── BadRequest              400  the request cannot be parsed
├── Unauthenticated         401
├── Forbidden               403
├── NotFound                404  … a subclass for each kind of object
├── Conflict                409  … a subclass for each conflicting fact
├── PreconditionFailed      412
├── ValidationFailed        422  with a pointer for every field error
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


@dataclass(frozen=True, slots=True)
class FieldError:
    """One invalid field: its place (an RFC 6901 pointer into the body or a parameter's name), a code and texts."""

    pointer: str
    code: str
    ru: str
    en: str
    place: str = "body"


class Problem(Exception):
    """The base class of errors. `title_*` describe the class, `ru` and `en` the case; they never repeat the input."""

    status: ClassVar[HTTPStatus] = HTTPStatus.INTERNAL_SERVER_ERROR
    code: ClassVar[str] = "internal_error"
    title_ru: ClassVar[str] = "Внутренняя ошибка сервиса"
    title_en: ClassVar[str] = "Internal error"
    detail_ru: ClassVar[str] = "Попробуйте ещё раз позже. Если ошибка повторяется, сообщите номер запроса."
    detail_en: ClassVar[str] = "Try again later. If the error persists, report the request id."
    constraints: ClassVar[tuple[str, ...]] = ()
    """Database constraints whose violation is reported as this problem."""

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
    """The request cannot be parsed: not JSON, not UTF-8, NaN, a duplicate key, too deep nesting, a malformed header."""

    status, code = HTTPStatus.BAD_REQUEST, "unreadable"
    title_ru, title_en = "Запрос не удалось прочитать", "The request cannot be read"
    detail_ru, detail_en = "Проверьте формат запроса.", "Check the format of the request."


class Unauthenticated(Problem):
    """The access token is missing, invalid or expired."""

    status, code = HTTPStatus.UNAUTHORIZED, "unauthenticated"
    title_ru, title_en = "Требуется вход", "Authentication is required"
    detail_ru, detail_en = "Токен доступа не указан или недействителен.", "The access token is missing or invalid."

    def __init__(self, ru: str | None = None, en: str | None = None) -> None:
        super().__init__(ru, en, headers={"WWW-Authenticate": "Bearer"})


class Forbidden(Problem):
    """The caller is authenticated but may not call the operation."""

    status, code = HTTPStatus.FORBIDDEN, "forbidden"
    title_ru, title_en = "Недостаточно прав", "Forbidden"
    detail_ru, detail_en = "Ваша роль не даёт права на это действие.", "Your role does not allow this operation."


class NotFound(Problem):
    """The object does not exist or is not visible to the caller."""

    status, code = HTTPStatus.NOT_FOUND, "not_found"
    title_ru, title_en = "Не найдено", "Not found"
    detail_ru, detail_en = "Объект не существует или недоступен вам.", "The object was not found."


class MethodNotAllowed(Problem):
    """The path does not support the method."""

    status, code = HTTPStatus.METHOD_NOT_ALLOWED, "method_not_allowed"
    title_ru, title_en = "Метод не поддерживается", "Method not allowed"
    detail_ru, detail_en = "Этот адрес не поддерживает такой метод запроса.", "This path does not support the method."


class RequestTimeout(Problem):
    """The body did not arrive in time."""

    status, code = HTTPStatus.REQUEST_TIMEOUT, "request_timeout"
    title_ru, title_en = "Время ожидания запроса истекло", "Request timeout"
    detail_ru, detail_en = "Тело запроса передавалось слишком долго.", "The request body took too long to arrive."


class Conflict(Problem):
    """The current state of the data does not allow the operation."""

    status, code = HTTPStatus.CONFLICT, "conflict"
    title_ru, title_en = "Действие противоречит текущему состоянию", "Conflict with the current state"
    detail_ru, detail_en = "Обновите данные и повторите действие.", "Read the object again and retry."


class TransitionNotAllowed(Conflict):
    """The action is not possible in the current state."""

    code = "move_not_allowed"
    title_ru, title_en = "Действие недоступно в текущем состоянии", "The action is not allowed in the current state"

    def __init__(self, state: tuple[str, str], move: tuple[str, str]) -> None:
        """Take the labels of the state and of the action, each in Russian and in English."""
        super().__init__(
            f"Действие «{move[0]}» невозможно в состоянии «{state[0]}».",
            f"The action '{move[1]}' is not allowed in the state '{state[1]}'.",
        )


class StillReferenced(Conflict):
    """Other rows refer to the row, or it refers to a row that does not exist."""

    code = "still_referred"
    title_ru, title_en = "Действие невозможно из-за связанных данных", "Related objects do not allow the operation"


class TooLarge(Problem):
    """The request body exceeds the size limit."""

    status, code = HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too_large"
    title_ru, title_en = "Слишком большой запрос", "The request is too large"
    detail_ru, detail_en = "Тело запроса больше допустимого размера.", "The request body exceeds the size limit."


class UnsupportedMediaType(Problem):
    """The operation does not accept the media type of the body."""

    status, code = HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type"
    title_ru, title_en = "Неподдерживаемый тип содержимого", "Unsupported media type"
    detail_ru, detail_en = (
        "Укажите поддерживаемый тип содержимого в заголовке «Content-Type».",
        "Send a supported Content-Type.",
    )


class PreconditionFailed(Problem):
    """`If-Match` does not name the current version (RFC 9110, 13.1.1)."""

    status, code = HTTPStatus.PRECONDITION_FAILED, "stale"
    title_ru, title_en = "Данные уже изменены", "The object has changed"
    detail_ru, detail_en = (
        "Получите объект заново и повторите действие.",
        "Read the object again and retry with its ETag.",
    )


class ValidationFailed(Problem):
    """The content of the request is not valid; `errors` lists the fields."""

    status, code = HTTPStatus.UNPROCESSABLE_ENTITY, "invalid"
    title_ru, title_en = "Данные заполнены неверно", "The request is not valid"
    detail_ru, detail_en = "Исправьте отмеченные поля.", "Correct the fields listed in `errors`."


class PreconditionRequired(Problem):
    """The request changes an object without `If-Match` (RFC 6585)."""

    status, code = HTTPStatus.PRECONDITION_REQUIRED, "precondition_required"
    title_ru, title_en = "Не указана версия объекта", "If-Match is required"
    detail_ru, detail_en = (
        "Передайте версию объекта («ETag») в заголовке «If-Match».",
        "Send the object's ETag in If-Match.",
    )


class TooManyRequests(Problem):
    """The caller exceeded a rate limit; `Retry-After` says when to retry."""

    status, code = HTTPStatus.TOO_MANY_REQUESTS, "too_many_requests"
    title_ru, title_en = "Слишком много запросов", "Too many requests"
    detail_ru, detail_en = "Повторите запрос позже.", "Try again later."

    def __init__(self, retry_after: int, **arguments: Any) -> None:
        super().__init__(headers={"Retry-After": str(max(1, retry_after))}, **arguments)


class Unavailable(Problem):
    """The database is unavailable or the service is overloaded."""

    status, code = HTTPStatus.SERVICE_UNAVAILABLE, "unavailable"
    title_ru, title_en = "Сервис временно недоступен", "The service is temporarily unavailable"
    detail_ru, detail_en = "Повторите запрос через несколько секунд.", "Retry in a few seconds."

    def __init__(self, retry_after: int = 2) -> None:
        super().__init__(headers={"Retry-After": str(retry_after)})


class OutOfSpace(Problem):
    """There is no free space in the storage."""

    status, code = HTTPStatus.INSUFFICIENT_STORAGE, "out_of_space"
    title_ru, title_en = "Недостаточно места для хранения", "Insufficient storage"
    detail_ru, detail_en = (
        "Сообщите администратору и повторите запрос позже.",
        "Contact the administrator and retry later.",
    )


def list_problem_classes() -> Iterator[type[Problem]]:
    """Yield all imported problem classes; `docs/problems.md` is generated from them."""

    def below(parent: type[Problem]) -> Iterator[type[Problem]]:
        yield parent
        for child in parent.__subclasses__():
            yield from below(child)

    yield from below(Problem)


class FieldErrorRead(BaseModel):
    """One invalid field of a request."""

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


def problems(*classes: type[Problem]) -> dict[int | str, dict[str, Any]]:
    """Return the OpenAPI error responses of an operation; problems with the same status share one response."""
    responses: dict[int | str, dict[str, Any]] = {}
    for cls in classes:
        response = responses.setdefault(
            int(cls.status),
            {"model": ProblemRead, "description": "", "content": {MEDIA_TYPE: {"examples": {}}}},
        )
        response["description"] = "; ".join(filter(None, [response["description"], f"`{cls.code}`: {cls.title_en}"]))
        response["content"][MEDIA_TYPE]["examples"][cls.code] = {
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
    return responses
