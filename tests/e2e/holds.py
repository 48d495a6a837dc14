"""Holds of a filled system, and how operations on them succeed."""

from __future__ import annotations

import httpx

from tests.e2e.ways import How, account, acted
from tests.e2e.world import World


def hold_example(world: World) -> httpx.Response:
    """The example, with an account of its own: nobody holds it yet, and nothing else is refused by it."""
    body = world.example("POST /v1/credit-holds") | {"account_id": account(world)}
    return world.send("POST", "/v1/credit-holds", body)


def hold(world: World) -> str:
    """A hold by hand."""
    made: str = hold_example(world).raise_for_status().json()["id"]
    return made


HOLD_CALLS: dict[str, How] = {
    "POST /v1/credit-holds": hold_example,
    "POST /v1/credit-holds/{hold_id}/lift": acted("/v1/credit-holds/{hold_id}/lift", hold),
}
