"""Problems of identity. Those of `/auth/*` also carry the OAuth 2 error code (RFC 6749, 5.2)."""

from http import HTTPStatus
from typing import ClassVar

from app.core.problems import Conflict, NotFound, Problem, TooManyRequests


class OAuthProblem(Problem):
    """A refusal of the token endpoint."""

    status = HTTPStatus.BAD_REQUEST
    code = "invalid_request"
    title_ru, title_en = "Неверный запрос токена", "The token request is not valid"
    detail_ru, detail_en = "Проверьте параметры запроса токена.", "Check the parameters of the token request."
    error: ClassVar[str] = "invalid_request"

    def __init__(self, ru: str | None = None, en: str | None = None, *, headers: dict[str, str] | None = None) -> None:
        super().__init__(ru, en, headers=headers, extra={"error": self.error})


class InvalidGrant(OAuthProblem):
    """Wrong user name or password, or a refresh token that is unknown, used, expired or revoked."""

    code = error = "invalid_grant"
    title_ru, title_en = "Вход не выполнен", "Sign-in failed"
    detail_ru, detail_en = "Неверные учётные данные или токен обновления.", "Wrong credentials or refresh token."


class UnsupportedGrantType(OAuthProblem):
    """A grant type other than password, client_credentials and refresh_token."""

    code = error = "unsupported_grant_type"
    title_ru, title_en = "Неподдерживаемый способ входа", "Unsupported grant type"
    detail_ru = "Возможны password, client_credentials и refresh_token."
    detail_en = "Known are password, client_credentials and refresh_token."


class InvalidScope(OAuthProblem):
    """A scope that does not exist or that the caller does not hold."""

    code = error = "invalid_scope"
    title_ru, title_en = "Неизвестная область доступа", "Unknown scope"
    detail_ru, detail_en = "Запрошены неизвестные права.", "Rights that are not known were asked for."


class InvalidClient(OAuthProblem):
    """Unknown API client, wrong secret, or no client authentication."""

    status = HTTPStatus.UNAUTHORIZED
    code = error = "invalid_client"
    title_ru, title_en = "Клиент не опознан", "The API client is not known"
    detail_ru, detail_en = "Неверные client_id или client_secret.", "Wrong client id or secret."

    def __init__(self) -> None:
        super().__init__(headers={"WWW-Authenticate": 'Basic realm="api"'})


class SignInLocked(TooManyRequests):
    """Too many failed sign-ins of one account; it opens again by itself."""

    code = "sign_in_locked"
    title_ru, title_en = "Вход временно закрыт", "Sign-in is closed for a while"
    detail_ru, detail_en = "Слишком много неудачных попыток входа.", "Too many failed sign-ins."

    def __init__(self, retry_after: int = 60) -> None:
        super().__init__(retry_after, extra={"error": "invalid_grant"})


class WrongPassword(Conflict):
    """The old password is not right."""

    code = "wrong_password"
    title_ru, title_en = "Текущий пароль неверен", "The present password is not right"
    detail_ru, detail_en = "Введите текущий пароль ещё раз.", "Enter the present password again."


class EmployeeNotFound(NotFound):
    """There is no such employee."""

    code = "employee_not_found"
    title_ru, title_en = "Сотрудник не найден", "Employee not found"


class EmployeeExists(Conflict):
    """Another employee has this user name or external subject."""

    code = "employee_exists"
    title_ru, title_en = "Сотрудник с таким именем входа уже есть", "An employee with this user name exists"
    constraints = ("uq_employees_username", "uq_employees_external_subject")


class ClientNotFound(NotFound):
    """There is no such API client."""

    code = "client_not_found"
    title_ru, title_en = "Клиент API не найден", "API client not found"


class ClientExists(Conflict):
    """Another API client has this id."""

    code = "client_exists"
    title_ru, title_en = "Клиент API с таким идентификатором уже есть", "An API client with this id exists"
    constraints = ("uq_api_clients_client_id",)


class SubstitutionNotFound(NotFound):
    """There is no such substitution, or it is another unit's."""

    code = "substitution_not_found"
    title_ru, title_en = "Замещение не найдено", "Substitution not found"


class SubstitutionOverlaps(Conflict):
    """The unit has another deputy on some of these days."""

    code = "substitution_overlaps"
    title_ru, title_en = "На эти дни заместитель уже назначен", "These days have a deputy already"
    detail_ru = "Отмените прежнее замещение или выберите другие дни."
    detail_en = "Cancel the other substitution or choose other days."


class SubstitutionOver(Conflict):
    """The substitution was cancelled before, or its last day has passed."""

    code = "substitution_over"
    title_ru, title_en = "Замещение уже завершено или отменено", "The substitution is over or was cancelled"
