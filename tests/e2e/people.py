"""Contacts in the state that an operation needs, and the calls of their examples."""

from __future__ import annotations

import httpx

from tests.e2e.ways import account
from tests.e2e.world import World


def contact_example(world: World) -> httpx.Response:
    """The example on an account of its own: there nobody has the e-mail address."""
    return world.send("POST", "/v1/contacts", world.example("POST /v1/contacts") | {"account_id": account(world)})


def contact(world: World) -> str:
    made: str = contact_example(world).raise_for_status().json()["id"]
    return made


def withdrawal(world: World) -> httpx.Response:
    path = f"/v1/contacts/{contact(world)}/consents"
    given = world.make(path, world.example("POST /v1/contacts/{contact_id}/consents"))["id"]
    return world.send("POST", f"{path}/{given}/withdraw", {})
