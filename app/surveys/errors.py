"""Problems of the survey."""

from app.core.problems import Conflict, Forbidden, Invalid, NotFound


class FormNotFound(NotFound):
    """There is no published form with this key."""

    code = "form_not_found"
    title_ru, title_en = "Форма опроса не найдена", "Survey form not found"


class FormExists(Conflict):
    """The form has this version already."""

    code = "form_exists"
    title_ru, title_en = "Такая версия формы уже есть", "This version of the form exists"
    constraints = ("uq_survey_forms_version", "uq_survey_forms_national")


class SubmissionNotFound(NotFound):
    """There is no such submission, or it is another system's."""

    code = "submission_not_found"
    title_ru, title_en = "Анкета не найдена", "Survey submission not found"


class NotClientCentricityUnit(Forbidden):
    """Paper questionnaires are keyed by the unit authorised for client-centricity (A-1.fn)."""

    code = "not_client_centricity_unit"
    title_ru = "Анкеты вносит подразделение, уполномоченное по клиентоцентричности"
    title_en = "Questionnaires are keyed by the client-centricity unit"


class TooManyForSheet(Invalid):
    """An XLSX sheet holds 1,048,575 rows below its headers; CSV and JSONL have no limit."""

    code = "too_many_for_sheet"
    title_ru, title_en = "Анкет больше, чем помещается на лист XLSX", "More submissions than an XLSX sheet holds"
    detail_ru = "На лист XLSX помещается 1 048 575 анкет: сузьте период или возьмите CSV."
    detail_en = "An XLSX sheet holds 1,048,575 submissions: narrow the period, or take CSV."
