"""States as data."""

from __future__ import annotations

from enum import StrEnum

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.errors import StateConflict
from kit.transitions import Move, Moves, moves_of, next_state, shown_move, text_of_move


class Light(StrEnum):
    RED = "red"
    GREEN = "green"
    OFF = "off"


MOVES: Moves[Light] = {
    "go": Move((Light.RED,), Light.GREEN),
    "break": Move((Light.RED, Light.GREEN), Light.OFF),
}


@given(st.sampled_from(sorted(MOVES)), st.sampled_from(Light))
def test_an_action_leads_on_from_its_sources_only(action: str, state: Light) -> None:
    move = MOVES[action]
    if state in move.sources:
        assert next_state("traffic-light", MOVES, action, state) is move.target
        return
    with pytest.raises(StateConflict) as caught:
        next_state("traffic-light", MOVES, action, state)
    assert (caught.value.code, caught.value.status) == ("traffic-light-state", 409)
    assert caught.value.extra == {"state": state, "allowed_states": list(move.sources)}
    assert caught.value.detail == f"{action} is not possible: the traffic light is in state {state}"


def test_the_documentation_says_the_move() -> None:
    shown = shown_move("traffic-light", MOVES, "break")["x-transition"]
    assert shown == {"noun": "traffic-light", "action": "break", "from": ["red", "green"], "to": "off"}
    assert text_of_move(shown) == "From `red` or `green` to `off`; in another state 409 `traffic-light-state`."
    both = shown_move("traffic-light", MOVES, "go", "break")["x-transition"]
    assert [move["action"] for move in moves_of(both)] == ["go", "break"]
    assert text_of_move(both) == (
        "From `red` to `green`, from `red` or `green` to `off`; in another state 409 `traffic-light-state`."
    )
