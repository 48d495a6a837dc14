"""States as data: which action leads from which states to which.

A slice writes `MOVES: Moves[PartnerState] = {"activate": Move((APPLIED, SUSPENDED), ACTIVE)}` in its rules; the route
of an action names its move, so that the OpenAPI text says it and one suite checks every machine.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Generic, TypeVar

from kit.errors import StateConflict

State = TypeVar("State", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class Move(Generic[State]):
    """States that an action starts from, and the one it ends in."""

    sources: tuple[State, ...]
    target: State


Moves = Mapping[str, Move[State]]
"""Moves of a resource by the name of the action."""


def next_state(noun: str, moves: Moves[State], action: str, state: State) -> State:
    """The state that an action leads to; raises StateConflict (409 `<noun>-state`)."""
    move = moves[action]
    if state not in move.sources:
        raise StateConflict(noun, action, state, move.sources)
    return move.target


def shown_move(noun: str, moves: Moves[State], *actions: str) -> dict[str, Any]:
    """`openapi_extra` of the route of an action, or of one that does what several do, by the state it meets."""
    found = [
        {
            "noun": noun,
            "action": action,
            "from": [str(state) for state in moves[action].sources],
            "to": str(moves[action].target),
        }
        for action in actions
    ]
    return {"x-transition": found[0] if len(found) == 1 else found}


def moves_of(shown: Any) -> Sequence[Mapping[str, Any]]:
    """The moves of a route by its `x-transition`."""
    return shown if isinstance(shown, list) else [shown]


def text_of_move(shown: Any) -> str:
    """What the OpenAPI text of a route says of its moves."""
    moves = moves_of(shown)
    ways = [f"from {' or '.join(f'`{state}`' for state in move['from'])} to `{move['to']}`" for move in moves]
    text = ", ".join(ways)
    return f"{text[0].upper()}{text[1:]}; in another state 409 `{moves[0]['noun']}-state`."
