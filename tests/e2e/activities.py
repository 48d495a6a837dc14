"""How operations on activities succeed."""

from __future__ import annotations

from typing import Any

from tests.e2e.ways import How, acted, changed, created, ref, rows
from tests.e2e.world import World


def activity(world: World, **changes: Any) -> str:
    """A planned activity."""
    made: str = world.make("/v1/activities", world.example("POST /v1/activities") | changes)["id"]
    return made


ACTIVITY_CALLS: dict[str, How] = {
    "POST /v1/activities": created("/v1/activities"),
    "POST /v1/activities/batch": rows(
        "/v1/activities/batch", lambda world: world.example("POST /v1/activities") | {"external_id": ref()}
    ),
    "PATCH /v1/activities/{activity_id}": changed("PATCH", "/v1/activities/{activity_id}", activity),
    **{
        f"POST /v1/activities/{{activity_id}}/{verb}": acted(f"/v1/activities/{{activity_id}}/{verb}", activity)
        for verb in ("complete", "cancel")
    },
}
