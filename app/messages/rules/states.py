"""States and transitions of messages and replies (O-6.2.1 to O-6.2.3)."""

from enum import StrEnum

from app.core.transitions import Transitions


class MessageState(StrEnum):
    """States of a message."""

    RECEIVED = "received"
    TRIAGED = "triaged"
    IN_PROGRESS = "in_progress"
    AWAITING_APPROVAL = "awaiting_approval"
    ANSWERED = "answered"
    CLOSED = "closed"
    AWAITING_CLIENT = "awaiting_client"
    REDIRECTED = "redirected"
    OUT_OF_COMPETENCE = "out_of_competence"
    REGISTERED_AS_APPEAL = "registered_as_appeal"
    SPAM = "spam"


OPEN_STATES = frozenset(
    {
        MessageState.RECEIVED,
        MessageState.TRIAGED,
        MessageState.IN_PROGRESS,
        MessageState.AWAITING_APPROVAL,
        MessageState.AWAITING_CLIENT,
        MessageState.OUT_OF_COMPETENCE,
        MessageState.REGISTERED_AS_APPEAL,
    }
)
"""States in which work on the message is pending."""


class MessageMove(StrEnum):
    """Moves of a message."""

    TRIAGE_WITHIN = "triage_within"
    TRIAGE_OUTSIDE = "triage_outside"
    TRIAGE_UNCLEAR = "triage_unclear"
    ASSIGN = "assign"
    DRAFT_REPLY = "draft_reply"
    SUBMIT_REPLY = "submit_reply"
    RETURN_REPLY = "return_reply"
    RETURN_OUTSIDE_REPLY = "return_outside_reply"
    SEND_REPLY = "send_reply"
    ANSWER = "answer"
    TRANSFER = "transfer"
    CLOSE = "close"
    REOPEN = "reopen"
    REOPEN_UNTRIAGED = "reopen_untriaged"
    MARK_SPAM = "mark_spam"
    MARK_DUPLICATE = "mark_duplicate"
    REDIRECT = "redirect"
    REGISTER_AS_APPEAL = "register_as_appeal"
    CLIENT_WROTE_AGAIN = "client_wrote_again"


_S, _M = MessageState, MessageMove

# A message becomes an appeal only by the decision of an employee, in almost any state (59-FZ).
_APPEAL = {_M.REGISTER_AS_APPEAL: _S.REGISTERED_AS_APPEAL}
_TRIAGE = {
    _M.TRIAGE_WITHIN: _S.TRIAGED,
    _M.TRIAGE_OUTSIDE: _S.OUT_OF_COMPETENCE,
    _M.TRIAGE_UNCLEAR: _S.TRIAGED,
}
_OPEN_ENDS = {_M.CLOSE: _S.CLOSED, _M.MARK_SPAM: _S.SPAM, _M.MARK_DUPLICATE: _S.CLOSED, **_APPEAL}

