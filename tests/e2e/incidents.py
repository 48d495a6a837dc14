"""Incidents of a filled system, and how operations on them succeed."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from tests.e2e.ways import How, acted, changed, rows
from tests.e2e.world import World


def _body(world: World, **changes: Any) -> dict[str, Any]:
    return world.example("POST /v1/incidents") | {"risk_id": None} | changes


def incident(world: World, **changes: Any) -> str:
    """An incident that was just recorded."""
    made: str = world.make("/v1/incidents", _body(world, **changes))["id"]
    return made


def analysed(world: World) -> str:
    """An incident whose cause is understood."""
    made = incident(world)
    world.make(f"/v1/incidents/{made}/analyse")
    return made


INCIDENT_CALLS: dict[str, How] = {
    "POST /v1/incidents": lambda world: world.send("POST", "/v1/incidents", _body(world)),
    "POST /v1/incidents/batch": rows("/v1/incidents/batch", lambda world: _body(world, external_id=uuid4().hex)),
    "PATCH /v1/incidents/{incident_id}": changed("PATCH", "/v1/incidents/{incident_id}", incident),
    "POST /v1/incidents/{incident_id}/analyse": acted("/v1/incidents/{incident_id}/analyse", incident),
    "POST /v1/incidents/{incident_id}/close": acted("/v1/incidents/{incident_id}/close", analysed),
}
