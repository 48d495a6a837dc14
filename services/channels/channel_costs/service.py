"""Use cases of costs of channels: one amount a channel, month and kind, corrected in place."""

from __future__ import annotations

from uuid import UUID

from kit.errors import FieldError, LostRace, NotFound, Taken, UnknownReference
from kit.records import Change, Resource, add, change, fresh, require
from kit.versions import Versions
from kit.work import Work
from services.channels.channel_costs import repository
from services.channels.channel_costs.models import ChannelCost
from services.channels.channel_costs.schemas import ChannelCostCreate, ChannelCostUpdate
from services.channels.channels import service as channels

NOUN = "channel-cost"


def _unsaid(_one: Change[ChannelCost]) -> None:
    """Nobody else needs to know."""


CHANNEL_COSTS = Resource(NOUN, ChannelCost, _unsaid, audited=("channel_id", "month", "kind", "amount_base"))


async def create_cost(work: Work, data: ChannelCostCreate) -> ChannelCost:
    """Enter a cost; raises UnknownReference, Taken for a kind that has its amount of the month."""
    try:
        await channels.require_channel(work, data.channel_id)
    except NotFound:
        raise UnknownReference(errors=[FieldError("/channel_id", "unknown-reference", "no such channel")]) from None
    cost = ChannelCost(**fresh(), **data.model_dump())
    try:
        return await add(work, CHANNEL_COSTS, cost)
    except LostRace:
        other = await repository.same_as(work.tx, cost)
        if other is None:
            raise
        raise Taken(NOUN, "month", other.id) from None


async def require_cost(work: Work, cost_id: UUID) -> ChannelCost:
    """A cost by id; raises NotFound."""
    return await require(work, CHANNEL_COSTS, cost_id)


async def update_cost(work: Work, cost_id: UUID, version: Versions, data: ChannelCostUpdate) -> ChannelCost:
    """Correct the amount; raises NotFound, VersionMismatch."""
    before = await require(work, CHANNEL_COSTS, cost_id, version=version)
    return await change(work, CHANNEL_COSTS, before, data.given())
