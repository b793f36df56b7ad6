"""Transitions of messages and replies."""

import pytest

from app.core.problems import TransitionNotAllowed
from app.messages.rules.states import (
    MESSAGE_TRANSITIONS,
    MOVES_RU,
    REPLY_TRANSITIONS,
    STATES_RU,
    MessageMove,
    MessageState,
    ReplyMove,
    ReplyState,
    format_number,
)

S, M, R, A = MessageState, MessageMove, ReplyState, ReplyMove


@pytest.mark.order("O-6.2.3a", "O-6.2.3b")
@pytest.mark.parametrize(
    ("moves", "end"),
    [
        # The usual order of work.
        ([M.TRIAGE_WITHIN, M.ASSIGN, M.DRAFT_REPLY, M.SUBMIT_REPLY, M.SEND_REPLY, M.ANSWER, M.CLOSE], S.CLOSED),
        ([M.TRIAGE_WITHIN, M.DRAFT_REPLY, M.SUBMIT_REPLY, M.RETURN_REPLY, M.SUBMIT_REPLY], S.AWAITING_APPROVAL),
        # The client is asked to continue in another channel.
        ([M.TRIAGE_WITHIN, M.DRAFT_REPLY, M.SUBMIT_REPLY, M.SEND_REPLY, M.TRANSFER], S.AWAITING_CLIENT),
        # Outside the competence, with a reply.
        ([M.TRIAGE_OUTSIDE, M.DRAFT_REPLY, M.SUBMIT_REPLY, M.SEND_REPLY, M.ANSWER], S.ANSWERED),
        ([M.TRIAGE_UNCLEAR, M.TRIAGE_WITHIN], S.TRIAGED),
        ([M.TRIAGE_WITHIN, M.ASSIGN, M.TRIAGE_WITHIN], S.IN_PROGRESS),
        ([M.MARK_SPAM, M.REOPEN], S.RECEIVED),
        ([M.ASSIGN, M.TRIAGE_WITHIN], S.TRIAGED),
    ],
)
def test_transitions_of_a_message(moves: list[MessageMove], end: MessageState) -> None:
    state = S.RECEIVED
    for move in moves:
        state = MESSAGE_TRANSITIONS.require(state, move)
    assert state is end


@pytest.mark.parametrize(
    ("state", "move"),
    [
        (S.RECEIVED, M.DRAFT_REPLY),  # stage 1 precedes stage 2 (O-6.2.3)
        (S.RECEIVED, M.SEND_REPLY),
        (S.TRIAGED, M.SUBMIT_REPLY),
        (S.AWAITING_APPROVAL, M.DRAFT_REPLY),
        (S.AWAITING_APPROVAL, M.CLOSE),
        (S.ANSWERED, M.TRIAGE_WITHIN),
        (S.CLOSED, M.ASSIGN),
        (S.SPAM, M.CLOSE),
        (S.REDIRECTED, M.DRAFT_REPLY),
    ],
)
def test_forbidden_moves_of_a_message(state: MessageState, move: MessageMove) -> None:
    with pytest.raises(TransitionNotAllowed) as refused:
        MESSAGE_TRANSITIONS.require(state, move)
    assert STATES_RU[state] in refused.value.ru and MOVES_RU[move] in refused.value.ru


def test_every_state_has_transitions_and_a_russian_name() -> None:
    assert set(MESSAGE_TRANSITIONS.states) == set(S)
    assert set(REPLY_TRANSITIONS.states) == set(R)
    assert {*S, *R} <= set(STATES_RU)
    assert {*M, *A} <= set(MOVES_RU)


@pytest.mark.order("O-10")
def test_a_reply_is_approved_before_it_is_sent_and_sent_once() -> None:
    assert REPLY_TRANSITIONS.states_before(A.SEND) == [R.APPROVED, R.FAILED, R.UNCERTAIN]
    assert REPLY_TRANSITIONS.moves_from(R.SENT) == []
    assert REPLY_TRANSITIONS.find(R.SENDING, A.SEND) is None
    assert REPLY_TRANSITIONS.find(R.RETURNED, A.SUBMIT) is R.AWAITING_APPROVAL


def test_the_number_of_a_message() -> None:
    assert format_number(2026, 1) == "2026-000001"
    assert format_number(2026, 1_234_567) == "2026-1234567"
