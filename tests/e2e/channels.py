"""Channels of a filled system, and how operations on them succeed."""

from __future__ import annotations

from typing import Any

import httpx

from tests.e2e.ways import How, acted, changed, created, rows
from tests.e2e.world import World


def channel(world: World) -> str:
    made: str = world.make("/v1/channels", world.example("POST /v1/channels"))["id"]
    return made


def archived_channel(world: World) -> str:
    made = channel(world)
    world.make(f"/v1/channels/{made}/archive")
    return made


def cost(world: World) -> str:
    made: str = world.make("/v1/channel-costs", cost_body(world))["id"]
    return made


def cost_body(world: World) -> dict[str, Any]:
    """The example, for a channel of its own."""
    return world.example("POST /v1/channel-costs") | {"channel_id": channel(world)}


def channel_row(world: World) -> dict[str, Any]:
    """What a batch takes: no pilot."""
    return {name: value for name, value in world.example("POST /v1/channels").items() if not name.startswith("pilot")}


def performance(world: World) -> httpx.Response:
    """Of a period that is over."""
    return world.send("GET", "/v1/channels/performance", params={"from": "2026-01-01", "to": "2026-01-31"})


def partner_cases(world: World) -> httpx.Response:
    """Of a partner of its own."""
    path = f"/v1/partners/{world.active_partner()}/cases"
    return world.send("GET", path, params={"from": "2026-01-01", "to": "2026-01-31"})


CHANNEL_CALLS: dict[str, How] = {
    "GET /v1/channels/performance": performance,
    "GET /v1/partners/{partner_id}/cases": partner_cases,
    "POST /v1/channels": created("/v1/channels"),
    "POST /v1/channels/batch": rows("/v1/channels/batch", channel_row),
    "PATCH /v1/channels/{channel_id}": changed("PATCH", "/v1/channels/{channel_id}", channel),
    "POST /v1/channels/{channel_id}/archive": acted("/v1/channels/{channel_id}/archive", channel),
    "POST /v1/channels/{channel_id}/restore": acted("/v1/channels/{channel_id}/restore", archived_channel),
    "POST /v1/channel-costs": lambda world: world.send("POST", "/v1/channel-costs", cost_body(world)),
    "PATCH /v1/channel-costs/{cost_id}": changed("PATCH", "/v1/channel-costs/{cost_id}", cost),
}
