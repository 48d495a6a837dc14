"""How operations on action plans and adjustments succeed."""

from __future__ import annotations

from typing import Any

import httpx

from tests.e2e.ways import How, acted, changed, created
from tests.e2e.world import World

_PLAN = "/v1/action-plans/{action_plan_id}"
_ADJUSTMENT = "/v1/adjustments/{adjustment_id}"


def of_target(world: World, path: str, by: str = "admin", **more: Any) -> str:
    """What the example says, of a target of the story."""
    made: str = world.make(path, world.example(f"POST {path}") | more, by=by)["id"]
    return made


def plan(world: World) -> str:
    """A draft of an action plan."""
    return of_target(world, "/v1/action-plans")


def active_plan(world: World) -> str:
    """A plan whose steps are worked on."""
    made = plan(world)
    world.make(f"/v1/action-plans/{made}/activate")
    return made


def worked_plan(world: World) -> str:
    """A plan of which nothing is left to do."""
    made = of_target(world, "/v1/action-plans", steps=[])
    world.make(f"/v1/action-plans/{made}/activate")
    return made


def step(verb: str) -> How:
    """A verb on a step of a plan, which was done before it is reopened."""

    def send(world: World) -> httpx.Response:
        path = f"/v1/action-plans/{active_plan(world)}/steps/list"
        if verb == "reopen":
            world.make(f"{path}/complete")
        return world.send("POST", f"{path}/{verb}")

    return send


def adjustment(world: World) -> str:
    """A draft of an adjustment."""
    return of_target(world, "/v1/adjustments")


def proposed(world: World, **more: Any) -> str:
    """An adjustment that somebody else proposed."""
    made = of_target(world, "/v1/adjustments", by="director", **more)
    world.make(f"/v1/adjustments/{made}/propose", by="director")
    return made


def approved(world: World) -> str:
    """An adjustment without measures that two have agreed on."""
    made = proposed(world, measures=[])
    world.make(f"/v1/adjustments/{made}/approve")
    return made


def measure(verb: str) -> How:
    """A verb on a measure of an adjustment that is executed."""

    def send(world: World) -> httpx.Response:
        made = f"/v1/adjustments/{proposed(world)}"
        for action in ("approve", "start"):
            world.make(f"{made}/{action}")
        if verb == "reopen":
            world.make(f"{made}/measures/hire/complete")
        return world.send("POST", f"{made}/measures/hire/{verb}")

    return send


ACTION_CALLS: dict[str, How] = {
    "POST /v1/action-plans": created("/v1/action-plans"),
    f"PATCH {_PLAN}": changed("PATCH", _PLAN, plan),
    f"POST {_PLAN}/activate": acted(f"{_PLAN}/activate", plan),
    f"POST {_PLAN}/complete": acted(f"{_PLAN}/complete", worked_plan),
    f"POST {_PLAN}/drop": acted(f"{_PLAN}/drop", plan),
    **{f"POST {_PLAN}/steps/{{step_key}}/{verb}": step(verb) for verb in ("complete", "drop", "reopen")},
    "POST /v1/adjustments": created("/v1/adjustments"),
    f"PATCH {_ADJUSTMENT}": changed("PATCH", _ADJUSTMENT, adjustment),
    f"POST {_ADJUSTMENT}/propose": acted(f"{_ADJUSTMENT}/propose", adjustment),
    f"POST {_ADJUSTMENT}/reject": acted(f"{_ADJUSTMENT}/reject", proposed),
    f"POST {_ADJUSTMENT}/approve": acted(f"{_ADJUSTMENT}/approve", proposed),
    f"POST {_ADJUSTMENT}/start": acted(f"{_ADJUSTMENT}/start", approved),
    f"POST {_ADJUSTMENT}/execute": acted(f"{_ADJUSTMENT}/execute", approved),
    f"POST {_ADJUSTMENT}/drop": acted(f"{_ADJUSTMENT}/drop", adjustment),
    **{f"POST {_ADJUSTMENT}/measures/{{measure_key}}/{verb}": measure(verb) for verb in ("complete", "drop", "reopen")},
}
