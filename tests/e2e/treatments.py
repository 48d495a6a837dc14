"""Treatments of a filled system, and how operations on them succeed."""

from __future__ import annotations

from collections.abc import Callable

import httpx

from tests.e2e.studies import scenario
from tests.e2e.ways import How, acted, changed
from tests.e2e.world import World

PATH = "/v1/treatments"


def _risk(world: World) -> str:
    made: str = world.make("/v1/risks", world.example("POST /v1/risks"))["id"]
    return made


def treatment(world: World, until: str = "planned", of: str | None = None) -> str:
    """A treatment of the officer, which the administrator may approve, on its way up to a state."""
    body = world.example(f"POST {PATH}") | {"risk_id": of or _risk(world)}
    made: str = world.make(PATH, body, by="officer")["id"]
    states = ["planned", "approved", "in_progress", "completed"]
    for state in states[1 : states.index(until) + 1]:
        match state:
            case "approved":
                world.make(f"{PATH}/{made}/approve")
            case "in_progress":
                world.make(f"{PATH}/{made}/start", {"on": "2024-01-08"})
            case _:
                world.make(f"{PATH}/{made}/complete", {"on": "2024-03-29"})
    return made


def at(state: str) -> Callable[[World], str]:
    """A treatment that has come so far."""
    return lambda world: treatment(world, state)


def simulable(world: World) -> str:
    """A treatment of a risk with a scenario."""
    risk = _risk(world)
    scenario(world, risk)
    return treatment(world, of=risk)


def simulated(world: World, of: str) -> dict[str, str]:
    """Ids of a treatment and of its simulation."""
    made = treatment(world, of=of)
    found = world.make(f"{PATH}/{made}/simulate", {"trials": 10_000})
    return {"treatment_id": made, "treatment_simulation_id": found["id"]}


def _planned(world: World) -> httpx.Response:
    return world.send("POST", PATH, world.example(f"POST {PATH}") | {"risk_id": _risk(world)})


_ONE = f"{PATH}/{{treatment_id}}"
TREATMENT_CALLS: dict[str, How] = {
    f"POST {PATH}": _planned,
    f"PATCH {_ONE}": changed("PATCH", _ONE, treatment),
    f"POST {_ONE}/simulate": acted(f"{_ONE}/simulate", simulable),
    **{
        f"POST {_ONE}/{verb}": acted(f"{_ONE}/{verb}", at(state))
        for verb, state in {
            "approve": "planned",
            "start": "approved",
            "complete": "in_progress",
            "verify": "completed",
            "cancel": "approved",
        }.items()
    },
}
