"""Deals of a filled system, and how operations on them succeed."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from tests.e2e.ways import How, acted
from tests.e2e.world import World

PATH = "/v1/deals"
ONE = PATH + "/{deal_id}"


def body(world: World) -> dict[str, Any]:
    """The example, for an end customer that nobody has claimed."""
    own = uuid4().hex
    return world.example(f"POST {PATH}") | {"customer_name": f"Scripted {own}", "domain": f"{own}.example"}


def deal(world: World) -> str:
    """A claim of somebody else than the administrator, who may decide on it."""
    made: str = world.make(PATH, body(world), by="channel-manager")["id"]
    return made


def protected(world: World) -> str:
    made = deal(world)
    world.make(f"{PATH}/{made}/approve", {})
    return made


DEAL_CALLS: dict[str, How] = {
    f"POST {PATH}": lambda world: world.send("POST", PATH, body(world)),
    f"POST {ONE}/approve": acted(f"{ONE}/approve", deal),
    f"POST {ONE}/reject": acted(f"{ONE}/reject", deal),
    f"POST {ONE}/extend": acted(f"{ONE}/extend", protected),
    f"POST {ONE}/withdraw": acted(f"{ONE}/withdraw", deal),
}
