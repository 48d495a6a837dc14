"""Disputes of a filled system, and how operations on them succeed."""

from __future__ import annotations

from collections.abc import Callable
from uuid import uuid4

import httpx

from tests.e2e.contracts import contract
from tests.e2e.ways import How, acted, changed
from tests.e2e.world import World

PATH = "/v1/disputes"
ITEM = PATH + "/{dispute_id}"


def dispute_example(world: World, of: str | None = None) -> httpx.Response:
    """The example, about a contract."""
    own = {"contract_id": of or contract(world), "orders": [], "number": f"D-{uuid4().hex}"}
    return world.send("POST", PATH, world.example(f"POST {PATH}") | own)


def dispute(world: World, *verbs: str, of: str | None = None) -> str:
    """A dispute on its way to its end."""
    made: str = dispute_example(world, of).raise_for_status().json()["id"]
    for verb in verbs:
        world.make(f"{PATH}/{made}/{verb}")
    return made


def after(*verbs: str) -> Callable[[World], str]:
    """A dispute that has come so far."""
    return lambda world: dispute(world, *verbs)


def snapshot(world: World) -> str:
    """The snapshot of the day before the installation."""
    world.until(lambda: world.get("/v1/risk-snapshots")["items"])
    found: str = world.get("/v1/risk-snapshots")["items"][0]["id"]
    return found


DISPUTE_CALLS: dict[str, How] = {
    f"POST {PATH}": dispute_example,
    f"PATCH {ITEM}": changed("PATCH", ITEM, dispute),
    **{
        f"POST {ITEM}/{verb}": acted(f"{ITEM}/{verb}", after(*before))
        for verb, before in {
            "negotiate": (),
            "mediate": ("negotiate",),
            "litigate": ("negotiate",),
            "settle": ("negotiate",),
            "judge": ("negotiate", "litigate"),
            "close": ("negotiate", "settle"),
        }.items()
    },
}
