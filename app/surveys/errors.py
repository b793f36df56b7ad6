"""Problems of the survey."""

from http import HTTPStatus

from app.core.problems import Conflict, Forbidden, NotFound, Problem, ValidationFailed


class FormNotFound(NotFound):
    """The form version does not exist, or it is a draft and the caller may not edit forms."""

    code = "form_not_found"
    title_ru, title_en = "Форма опроса не найдена", "The survey form was not found"


class FormExists(Conflict):
    """The form already has a version with this number."""

    code = "form_exists"
    title_ru, title_en = "Такая версия формы уже существует", "The form version already exists"
    constraints = ("uq_survey_forms_version",)


class FormBeginsAlready(Conflict):
    """Another published version of the same list of sources begins on that day."""

    code = "form_begins_already"
    title_ru, title_en = "С этого дня уже действует другая версия", "Another version begins on this day"
    detail_ru, detail_en = "Выберите другой день начала действия.", "Choose another start date."
    constraints = ("uq_survey_forms_own_start", "uq_survey_forms_common_start")


class FormIsPublished(Conflict):
    """A published version cannot be changed; changes need a new version."""

    code = "form_is_published"
    title_ru, title_en = "Опубликованную версию нельзя изменить", "A published version cannot be changed"
    detail_ru, detail_en = "Создайте новую версию формы.", "Create a new version of the form."


class FormHasBegun(Conflict):
    """The version is in force or has ended; only a version that has not begun can be withdrawn."""

    code = "form_has_begun"
    title_ru, title_en = "Версия формы уже действует", "The form version is already in force"
    detail_ru = "Отозвать можно только версию, которая ещё не начала действовать."
    detail_en = "Only a version that has not begun yet can be withdrawn."


class FormDaysAnswered(Conflict):
    """Questionnaires have already been submitted for days that the new version would cover."""

    code = "form_days_answered"
    title_ru, title_en = "На эти дни уже есть анкеты", "These days already have submissions"
    detail_ru = "За более ранние дни уже есть анкеты по прежней версии: укажите сегодняшний день или более поздний."
    detail_en = "Earlier days have submissions to the previous version: choose today or a later start date."


class SourceCodeTaken(Conflict):
    """Another version took the code of a source in the meantime."""

    code = "source_code_taken"
    title_ru, title_en = "Код источника уже занят", "The source code is already taken"
    detail_ru, detail_en = "Сохраните черновик ещё раз.", "Save the draft again."
    constraints = ("uq_survey_sources_key", "uq_survey_sources_suffix")


class LinkSpent(Problem):
    """The one-time link was used, has expired or never existed."""

    status, code = HTTPStatus.GONE, "link_spent"
    title_ru, title_en = "Ссылка больше не действует", "The link is no longer valid"
    detail_ru = "По этой ссылке анкету уже заполнили, или срок действия ссылки истёк."
    detail_en = "The link has already been used or has expired."


class CodeUnknown(ValidationFailed):
    """No saved draft has this code."""

    code = "code_unknown"
    title_ru, title_en = "Код не найден", "The code was not found"
    detail_ru = "Проверьте цифры. Если анкета уже отправлена или срок хранения истёк, заполните её заново."
    detail_en = "Check the digits. Submitted and expired questionnaires are not kept: fill in a new one."


class SubmissionNotFound(NotFound):
    """The submission does not exist, or it belongs to another API client."""

    code = "submission_not_found"
    title_ru, title_en = "Анкета не найдена", "The submission was not found"


class NotCorrectable(Conflict):
    """Only submissions entered from paper or imported can be corrected; others are the respondents' own words."""

    code = "submission_not_correctable"
    title_ru, title_en = "Анкету нельзя исправить", "The submission cannot be corrected"
    detail_ru = "Исправить можно только анкету, внесённую с бумаги или загруженную из таблицы."
    detail_en = "Only submissions entered from paper or imported can be corrected."


class SheetConflict(Conflict):
    """A sheet with this number is already entered with other answers."""

    code = "sheet_conflict"
    title_ru, title_en = "Лист с этим номером уже внесён", "A sheet with this number is already entered"
    detail_ru = "Лист с этим номером внесён с другими ответами: проверьте номер или исправьте внесённую анкету."
    detail_en = "It was entered with other answers: check the number, or correct the stored submission."
    constraints = ("uq_survey_submissions_sheet",)


class EntryCheckNotFound(NotFound):
    """The entry check does not exist."""

    code = "entry_check_not_found"
    title_ru, title_en = "Проверка листа не найдена", "The entry check was not found"


class SameHand(Conflict):
    """The second entry and its resolution need another employee than the first entry."""

    code = "same_hand"
    title_ru, title_en = "Лист проверяет другой сотрудник", "Another employee has to check the sheet"
    detail_ru = "Первый раз этот лист внесли вы. Второй ввод и решение по нему – за другим сотрудником."
    detail_en = "You made the first entry: the second entry and the decision are up to another employee."


class NotClientCentricityUnit(Forbidden):
    """Only the client-centricity unit enters paper questionnaires (A-1.fn)."""

    code = "not_client_centricity_unit"
    title_ru = "Это может только подразделение, уполномоченное по внедрению клиентоцентричности"
    title_en = "Only the client-centricity unit may do this"


class TooManyForSheet(ValidationFailed):
    """An XLSX sheet holds 1,048,575 rows below its headers; CSV and JSONL have no limit."""

    code = "too_many_for_sheet"
    title_ru, title_en = "Анкет больше, чем помещается на лист «XLSX»", "More submissions than an XLSX sheet holds"
    detail_ru = "На лист «XLSX» помещается 1 048 575 анкет: сузьте период или выберите «CSV»."
    detail_en = "An XLSX sheet holds 1,048,575 submissions: narrow the period, or choose CSV."
