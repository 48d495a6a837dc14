"""The channel directory: results are told of channels that are there, 0 among them, and of no others."""

from __future__ import annotations

import pytest

from kit.events.handlers import Fact
from kit.ids import new_id
from kit.testing.service import make_event
from services.targets.channels.handlers import CHANNEL, project_channel
from services.targets.events_in.channels import ChannelHeard
from tests.targets.conftest import World

SAID = {"code": "online", "name": "Online", "kind": "online", "is_direct": True}
QUARTER = "from=2026-01-01&to=2026-03-31"


@pytest.mark.parametrize("path", ["/v1/attainment", "/v1/kpis/{kpi}/values"])
async def test_a_channel_that_nobody_told_of_is_unknown_as_yet(world: World, path: str) -> None:
    channel = new_id()
    kpis = (await world.service.get("/v1/kpis?code=acquisition-cost")).json()["items"]
    asked = f"{path.format(kpi=kpis[0]['id'])}?{QUARTER}&channel_id={channel}"
    early = await world.service.get(asked)
    said = early.json()
    assert (early.status_code, said["code"], said["retryable"]) == (422, "unknown-reference", True), said
    assert said["errors"][0]["pointer"] == "channel_id"
    await world.service.deliver(make_event(CHANNEL, {"id": channel, "version": 1, **SAID}, channel))
    assert (await world.service.get(asked)).status_code == 200


async def test_twice_late_and_out_of_order(world: World) -> None:
    channel = new_id()
    facts = [
        Fact(
            make_event(CHANNEL, said := {"id": channel, "version": version, **SAID}, channel, sequence=version),
            ChannelHeard.model_validate(said),
        )
        for version in (3, 2)
    ]
    for batch in ([facts[0]], [facts[1]], facts, facts[::-1]):
        async with world.service.transaction() as tx:
            await project_channel(tx, batch)
    rows = await world.service.rows("SELECT id, version FROM channel_directory")
    assert [(row["id"], row["version"]) for row in rows] == [(channel, 3)]
