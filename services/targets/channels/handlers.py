"""Events of channels -> directory (a projection: a pure function of the events)."""

from __future__ import annotations

from collections.abc import Sequence

from kit.db.database import Tx
from kit.events.handlers import Fact
from services.targets.channels import repository
from services.targets.channels.models import ChannelEntry
from services.targets.events_in.channels import ChannelHeard

CHANNEL = "channels.channel.changed.v1"


async def project_channel(tx: Tx, facts: Sequence[Fact[ChannelHeard]]) -> None:
    """Keep that a channel is there."""
    latest = {fact.data.id: fact.data.version for fact in sorted(facts, key=lambda fact: fact.data.version)}
    await repository.put_channels(tx, [ChannelEntry(id=key, version=latest[key]) for key in sorted(latest)])
