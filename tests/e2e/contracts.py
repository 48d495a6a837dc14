"""Contracts of a filled system, and how operations on them succeed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import httpx

from tests.e2e.ways import How, account, acted, changed
from tests.e2e.world import World


def contract_example(world: World, of: str | None = None, by: str = "admin") -> httpx.Response:
    """The example, with an account that risk knows already."""
    body = world.example("POST /v1/contracts") | {"account_id": of or account(world), "number": f"S-{uuid4().hex}"}
    return world.send("POST", "/v1/contracts", body, by=by)


def contract(world: World, of: str | None = None, until: str = "draft", made: str = "") -> str:
    """A contract of somebody else than the administrator, who may approve it, on its way up to a state."""
    made = made or contract_example(world, of, "officer").json()["id"]
    states = ["draft", "submitted", "reviewed", "approved", "signed"]
    for state in states[1 : states.index(until) + 1]:
        path = f"/v1/contracts/{made}"
        match state:
            case "submitted":
                world.make(f"{path}/submit")
            case "reviewed":
                answers = [{"code": one["code"], "result": "pass"} for one in world.get(path)["clauses"]]
                world.make(f"{path}/review", {"answers": answers})
            case "approved":
                world.make(f"{path}/approve")
            case "signed":
                world.make(f"{path}/sign", world.example("POST /v1/contracts/{contract_id}/sign"))
    return made


def at(state: str) -> Callable[[World], str]:
    """A contract that has come so far."""
    return lambda world: contract(world, until=state)


def amendment(world: World, *, approved: bool = False, of: str | None = None) -> str:
    """An amendment of somebody else than the administrator, of a contract that is signed."""
    path = f"/v1/contracts/{of or contract(world, until='signed')}/amendments"
    body = world.example("POST /v1/contracts/{contract_id}/amendments")
    made: str = world.make(path, body, by="officer")["id"]
    if approved:
        world.make(f"/v1/amendments/{made}/approve")
    return made


def amended_contract(world: World, of: str) -> dict[str, str]:
    """Ids of a contract with an account and of its amendment."""
    made = contract(world, of)
    owed = obligation(world, of=made)
    contract(world, until="signed", made=made)
    return {"contract_id": made, "amendment_id": amendment(world, of=made), "obligation_id": owed}


def obligation(world: World, *, of: str | None = None, **changes: Any) -> str:
    """An obligation that somebody else than the administrator wrote, of a contract that is a draft."""
    body = world.example("POST /v1/obligations") | {"contract_id": of or contract(world)} | changes
    made: str = world.make("/v1/obligations", body, by="officer")["id"]
    return made


def report(world: World) -> str:
    """What somebody says to be met, of a contract that is signed."""
    made = contract(world)
    owed = obligation(world, of=made, kind="report", amount=None)
    contract(world, until="signed", made=made)
    return owed


CONTRACT_CALLS: dict[str, How] = {
    "POST /v1/contracts": contract_example,
    "PATCH /v1/contracts/{contract_id}": changed("PATCH", "/v1/contracts/{contract_id}", contract),
    **{
        f"POST /v1/contracts/{{contract_id}}/{verb}": acted(f"/v1/contracts/{{contract_id}}/{verb}", at(state))
        for verb, state in {
            "submit": "draft",
            "review": "submitted",
            "reject": "submitted",
            "approve": "reviewed",
            "sign": "approved",
            "give-notice": "signed",
            "terminate": "signed",
            "amendments": "signed",
        }.items()
    },
    "POST /v1/obligations": lambda world: world.send(
        "POST", "/v1/obligations", world.example("POST /v1/obligations") | {"contract_id": contract(world)}
    ),
    "PATCH /v1/obligations/{obligation_id}": changed("PATCH", "/v1/obligations/{obligation_id}", obligation),
    "POST /v1/obligations/{obligation_id}/meet": acted("/v1/obligations/{obligation_id}/meet", report),
    "POST /v1/obligations/{obligation_id}/waive": acted("/v1/obligations/{obligation_id}/waive", obligation),
    "POST /v1/amendments/{amendment_id}/approve": acted("/v1/amendments/{amendment_id}/approve", amendment),
    "POST /v1/amendments/{amendment_id}/withdraw": acted("/v1/amendments/{amendment_id}/withdraw", amendment),
    "POST /v1/amendments/{amendment_id}/sign": acted(
        "/v1/amendments/{amendment_id}/sign", lambda world: amendment(world, approved=True)
    ),
}
