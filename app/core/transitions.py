"""State machines: which move leads from which state to which, with labels in both languages."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Generic, TypeVar

from app.core.problems import TransitionNotAllowed

State = TypeVar("State", bound=StrEnum)
Move = TypeVar("Move", bound=StrEnum)


class Transitions(Generic[State, Move]):
    """The transitions of one kind of object. Every state stands in the table, and everything in it has a label."""

    def __init__(
        self, table: Mapping[State, Mapping[Move, State]], *, states_ru: Mapping[str, str], moves_ru: Mapping[str, str]
    ) -> None:
        self._table = table
        self._states_ru, self._moves_ru = states_ru, moves_ru

    @property
    def states(self) -> list[State]:
        """The states of the table, in its order."""
        return list(self._table)

    def moves_from(self, state: State) -> list[Move]:
        """Return the moves that a state allows."""
        return list(self._table[state])

    def states_before(self, move: Move) -> list[State]:
        """Return the states that allow a move."""
        return [state for state, moves in self._table.items() if move in moves]

    def find(self, state: State, move: Move) -> State | None:
        """Return the state after a move, None if the state does not allow it."""
        return self._table[state].get(move)

    def require(self, state: State, move: Move) -> State:
        """Return the state after a move. Raises `TransitionNotAllowed`."""
        target = self.find(state, move)
        if target is None:
            raise self.refuse(state, move)
        return target

    def refuse(self, state: State, move: Move) -> TransitionNotAllowed:
        """Build the problem of a move that a state does not allow."""
        return TransitionNotAllowed(
            (self._states_ru[state.value], to_english(state)), (self._moves_ru[move.value], to_english(move))
        )


def to_english(value: StrEnum) -> str:
    """Return the English label of a state or a move: `awaiting_approval` is "awaiting approval"."""
    return value.value.replace("_", " ")
