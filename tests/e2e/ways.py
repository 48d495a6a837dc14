"""How operations are called: with their documented example, on a thing in the right state."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import httpx

from tests.e2e.world import World

How = Callable[[World], httpx.Response]

TOLD_TO_ALL = (
    "/v1/units",
    "/v1/members",
    "/v1/roles",
    "/v1/territories",
    "/v1/sellers",
    "/v1/products",
    "/v1/partners",
    "/v1/channels",
    "/v1/rule-sets",
    "/v1/rfm-runs",
    "/v1/grading-runs",
    "/v1/churn-fits",
    "/v1/segments",
    "/v1/custom-fields",
    "/v1/customer-policies",
    "/v1/surveys",
    "/v1/points-programmes",
    "/v1/points-draws",
)
"""Lists that nobody's scope narrows."""
TOLD_TO_SOME = (
    "/v1/agreements",
    "/v1/channel-costs",
    "/v1/channel-policies",
    "/v1/exchange",
    "/v1/imports",
    "/v1/kpis",
    "/v1/observations",
    "/v1/pipelines",
    "/v1/competitor",
    "/v1/partner-",
    "/v1/price",
    "/v1/product-costs",
    "/v1/promotion",
    "/v1/rebate",
    "/v1/risk-p",
    "/v1/scoring-runs",
    "/v1/target-policies",
    "/v1/tier-",
    "/v1/trainings",
)
"""Lists of what is nobody's own: who may read them at all sees everything."""


def created(path: str) -> How:
    """POST the documented example."""
    return lambda world: world.send("POST", path, world.example(f"POST {path}"))


def acted(template: str, thing: Callable[[World], str]) -> How:
    """POST an action on a thing in the right state, with the documented example when it takes a body."""

    def act(world: World) -> httpx.Response:
        key = f"POST {template}"
        body = world.example(key) if "requestBody" in world.operations[key] else None
        return world.send("POST", filled(template, thing(world)), body)

    return act


def changed(method: str, template: str, thing: Callable[[World], str]) -> How:
    """PATCH or PUT the documented example over the version as it is."""

    def change(world: World) -> httpx.Response:
        path = filled(template, thing(world))
        return world.send(method, path, world.example(f"{method} {template}"), headers=world.etag(path))

    return change


def rows(path: str, make: Callable[[World], dict[str, Any]]) -> How:
    """A batch of one good and one broken row: the one goes in, the other gets its problem."""

    def send(world: World) -> httpx.Response:
        answer = world.send("POST", path, {"rows": [{"nonsense": 1}, make(world)]})
        if answer.is_success:
            results = [result["status"] for result in answer.json()["results"]]
            assert results[0] == "problem", answer.text
            assert results[1] != "problem", answer.text
        return answer

    return send


def filled(template: str, value: str) -> str:
    """The path with its (only) parameter."""
    return template[: template.index("{")] + value + template[template.index("}") + 1 :]


def ref() -> dict[str, str]:
    """A fresh external id."""
    return {"source": "scripted", "id": uuid4().hex}


def account(world: World) -> str:
    """An account with a credit limit in risk already."""
    body = {"kind": "organization", "name": f"Scripted {uuid4().hex}", "owner_id": world.ids["member_id"][0]}
    made: str = world.make("/v1/accounts", body)["id"]
    world.until(lambda: world.send("GET", f"/v1/credit-profiles/{made}").is_success)
    return made


def lasting(world: World) -> dict[str, Any]:
    """The example of a target whose period is not over: one whose period is gets closed as soon as it is active."""
    return world.example("POST /v1/targets") | {"period_end": f"{datetime.now(UTC).year + 1}-12-31"}
