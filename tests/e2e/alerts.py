"""How operations on alerts, checks and reports of targets succeed."""

from __future__ import annotations

from tests.e2e.reports import REPORT_CALLS
from tests.e2e.ways import How, acted
from tests.e2e.world import World

_ACKNOWLEDGE = "/v1/alerts/{alert_id}/acknowledge"
_CHECKS = "/v1/targets/{target_id}/checks"


def target(world: World) -> str:
    """A draft."""
    made: str = world.make("/v1/targets", world.example("POST /v1/targets"))["id"]
    return made


ALERT_CALLS: dict[str, How] = {
    f"POST {_ACKNOWLEDGE}": acted(_ACKNOWLEDGE, World.behind),
    f"POST {_CHECKS}": acted(_CHECKS, target),
    **REPORT_CALLS,
}