_MESSAGE_TABLE: dict[MessageState, dict[MessageMove, MessageState]] = {
    _S.RECEIVED: _TRIAGE | {_M.ASSIGN: _S.RECEIVED} | _OPEN_ENDS,
    # A reply is drafted only after the analysis of the need: stage 1 precedes stage 2 (O-6.2.3).
    _S.TRIAGED: _TRIAGE
    | {_M.ASSIGN: _S.IN_PROGRESS, _M.DRAFT_REPLY: _S.IN_PROGRESS, _M.REDIRECT: _S.REDIRECTED}
    | _OPEN_ENDS,
    _S.IN_PROGRESS: {
        _M.TRIAGE_WITHIN: _S.IN_PROGRESS,
        _M.TRIAGE_UNCLEAR: _S.IN_PROGRESS,
        _M.TRIAGE_OUTSIDE: _S.OUT_OF_COMPETENCE,
        _M.ASSIGN: _S.IN_PROGRESS,
        _M.DRAFT_REPLY: _S.IN_PROGRESS,
        _M.SUBMIT_REPLY: _S.AWAITING_APPROVAL,
        _M.REDIRECT: _S.REDIRECTED,
    }
    | _OPEN_ENDS,
    _S.AWAITING_APPROVAL: {
        _M.ASSIGN: _S.AWAITING_APPROVAL,
        _M.RETURN_REPLY: _S.IN_PROGRESS,
        _M.RETURN_OUTSIDE_REPLY: _S.OUT_OF_COMPETENCE,
        _M.SEND_REPLY: _S.AWAITING_APPROVAL,
        _M.ANSWER: _S.ANSWERED,
        _M.TRANSFER: _S.AWAITING_CLIENT,
    },
    _S.ANSWERED: {
        _M.CLOSE: _S.CLOSED,
        _M.REOPEN: _S.IN_PROGRESS,
        _M.CLIENT_WROTE_AGAIN: _S.IN_PROGRESS,
        _M.ASSIGN: _S.ANSWERED,
    }
    | _APPEAL,
    _S.AWAITING_CLIENT: _APPEAL
    | {
        _M.CLIENT_WROTE_AGAIN: _S.IN_PROGRESS,
        _M.CLOSE: _S.CLOSED,
        _M.REOPEN: _S.IN_PROGRESS,
        _M.ASSIGN: _S.AWAITING_CLIENT,
        _M.DRAFT_REPLY: _S.IN_PROGRESS,
    },
    # A message closed before the analysis of its need is reopened for that analysis (O-6.2.3a).
    _S.CLOSED: {
        _M.REOPEN: _S.IN_PROGRESS,
        _M.REOPEN_UNTRIAGED: _S.RECEIVED,
        _M.CLIENT_WROTE_AGAIN: _S.IN_PROGRESS,
    },
    _S.SPAM: {_M.REOPEN: _S.RECEIVED, _M.REOPEN_UNTRIAGED: _S.RECEIVED},
    # A reply names the competent body, so replies are sent in this state too (O-6.2.1).
    _S.OUT_OF_COMPETENCE: _TRIAGE
    | {
        _M.ASSIGN: _S.OUT_OF_COMPETENCE,
        _M.DRAFT_REPLY: _S.OUT_OF_COMPETENCE,
        _M.SUBMIT_REPLY: _S.AWAITING_APPROVAL,
        _M.REDIRECT: _S.REDIRECTED,
    }
    | _OPEN_ENDS,
    # An appeal may be redirected before the analysis of its need.
    _S.REDIRECTED: {_M.CLOSE: _S.CLOSED, _M.REOPEN: _S.IN_PROGRESS, _M.REOPEN_UNTRIAGED: _S.RECEIVED},
    _S.REGISTERED_AS_APPEAL: {
        _M.TRIAGE_WITHIN: _S.REGISTERED_AS_APPEAL,
        _M.TRIAGE_UNCLEAR: _S.REGISTERED_AS_APPEAL,
        _M.TRIAGE_OUTSIDE: _S.OUT_OF_COMPETENCE,
        _M.ASSIGN: _S.REGISTERED_AS_APPEAL,
        _M.DRAFT_REPLY: _S.IN_PROGRESS,
        _M.SUBMIT_REPLY: _S.AWAITING_APPROVAL,
        _M.REDIRECT: _S.REDIRECTED,
        _M.CLOSE: _S.CLOSED,
    },
}


class ReplyState(StrEnum):
    """States of a reply."""

    DRAFT = "draft"
    AWAITING_APPROVAL = "awaiting_approval"
    RETURNED = "returned"
    APPROVED = "approved"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    UNCERTAIN = "uncertain"
    """Sending was interrupted and the channel cannot tell whether it arrived; an employee checks."""


class ReplyMove(StrEnum):
    """Moves of a reply."""

    EDIT = "edit"
    SUBMIT = "submit"
    APPROVE = "approve"
    RETURN = "return"
    SEND = "send"
    DELIVER = "deliver"
    FAIL = "fail"
    LOSE_TRACK = "lose_track"


_R, _A = ReplyState, ReplyMove

