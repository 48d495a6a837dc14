"""Conflicts of a filled system, and how operations on them succeed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx

from tests.e2e.orders import order_body
from tests.e2e.ways import How, account, acted
from tests.e2e.world import World

PATH = "/v1/conflicts"
ONE = PATH + "/{conflict_id}"


def conflict(world: World) -> dict[str, Any]:
    """Orders of a customer of its own through two partners."""
    of = account(world)
    for _ in range(2):
        order = world.make("/v1/orders", order_body(world, of) | {"partner_id": world.active_partner()})["id"]
        world.make(f"/v1/orders/{order}/place")
    found: dict[str, Any] = world.until(lambda: world.get(PATH, account_id=of)["items"])[0]
    return found


def at(*steps: str) -> Callable[[World], dict[str, Any]]:
    """A conflict on which somebody else than the administrator has proposed, after some steps."""

    def lead(world: World) -> dict[str, Any]:
        one = conflict(world)
        for step in steps:
            world.make(f"{PATH}/{one['id']}/{step}", world.example(f"POST {ONE}/{step}"), by="channel-manager")
        return one

    return lead


ASSESSED, MEDIATED, PROPOSED = ("assess",), ("assess", "state"), ("assess", "state", "propose")


def said(world: World, accepts: bool, count: int) -> dict[str, Any]:
    """A proposal that some of the parties have answered."""
    one = at(*PROPOSED)(world)
    for partner_id in one["partner_ids"][:count]:
        world.make(f"{PATH}/{one['id']}/agree", {"partner_id": partner_id, "accepts": accepts})
    return one


def agree(world: World) -> httpx.Response:
    one = said(world, True, 1)
    return world.send("POST", f"{PATH}/{one['id']}/agree", {"partner_id": one["partner_ids"][1]})


def _id(make: Callable[[World], dict[str, Any]]) -> Callable[[World], str]:
    return lambda world: str(make(world)["id"])


def policy(world: World) -> httpx.Response:
    """A version that holds long after the tests."""
    body = world.example("PUT /v1/channel-policies")
    return world.send("PUT", "/v1/channel-policies", body, headers={"If-Match": "*"})


CONFLICT_CALLS: dict[str, How] = {
    f"POST {ONE}/assess": acted(f"{ONE}/assess", _id(conflict)),
    f"POST {ONE}/state": acted(f"{ONE}/state", _id(at(*ASSESSED))),
    f"POST {ONE}/propose": acted(f"{ONE}/propose", _id(at(*MEDIATED))),
    f"POST {ONE}/agree": agree,
    f"POST {ONE}/arbitrate": acted(f"{ONE}/arbitrate", _id(lambda world: said(world, False, 1))),
    f"POST {ONE}/close": acted(f"{ONE}/close", _id(lambda world: said(world, True, 2))),
    f"POST {ONE}/dismiss": acted(f"{ONE}/dismiss", _id(conflict)),
    "PUT /v1/channel-policies": policy,
}
