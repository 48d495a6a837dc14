"""How operations on leads succeed."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import httpx

from tests.e2e.ways import How, acted, changed, created, ref, rows
from tests.e2e.world import World

CONSENTS = "/v1/leads/{lead_id}/consents"


def somebody(world: World) -> dict[str, Any]:
    """A lead that is like no other."""
    name = uuid4().hex
    return world.example("POST /v1/leads") | {"company": f"Scripted {name}", "email": f"{name}@quay.example"}


def lead(world: World, **changes: Any) -> str:
    """A new lead."""
    made: str = world.make("/v1/leads", somebody(world) | changes)["id"]
    return made


def started(world: World) -> str:
    """One that is worked on."""
    made = lead(world)
    world.make(f"/v1/leads/{made}/start")
    return made


def qualified(world: World) -> str:
    """One that may be converted."""
    made = started(world)
    world.make(f"/v1/leads/{made}/qualify")
    return made


def disqualified(world: World) -> str:
    """One that may be reopened."""
    made = lead(world)
    world.make(f"/v1/leads/{made}/disqualify", {"reason": "no_budget"})
    return made


def withdrawal(world: World) -> httpx.Response:
    """Of what a lead consented to."""
    path = f"/v1/leads/{lead(world)}/consents"
    given = world.make(path, world.example(f"POST {CONSENTS}"))["id"]
    return world.send("POST", f"{path}/{given}/withdraw", {})


LEAD_CALLS: dict[str, How] = {
    "POST /v1/leads": created("/v1/leads"),
    "POST /v1/leads/batch": rows("/v1/leads/batch", lambda world: somebody(world) | {"external_id": ref()}),
    "PATCH /v1/leads/{lead_id}": changed("PATCH", "/v1/leads/{lead_id}", lead),
    **{
        f"POST /v1/leads/{{lead_id}}/{verb}": acted(f"/v1/leads/{{lead_id}}/{verb}", thing)
        for verb, thing in (
            ("start", lead),
            ("qualify", started),
            ("disqualify", lead),
            ("reopen", disqualified),
            ("convert", qualified),
        )
    },
    f"POST {CONSENTS}": acted(CONSENTS, lead),
    f"POST {CONSENTS}/{{consent_id}}/withdraw": withdrawal,
}
