"""List of channels."""

from __future__ import annotations

from kit.db.lists import Field, ListSpec, fields_of, search_of
from services.channels.channels.models import Channel

CHANNELS = ListSpec(
    source="channel c",
    fields={
        **fields_of(Channel, "c", sortable=("code", "name"), without=("pilot_goals",)),
        "region": Field("c.regions", match="c.regions && {}"),
    },
    search=("c.code", "c.name"),
    search_key=search_of(Channel, "c"),
    default_sort="code",
)
