"""How operations on cases and on the policies of the customer side succeed."""

from __future__ import annotations

from typing import Any

import httpx

from tests.e2e.ways import How, acted, changed, created
from tests.e2e.world import World

_VERBS = {
    "acknowledge": (),
    "assess": ("acknowledge",),
    "investigate": ("acknowledge", "assess"),
    "respond": (),
    "close": ("respond",),
    "reopen": ("respond",),
    "escalate": (),
    "assign": (),
    "pause": (),
    "resume": ("pause",),
}
"""Verbs by what is done before."""


def case(world: World, *verbs: str, **changes: Any) -> str:
    """A case on its way."""
    made: str = world.make("/v1/cases", world.example("POST /v1/cases") | changes)["id"]
    for verb in verbs:
        key = f"POST /v1/cases/{{case_id}}/{verb}"
        body = world.example(key) if "requestBody" in world.operations[key] else None
        world.make(f"/v1/cases/{made}/{verb}", body)
    return made


def approval(world: World) -> httpx.Response:
    """The answer of a case of nobody's, approved by its second owner."""
    (manager,) = (one["id"] for one in world.get("/v1/members", code="manager-east")["items"])
    path = f"/v1/cases/{case(world, second_owner_id=manager)}"
    written = world.send("PATCH", path, world.example("PATCH /v1/cases/{case_id}"), headers=world.etag(path))
    body = {"response_sha256": written.raise_for_status().json()["response_sha256"]}
    return world.send("POST", f"{path}/approve-response", body, by="manager-east")


def customer_policy(world: World) -> str:
    """A draft."""
    made: str = world.make("/v1/customer-policies", world.example("POST /v1/customer-policies"))["id"]
    return made


def _on_its_way(verb: str) -> How:
    return acted(f"/v1/cases/{{case_id}}/{verb}", lambda world: case(world, *_VERBS[verb]))


_POLICY = "/v1/customer-policies/{customer_policy_id}"
CASE_CALLS: dict[str, How] = {
    "POST /v1/cases": created("/v1/cases"),
    "PATCH /v1/cases/{case_id}": changed("PATCH", "/v1/cases/{case_id}", case),
    **{f"POST /v1/cases/{{case_id}}/{verb}": _on_its_way(verb) for verb in _VERBS},
    "POST /v1/cases/{case_id}/approve-response": approval,
    "POST /v1/customer-policies": created("/v1/customer-policies"),
    f"PATCH {_POLICY}": changed("PATCH", _POLICY, customer_policy),
    f"POST {_POLICY}/activate": acted(f"{_POLICY}/activate", customer_policy),
}