_REPLY_TABLE: dict[ReplyState, dict[ReplyMove, ReplyState]] = {
    _R.DRAFT: {_A.EDIT: _R.DRAFT, _A.SUBMIT: _R.AWAITING_APPROVAL},
    _R.RETURNED: {_A.EDIT: _R.DRAFT, _A.SUBMIT: _R.AWAITING_APPROVAL},
    _R.AWAITING_APPROVAL: {_A.APPROVE: _R.APPROVED, _A.RETURN: _R.RETURNED},
    _R.APPROVED: {_A.SEND: _R.SENDING, _A.RETURN: _R.RETURNED},
    _R.SENDING: {_A.DELIVER: _R.SENT, _A.FAIL: _R.FAILED, _A.LOSE_TRACK: _R.UNCERTAIN},
    _R.FAILED: {_A.SEND: _R.SENDING, _A.RETURN: _R.RETURNED},
    # A slow worker may report the outcome late.
    _R.UNCERTAIN: {
        _A.SEND: _R.SENDING,
        _A.RETURN: _R.RETURNED,
        _A.DELIVER: _R.SENT,
        _A.FAIL: _R.FAILED,
    },
    _R.SENT: {},
}

STATES_RU: dict[str, str] = {
    "received": "получено",
    "triaged": "рассмотрено",
    "in_progress": "в работе",
    "awaiting_approval": "на согласовании",
    "answered": "дан ответ",
    "closed": "закрыто",
    "awaiting_client": "ожидается ответ клиента",
    "redirected": "перенаправлено",
    "out_of_competence": "вне компетенции",
    "registered_as_appeal": "зарегистрировано как обращение",
    "spam": "спам",
    "draft": "черновик",
    "returned": "возвращён",
    "approved": "согласован",
    "sending": "отправляется",
    "sent": "отправлен",
    "failed": "не доставлен",
    "uncertain": "доставка не подтверждена",
}
MOVES_RU: dict[str, str] = {
    "triage_within": "признать в компетенции",
    "triage_outside": "признать вне компетенции",
    "triage_unclear": "отметить компетенцию неясной",
    "assign": "назначить исполнителя",
    "draft_reply": "подготовить ответ",
    "return_outside_reply": "вернуть ответ",
    "mark_duplicate": "отметить как повтор",
    "redirect": "перенаправить",
    "register_as_appeal": "зарегистрировать как обращение",
    "client_wrote_again": "клиент написал снова",
    "submit_reply": "передать ответ на согласование",
    "return_reply": "вернуть ответ",
    "send_reply": "отправить ответ",
    "answer": "ответить",
    "transfer": "предложить другой канал",
    "close": "закрыть",
    "reopen": "возобновить",
    "reopen_untriaged": "возобновить",
    "mark_spam": "отметить как спам",
    "edit": "изменить",
    "submit": "передать на согласование",
    "approve": "согласовать",
    "return": "вернуть",
    "send": "отправить",
    "deliver": "доставить",
    "fail": "отметить недоставленным",
    "lose_track": "отметить неподтверждённым",
}

MESSAGE_TRANSITIONS = Transitions(_MESSAGE_TABLE, states_ru=STATES_RU, moves_ru=MOVES_RU)
REPLY_TRANSITIONS = Transitions(_REPLY_TABLE, states_ru=STATES_RU, moves_ru=MOVES_RU)

STEPS_RU: dict[str, str] = {
    "register": "Сообщение зарегистрировано",
    "triage_within": "Рассмотрено: в компетенции",
    "triage_outside": "Рассмотрено: вне компетенции",
    "triage_unclear": "Рассмотрено: компетенция неясна",
    "assign": "Назначен исполнитель",
    "draft_reply": "Подготовлен проект ответа",
    "submit_reply": "Ответ передан на согласование",
    "return_reply": "Ответ возвращён на доработку",
    "return_outside_reply": "Ответ возвращён на доработку",
    "send_reply": "Ответ отправляется",
    "answer": "Дан ответ",
    "transfer": "Клиенту предложен другой канал",
    "close": "Сообщение закрыто",
    "reopen": "Работа возобновлена",
    "reopen_untriaged": "Работа возобновлена",
    "mark_spam": "Отмечено как спам",
    "mark_duplicate": "Отмечено как повтор",
    "redirect": "Перенаправлено",
    "register_as_appeal": "Зарегистрировано как обращение",
    "client_wrote_again": "Клиент написал снова",
    "correct_registration": "Исправлен регистрационный номер обращения",
}
"""Steps of the history, as worded in the timeline."""


def format_number(year: int, count: int) -> str:
    """Return the number of a message, such as `2026-000001`."""
    return f"{year}-{count:06d}"
