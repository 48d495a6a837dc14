"""How operations on segments succeed."""

from __future__ import annotations

from tests.e2e.ways import How, acted, changed, created
from tests.e2e.world import World


def segment(world: World) -> str:
    """A segment."""
    made: str = world.make("/v1/segments", world.example("POST /v1/segments"))["id"]
    return made


SEGMENT_CALLS: dict[str, How] = {
    "POST /v1/segments": created("/v1/segments"),
    "PATCH /v1/segments/{segment_id}": changed("PATCH", "/v1/segments/{segment_id}", segment),
    "POST /v1/segments/{segment_id}/refresh": acted("/v1/segments/{segment_id}/refresh", segment),
}
