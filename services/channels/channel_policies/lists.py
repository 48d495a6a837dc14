"""List of policies."""

from __future__ import annotations

from kit.db.lists import ListSpec, fields_of
from services.channels.channel_policies.models import ChannelPolicy

POLICIES = ListSpec(
    source="channel_policy p",
    fields=fields_of(ChannelPolicy, "p", sortable=("valid_from",), unfiltered=("rules",)),
    search=("p.reason",),
    default_sort="-valid_from",
)
