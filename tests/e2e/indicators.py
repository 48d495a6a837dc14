"""Indicators of a filled system and their alerts, and how operations on them succeed."""

from __future__ import annotations

from typing import Any

from tests.e2e.ways import How, acted, changed, created
from tests.e2e.world import World

RED_AT_ONCE = {"measure": "obligations_overdue", "amber": -2, "red": -1, "hysteresis": 0, "min_sample": 0}


def indicator(world: World, **changes: Any) -> str:
    """An indicator."""
    made: str = world.make("/v1/indicators", world.example("POST /v1/indicators") | changes)["id"]
    return made


def paused(world: World) -> str:
    """An indicator that is not evaluated."""
    made = indicator(world)
    world.make(f"/v1/indicators/{made}/pause")
    return made


def alert(world: World, **changes: Any) -> str:
    """The alert of an indicator that is red whatever happens."""
    made = indicator(world, **RED_AT_ONCE, **changes)
    found = world.until(lambda: world.get("/v1/risk-alerts", indicator_id=made)["items"])
    raised: str = found[0]["id"]
    return raised


_ONE, _ALERT = "/v1/indicators/{indicator_id}", "/v1/risk-alerts/{risk_alert_id}"
INDICATOR_CALLS: dict[str, How] = {
    "POST /v1/indicators": created("/v1/indicators"),
    f"PATCH {_ONE}": changed("PATCH", _ONE, indicator),
    f"POST {_ONE}/pause": acted(f"{_ONE}/pause", indicator),
    f"POST {_ONE}/resume": acted(f"{_ONE}/resume", paused),
    f"POST {_ALERT}/acknowledge": acted(f"{_ALERT}/acknowledge", alert),
    f"POST {_ALERT}/resolve": acted(f"{_ALERT}/resolve", alert),
}
