"""Scenarios and studies of a filled system, and how operations on them succeed."""

from __future__ import annotations

from typing import Any

import httpx

from tests.e2e.plans import active_target
from tests.e2e.ways import How, acted, changed
from tests.e2e.world import World


def scenario(world: World, of: str | None = None) -> str:
    """A scenario of a risk."""
    body = world.example("POST /v1/scenarios")
    made: str = world.make("/v1/scenarios", body | {"risk_id": of or _risk(world)})["id"]
    return made


def _risk(world: World) -> str:
    made: str = world.make("/v1/risks", world.example("POST /v1/risks"))["id"]
    return made


def archived(world: World) -> str:
    """A scenario that new studies may not have."""
    made = scenario(world)
    world.make(f"/v1/scenarios/{made}/archive")
    return made


def _body(world: World, **changes: Any) -> dict[str, Any]:
    return world.example("POST /v1/studies") | {"scenario_ids": [scenario(world)], "trials": 10_000} | changes


def study(world: World, **changes: Any) -> str:
    """A draft."""
    made: str = world.make("/v1/studies", _body(world, **changes))["id"]
    return made


def running(world: World) -> str:
    """A study that takes its time."""
    made = study(world, scenario_ids=[scenario(world) for _ in range(20)], trials=1_000_000)
    world.make(f"/v1/studies/{made}/run")
    return made


def completed(world: World, **changes: Any) -> str:
    """A study that has shown something."""
    made = study(world, **changes)
    world.make(f"/v1/studies/{made}/run")
    world.until(lambda: world.get(f"/v1/studies/{made}")["state"] == "completed")
    return made


def _drafted(world: World) -> httpx.Response:
    return world.send("POST", "/v1/studies", _body(world))


def _entered(world: World) -> httpx.Response:
    body = world.example("POST /v1/scenarios") | {"risk_id": _risk(world)}
    return world.send("POST", "/v1/scenarios", body)


def adjustment(world: World) -> httpx.Response:
    """What a target may lose, once it is heard of."""
    path = f"/v1/target-adjustments?target_id={active_target(world)}"
    world.until(lambda: world.send("GET", path).status_code == 200)
    return world.send("GET", path)


STUDY_CALLS: dict[str, How] = {
    "POST /v1/scenarios": _entered,
    "PATCH /v1/scenarios/{scenario_id}": changed("PATCH", "/v1/scenarios/{scenario_id}", scenario),
    "POST /v1/scenarios/{scenario_id}/estimate": acted("/v1/scenarios/{scenario_id}/estimate", scenario),
    "POST /v1/scenarios/{scenario_id}/archive": acted("/v1/scenarios/{scenario_id}/archive", scenario),
    "POST /v1/scenarios/{scenario_id}/restore": acted("/v1/scenarios/{scenario_id}/restore", archived),
    "POST /v1/studies": _drafted,
    "GET /v1/target-adjustments": adjustment,
    "PATCH /v1/studies/{study_id}": changed("PATCH", "/v1/studies/{study_id}", study),
    "POST /v1/studies/{study_id}/run": acted("/v1/studies/{study_id}/run", study),
    "POST /v1/studies/{study_id}/cancel": acted("/v1/studies/{study_id}/cancel", running),
    "POST /v1/studies/{study_id}/copy": acted("/v1/studies/{study_id}/copy", study),
}
