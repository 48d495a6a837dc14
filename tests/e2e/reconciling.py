"""How decompositions are reconciled."""

from __future__ import annotations

import httpx

from tests.e2e.ways import How
from tests.e2e.world import World

_PATH = "/v1/targets/{target_id}/decompositions/{decomposition_id}/reconcile"


def reconciled(world: World) -> httpx.Response:
    """A draft over its months, one of which has a commit."""
    body = world.example("POST /v1/targets")
    target = world.make("/v1/targets", body)["id"]
    split = world.make(f"/v1/targets/{target}/decompositions", {"dimension": "month"})
    world.make(f"/v1/targets/{split['children'][0]['target_id']}/commits", {"amount": 5})
    path = f"/v1/targets/{target}/decompositions/{split['id']}/reconcile"
    return world.send("POST", path, world.example(f"POST {_PATH}"))


RECONCILE_CALLS: dict[str, How] = {f"POST {_PATH}": reconciled}
