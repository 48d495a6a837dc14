"""Channels of a filled system, and how operations on them succeed."""

from __future__ import annotations

from typing import Any

from tests.e2e.ways import How, acted, changed, created, rows
from tests.e2e.world import World


def channel(world: World) -> str:
    made: str = world.make("/v1/channels", world.example("POST /v1/channels"))["id"]
    return made


def archived_channel(world: World) -> str:
    made = channel(world)
    world.make(f"/v1/channels/{made}/archive")
    return made


def channel_row(world: World) -> dict[str, Any]:
    """What a batch takes: no pilot."""
    return {name: value for name, value in world.example("POST /v1/channels").items() if not name.startswith("pilot")}


CHANNEL_CALLS: dict[str, How] = {
    "POST /v1/channels": created("/v1/channels"),
    "POST /v1/channels/batch": rows("/v1/channels/batch", channel_row),
    "PATCH /v1/channels/{channel_id}": changed("PATCH", "/v1/channels/{channel_id}", channel),
    "POST /v1/channels/{channel_id}/archive": acted("/v1/channels/{channel_id}/archive", channel),
    "POST /v1/channels/{channel_id}/restore": acted("/v1/channels/{channel_id}/restore", archived_channel),
}
