"""How operations on opportunities and pipelines succeed."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from tests.e2e.ways import How, acted, changed, created, ref, rows
from tests.e2e.world import World


def opportunity(world: World, **changes: Any) -> str:
    """An open opportunity."""
    made: str = world.make("/v1/opportunities", world.example("POST /v1/opportunities") | changes)["id"]
    return made


def lost(world: World) -> str:
    """One that may be reopened."""
    made = opportunity(world)
    world.make(f"/v1/opportunities/{made}/lose", {"lost_reason": "price"})
    return made


OPPORTUNITY_CALLS: dict[str, How] = {
    "POST /v1/pipelines": lambda world: world.send(
        "POST", "/v1/pipelines", world.example("POST /v1/pipelines") | {"pipeline": uuid4().hex}
    ),
    "POST /v1/opportunities": created("/v1/opportunities"),
    "POST /v1/opportunities/batch": rows(
        "/v1/opportunities/batch", lambda world: world.example("POST /v1/opportunities") | {"external_id": ref()}
    ),
    "PATCH /v1/opportunities/{opportunity_id}": changed("PATCH", "/v1/opportunities/{opportunity_id}", opportunity),
    **{
        f"POST /v1/opportunities/{{opportunity_id}}/{verb}": acted(
            f"/v1/opportunities/{{opportunity_id}}/{verb}", opportunity
        )
        for verb in ("move", "win", "lose")
    },
    "POST /v1/opportunities/{opportunity_id}/reopen": acted("/v1/opportunities/{opportunity_id}/reopen", lost),
}
