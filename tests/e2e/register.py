"""Risks of a filled system, what belongs to them, and how operations on them succeed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx

from tests.e2e.contracts import amended_contract
from tests.e2e.disputes import dispute, snapshot
from tests.e2e.holds import hold
from tests.e2e.incidents import incident
from tests.e2e.indicators import alert, indicator
from tests.e2e.scores import of_scores
from tests.e2e.studies import completed, scenario
from tests.e2e.treatments import simulated
from tests.e2e.ways import How, acted, changed, created, rows
from tests.e2e.world import World

_OWNED = (
    "contracts",
    "amendments",
    "obligations",
    "disputes",
    "risks",
    "assessments",
    "controls",
    "incidents",
    "scenarios",
    "studies",
    "treatments",
    "indicators",
    "risk-alerts",
)
OF_RISK = tuple(f"/v1/{name}/" for name in _OWNED)
"""What belongs to whoever owns an account, a partner or a risk."""


def risk(world: World, until: str = "identified", **changes: Any) -> str:
    """A risk on its way to its end."""
    made: str = world.make("/v1/risks", world.example("POST /v1/risks") | changes)["id"]
    if until != "identified":
        assess(world, made)
    if until in ("monitored", "closed"):
        world.make(f"/v1/risks/{made}/monitor")
    if until == "closed":
        world.make(f"/v1/risks/{made}/close", world.example("POST /v1/risks/{risk_id}/close"))
    return made


def at(state: str) -> Callable[[World], str]:
    """A risk that has come so far."""
    return lambda world: risk(world, state)


def assess(world: World, of: str) -> str:
    """An assessment of a risk."""
    made: str = world.make("/v1/assessments", world.example("POST /v1/assessments") | {"risk_id": of})["id"]
    return made


def of_a_new_risk(path: str) -> How:
    """POST the documented example about a risk of its own."""

    def send(world: World) -> httpx.Response:
        return world.send("POST", path, world.example(f"POST {path}") | {"risk_id": risk(world)})

    return send


def control(world: World, of: str | None = None, *, is_active: bool = False) -> str:
    """A control of a risk."""
    body = world.example("POST /v1/controls") | {"risk_id": of or risk(world)}
    made: str = world.make("/v1/controls", body)["id"]
    if is_active:
        world.make(f"/v1/controls/{made}/activate")
    return made


def of_risk(world: World, account: str) -> dict[str, str]:
    """Ids of the service risk: those of contracts with an account, of a risk, an incident and a hold of its
    owner."""
    owner = world.ids["member_id"][0]
    made = risk(world, owner_id=owner)
    modelled = scenario(world, made)
    own = {
        "risk_id": made,
        "assessment_id": assess(world, made),
        "control_id": control(world, made),
        "hold_id": hold(world),
        "risk_snapshot_id": snapshot(world),
        "indicator_id": indicator(world, owner_id=owner),
        "risk_alert_id": alert(world, owner_id=owner),
        "incident_id": incident(world, risk_id=made, owner_id=owner),
        "scenario_id": modelled,
        "study_id": completed(world, scenario_ids=[modelled], owner_id=owner),
    }
    signed = amended_contract(world, account)
    own["dispute_id"] = dispute(world, of=signed["contract_id"])
    return signed | own | simulated(world, made) | of_scores(world, account)


REGISTER_CALLS: dict[str, How] = {
    "POST /v1/risks": created("/v1/risks"),
    "POST /v1/risks/batch": rows(
        "/v1/risks/batch", lambda world: world.example("POST /v1/risks") | {"external_id": "scripted"}
    ),
    "PATCH /v1/risks/{risk_id}": changed("PATCH", "/v1/risks/{risk_id}", risk),
    **{
        f"POST /v1/risks/{{risk_id}}/{verb}": acted(f"/v1/risks/{{risk_id}}/{verb}", at(state))
        for verb, state in {"monitor": "assessed", "close": "monitored", "reopen": "closed"}.items()
    },
    "POST /v1/assessments": of_a_new_risk("/v1/assessments"),
    "POST /v1/controls": of_a_new_risk("/v1/controls"),
    "PATCH /v1/controls/{control_id}": changed("PATCH", "/v1/controls/{control_id}", control),
    "POST /v1/controls/{control_id}/activate": acted("/v1/controls/{control_id}/activate", control),
    "POST /v1/controls/{control_id}/retire": acted("/v1/controls/{control_id}/retire", control),
    "POST /v1/controls/{control_id}/test": acted(
        "/v1/controls/{control_id}/test", lambda world: control(world, is_active=True)
    ),
}
