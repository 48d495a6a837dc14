"""List of costs of channels."""

from __future__ import annotations

from kit.db.lists import ListSpec, fields_of
from services.channels.channel_costs.models import ChannelCost

CHANNEL_COSTS = ListSpec(
    source="channel_cost c",
    fields=fields_of(ChannelCost, "c", sortable=("month",)),
    default_sort="-month",
)
