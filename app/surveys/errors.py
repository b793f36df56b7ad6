"""Problems of the survey."""

from http import HTTPStatus

from app.core.problems import Conflict, Forbidden, NotFound, Problem, ValidationFailed


class FormNotFound(NotFound):
    """There is no such version of a form, or it is a draft and the caller does not make forms."""

    code = "form_not_found"
    title_ru, title_en = "Форма опроса не найдена", "Survey form not found"


class FormExists(Conflict):
    """The form has this version already."""

    code = "form_exists"
    title_ru, title_en = "Такая версия формы уже есть", "This version of the form exists"
    constraints = ("uq_survey_forms_version",)


class FormBeginsAlready(Conflict):
    """A published version of the same list begins on that day."""

    code = "form_begins_already"
    title_ru, title_en = "С этого дня уже действует другая версия", "Another version begins on that day"
    detail_ru, detail_en = "Выберите другой день начала действия.", "Choose another first day."
    constraints = ("uq_survey_forms_own_start", "uq_survey_forms_common_start")


class FormIsPublished(Conflict):
    """A published version never changes; make a new one."""

    code = "form_is_published"
    title_ru, title_en = "Опубликованная версия не меняется", "A published version never changes"
    detail_ru, detail_en = "Создайте новую версию формы.", "Make a new version of the form."


class FormHasBegun(Conflict):
    """The version is in force already, or it ended; only one that is still to come can be withdrawn."""

    code = "form_has_begun"
    title_ru, title_en = "Версия формы уже действует", "The version has begun already"
    detail_ru, detail_en = "Отозвать можно только версию, которая ещё не начала действовать.", "It is too late."


class FormDaysAnswered(Conflict):
    """Questionnaires of the version before were filled in for days that the new one would take."""

    code = "form_days_answered"
    title_ru, title_en = "На эти дни уже есть анкеты", "There are submissions of those days"
    detail_ru = "Версия действует с сегодняшнего дня или позже: более ранние дни уже заполнены по прежней форме."
    detail_en = "Publish it from today on or later: earlier days were answered by the version before."


class SourceCodeTaken(Conflict):
    """Another version took the code of a source meanwhile."""

    code = "source_code_taken"
    title_ru, title_en = "Код источника уже занят", "The code of a source is taken"
    detail_ru, detail_en = "Сохраните черновик ещё раз.", "Save the draft again."
    constraints = ("uq_survey_sources_key", "uq_survey_sources_suffix")


class LinkSpent(Problem):
    """Nobody holds that one-time link any more: it was used, it has expired, or there never was one."""

    status, code = HTTPStatus.GONE, "link_spent"
    title_ru, title_en = "Ссылка больше не действует", "The link is spent"
    detail_ru = "По этой ссылке анкету уже заполнили, или срок действия ссылки истёк."
    detail_en = "The form was filled in by this link, or it has expired."


class CodeUnknown(ValidationFailed):
    """No half-filled form waits under that code."""

    code = "code_unknown"
    title_ru, title_en = "Код не найден", "The code is not known"
    detail_ru = "Проверьте цифры. Если анкета уже отправлена или срок хранения истёк, заполните её заново."
    detail_en = "Check the digits. What was submitted or has expired is not kept."


class SubmissionNotFound(NotFound):
    """There is no such submission, or it is another system's."""

    code = "submission_not_found"
    title_ru, title_en = "Анкета не найдена", "Survey submission not found"


class NotCorrectable(Conflict):
    """Only what was keyed in from paper or imported is corrected: the rest is what respondents said themselves."""

    code = "submission_not_correctable"
    title_ru, title_en = "Анкету нельзя исправить", "The submission is not corrected"
    detail_ru = "Исправляются только анкеты, внесённые с бумаги или загруженные таблицей."
    detail_en = "Only submissions that were keyed in from paper or imported are corrected."


class SheetConflict(Conflict):
    """The sheet of that number is keyed in already, and says something else."""

    code = "sheet_conflict"
    title_ru, title_en = "Лист с этим номером уже внесён", "The sheet of that number is keyed in"
    detail_ru = "Лист с этим номером уже внесён с другими ответами: проверьте номер или исправьте внесённую анкету."
    detail_en = "It is keyed in with other answers: check the number, or correct what was keyed in."
    constraints = ("uq_survey_submissions_sheet",)


class EntryCheckNotFound(NotFound):
    """There is no such check of a sheet."""

    code = "entry_check_not_found"
    title_ru, title_en = "Проверка листа не найдена", "Check of a sheet not found"


class SameHand(Conflict):
    """A sheet is checked by another person than the one who keyed it in."""

    code = "same_hand"
    title_ru, title_en = "Лист проверяет другой сотрудник", "Another person checks the sheet"
    detail_ru = "Первый раз этот лист внесли вы: второй ввод и решение о нём – за другим сотрудником."
    detail_en = "You keyed this sheet in first: the second entry and the decision are another person's."


class NotClientCentricityUnit(Forbidden):
    """Paper questionnaires are keyed by the unit authorised for client-centricity (A-1.fn)."""

    code = "not_client_centricity_unit"
    title_ru = "Анкеты вносит подразделение, уполномоченное по клиентоцентричности"
    title_en = "Questionnaires are keyed by the client-centricity unit"


class TooManyForSheet(ValidationFailed):
    """An XLSX sheet holds 1,048,575 rows below its headers; CSV and JSONL have no limit."""

    code = "too_many_for_sheet"
    title_ru, title_en = "Анкет больше, чем помещается на лист XLSX", "More submissions than an XLSX sheet holds"
    detail_ru = "На лист XLSX помещается 1 048 575 анкет: сузьте период или возьмите CSV."
    detail_en = "An XLSX sheet holds 1,048,575 submissions: narrow the period, or take CSV."
