"""Problems of identity; those of `/auth/*` also have the OAuth 2 error code (RFC 6749, 5.2)."""

from http import HTTPStatus
from typing import ClassVar

from app.core.problems import Conflict, NotFound, Problem, TooManyRequests


class OAuthProblem(Problem):
    """The token request is malformed: a parameter is missing, repeated or too long."""

    status = HTTPStatus.BAD_REQUEST
    code = "invalid_request"
    title_ru, title_en = "Некорректный запрос токена", "Invalid token request"
    detail_ru, detail_en = "Проверьте параметры запроса токена.", "Check the parameters of the token request."
    error: ClassVar[str] = "invalid_request"

    def __init__(self, ru: str | None = None, en: str | None = None, *, headers: dict[str, str] | None = None) -> None:
        super().__init__(ru, en, headers=headers, extra={"error": self.error})


class InvalidGrant(OAuthProblem):
    """The user name or password is wrong, or the refresh token is unknown, used, expired or revoked."""

    code = error = "invalid_grant"
    title_ru, title_en = "Вход не выполнен", "Sign-in failed"
    detail_ru, detail_en = "Неверные учётные данные или токен обновления.", "Invalid credentials or refresh token."


class UnsupportedGrantType(OAuthProblem):
    """The grant type is not `password`, `client_credentials` or `refresh_token`."""

    code = error = "unsupported_grant_type"
    title_ru, title_en = "Неподдерживаемый способ входа", "Unsupported grant type"
    detail_ru = "Поддерживаются способы «password», «client_credentials» и «refresh_token»."
    detail_en = "The supported grant types are password, client_credentials and refresh_token."


class InvalidScope(OAuthProblem):
    """A requested scope does not exist."""

    code = error = "invalid_scope"
    title_ru, title_en = "Неизвестная область доступа", "Unknown scope"
    detail_ru, detail_en = "Запрошена область доступа, которой не существует.", "A requested scope does not exist."


class InvalidClient(OAuthProblem):
    """The API client is unknown, its secret is wrong, or client authentication is missing."""

    status = HTTPStatus.UNAUTHORIZED
    code = error = "invalid_client"
    title_ru, title_en = "Клиентское приложение не опознано", "Client authentication failed"
    detail_ru, detail_en = "Неверный идентификатор или секрет приложения.", "Invalid client id or secret."

    def __init__(self) -> None:
        super().__init__(headers={"WWW-Authenticate": 'Basic realm="api"'})


class SignInLocked(TooManyRequests):
    """The account has too many failed sign-ins; it is unlocked automatically after a while."""

    code = "sign_in_locked"
    title_ru, title_en = "Вход временно заблокирован", "Sign-in is temporarily locked"
    detail_ru, detail_en = (
        "Слишком много неудачных попыток входа. Попробуйте позже.",
        "Too many failed attempts. Try later.",
    )

    def __init__(self, retry_after: int = 60) -> None:
        super().__init__(retry_after, extra={"error": "invalid_grant"})


class WrongPassword(Conflict):
    """The current password is wrong."""

    code = "wrong_password"
    title_ru, title_en = "Неверный текущий пароль", "Wrong current password"
    detail_ru, detail_en = "Введите текущий пароль ещё раз.", "Enter the current password again."


class EmployeeNotFound(NotFound):
    """The employee does not exist or is not visible to the caller."""

    code = "employee_not_found"
    title_ru, title_en = "Сотрудник не найден", "Employee not found"


class EmployeeExists(Conflict):
    """Another employee already has this user name or external subject."""

    code = "employee_exists"
    title_ru, title_en = "Такой сотрудник уже существует", "The employee already exists"
    detail_ru = "Имя пользователя или внешний идентификатор уже используется другим сотрудником."
    detail_en = "The user name or the external subject is already used by another employee."
    constraints = ("uq_employees_username", "uq_employees_external_subject")


class ClientNotFound(NotFound):
    """The API client does not exist."""

    code = "client_not_found"
    title_ru, title_en = "Клиентское приложение не найдено", "API client not found"


class ClientExists(Conflict):
    """Another API client already has this client id."""

    code = "client_exists"
    title_ru, title_en = "Такое клиентское приложение уже существует", "The API client already exists"
    detail_ru, detail_en = "Идентификатор приложения уже занят.", "The client id is already in use."
    constraints = ("uq_api_clients_client_id",)


class SubstitutionNotFound(NotFound):
    """The substitution does not exist or belongs to another unit."""

    code = "substitution_not_found"
    title_ru, title_en = "Замещение не найдено", "Substitution not found"


class SubstitutionOverlaps(Conflict):
    """The unit already has a deputy on some of these days."""

    code = "substitution_overlaps"
    title_ru, title_en = "На эти дни уже назначен замещающий", "A deputy is already assigned on these days"
    detail_ru = "Отмените прежнее замещение или выберите другие дни."
    detail_en = "Cancel the other substitution or choose other days."


class SubstitutionOver(Conflict):
    """The substitution was already cancelled, or its last day has passed."""

    code = "substitution_over"
    title_ru, title_en = "Замещение уже завершено или отменено", "The substitution has ended or was cancelled"
    detail_ru, detail_en = "Отменить такое замещение нельзя.", "It can no longer be cancelled."
