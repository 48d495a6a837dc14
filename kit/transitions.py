"""States as data: which action leads from which states to which.

A slice writes `MOVES: Moves[PartnerState] = {"activate": Move((APPLIED, SUSPENDED), ACTIVE)}` in its rules; the route
of an action names its move, so that the OpenAPI text says it and one suite checks every machine.
"""

from __future__ import annotations

from collections.abc import Mapping
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


def shown_move(noun: str, moves: Moves[State], action: str) -> dict[str, Any]:
    """`openapi_extra` of the route of an action."""
    move = moves[action]
    found = {"noun": noun, "action": action, "from": [str(state) for state in move.sources], "to": str(move.target)}
    return {"x-transition": found}


def text_of_move(move: Mapping[str, Any]) -> str:
    """What the OpenAPI text of an action says of its move."""
    sources = " or ".join(f"`{state}`" for state in move["from"])
    return f"From {sources} to `{move['to']}`; in another state 409 `{move['noun']}-state`."
