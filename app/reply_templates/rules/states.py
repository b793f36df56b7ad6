"""The states of a template and their transitions (O-6.2.6)."""

from enum import StrEnum

from app.core.transitions import Transitions


class TemplateState(StrEnum):
    """The state of the newest version of a template."""

    DRAFT = "draft"
    IN_REVIEW = "in_review"
    PUBLISHED = "published"
    ARCHIVED = "archived"


class TemplateMove(StrEnum):
    """An action that changes the state of a template."""

    EDIT = "edit"
    SUBMIT = "submit"
    PUBLISH = "publish"
    RETURN = "return"
    ARCHIVE = "archive"
    REVIEW = "review"


_S, _M = TemplateState, TemplateMove

_TABLE: dict[TemplateState, dict[TemplateMove, TemplateState]] = {
    _S.DRAFT: {
        _M.EDIT: _S.DRAFT,
        _M.SUBMIT: _S.IN_REVIEW,
        _M.PUBLISH: _S.PUBLISHED,
        _M.ARCHIVE: _S.ARCHIVED,
    },
    _S.IN_REVIEW: {
        _M.EDIT: _S.DRAFT,
        _M.PUBLISH: _S.PUBLISHED,
        _M.RETURN: _S.DRAFT,
        _M.ARCHIVE: _S.ARCHIVED,
    },
    _S.PUBLISHED: {_M.EDIT: _S.DRAFT, _M.ARCHIVE: _S.ARCHIVED},
    _S.ARCHIVED: {},
}
TEMPLATE_TRANSITIONS = Transitions(
    _TABLE,
    states_ru={"draft": "черновик", "in_review": "на проверке", "published": "опубликован", "archived": "в архиве"},
    moves_ru={
        "edit": "изменить",
        "submit": "передать на проверку",
        "publish": "опубликовать",
        "return": "вернуть",
        "archive": "отправить в архив",
        "review": "подтвердить актуальность",
    },
)
