"""State machines: whatever is not in the table is refused with labels in both languages."""

import re
from enum import StrEnum
from typing import Any

import pytest

from app.core.problems import TransitionNotAllowed
from app.core.transitions import Transitions
from app.interaction_points.rules import POINT_TRANSITIONS, PointMove, PointStatus
from app.messages.rules.states import (
    MESSAGE_TRANSITIONS,
    REPLY_TRANSITIONS,
    MessageMove,
    MessageState,
    ReplyMove,
    ReplyState,
)
from app.monitoring.rules import UNMET_NEED_TRANSITIONS, UnmetNeedMove, UnmetNeedState
from app.reply_templates.rules.states import TEMPLATE_TRANSITIONS, TemplateMove, TemplateState


class Light(StrEnum):
    RED = "red"
    FLASHING_GREEN = "flashing_green"


class Switch(StrEnum):
    GO = "go"
    STOP_NOW = "stop_now"


LIGHTS: Transitions[Light, Switch] = Transitions(
    {Light.RED: {Switch.GO: Light.FLASHING_GREEN}, Light.FLASHING_GREEN: {}},
    states_ru={"red": "красный", "flashing_green": "мигающий зелёный"},
    moves_ru={"go": "пустить", "stop_now": "остановить"},
)
MACHINES = [
    (LIGHTS, Light, Switch),
    (MESSAGE_TRANSITIONS, MessageState, MessageMove),
    (REPLY_TRANSITIONS, ReplyState, ReplyMove),
    (TEMPLATE_TRANSITIONS, TemplateState, TemplateMove),
    (POINT_TRANSITIONS, PointStatus, PointMove),
    (UNMET_NEED_TRANSITIONS, UnmetNeedState, UnmetNeedMove),
]


def test_a_move_leads_to_its_state() -> None:
    assert LIGHTS.require(Light.RED, Switch.GO) is Light.FLASHING_GREEN
    assert LIGHTS.find(Light.FLASHING_GREEN, Switch.GO) is None
    assert (LIGHTS.moves_from(Light.RED), LIGHTS.states_before(Switch.GO)) == ([Switch.GO], [Light.RED])


def test_a_refusal_names_state_and_move_in_both_languages() -> None:
    with pytest.raises(TransitionNotAllowed) as refused:
        LIGHTS.require(Light.FLASHING_GREEN, Switch.STOP_NOW)
    assert refused.value.ru == "Действие «остановить» невозможно в состоянии «мигающий зелёный»."
    assert refused.value.en == "The action 'stop now' is not allowed in the state 'flashing green'."


@pytest.mark.parametrize(("machine", "states", "moves"), MACHINES, ids=lambda value: getattr(value, "__name__", ""))
def test_every_state_and_move_is_known_to_its_machine(
    machine: Transitions[Any, Any], states: type[StrEnum], moves: type[StrEnum]
) -> None:
    assert set(machine.states) == set(states)
    for state in states:
        for move in moves:
            if machine.find(state, move) is None:
                refused = machine.refuse(state, move)
                assert not re.search("[A-Za-z]", refused.ru) and "_" not in refused.en, refused.ru
            else:
                assert machine.require(state, move) in set(states)
