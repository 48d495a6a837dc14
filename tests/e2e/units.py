"""How operations on what becomes of units succeed."""

from __future__ import annotations

from uuid import uuid4

import httpx

from tests.e2e.ways import How, acted, changed, created
from tests.e2e.world import World

_ONE = "/v1/units/{unit_id}"


def unit(world: World) -> str:
    """The unit of the example."""
    made: str = world.make("/v1/units", world.example("POST /v1/units"))["id"]
    return made


def root(world: World) -> str:
    """A unit that nothing uses."""
    made: str = world.make("/v1/units", {"code": f"u-{uuid4().hex[:8]}", "name": "Unit", "kind": "team"})["id"]
    return made


def reorganised(world: World) -> httpx.Response:
    """A unit goes on below another one."""
    body = world.example(f"POST {_ONE}/reorganise") | {"new_parent_id": root(world)}
    return world.send("POST", f"/v1/units/{root(world)}/reorganise", body)


def led(world: World) -> httpx.Response:
    """Somebody leads a unit."""
    body = world.example(f"POST {_ONE}/lead") | {"member_id": world.ids["member_id"][0]}
    return world.send("POST", f"/v1/units/{root(world)}/lead", body)


UNIT_CALLS: dict[str, How] = {
    "POST /v1/units": created("/v1/units"),
    f"PATCH {_ONE}": changed("PATCH", _ONE, unit),
    f"POST {_ONE}/lead": led,
    f"POST {_ONE}/end": acted(f"{_ONE}/end", root),
    f"POST {_ONE}/reorganise": reorganised,
}
