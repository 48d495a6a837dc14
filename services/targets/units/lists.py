"""List of units."""

from __future__ import annotations

from kit.db.lists import Field, ListSpec, fields_of, search_of
from services.targets.units.models import Unit

UNITS = ListSpec(
    source="unit u",
    fields={
        **fields_of(Unit, "u", sortable=("code", "name"), unfiltered=("version",)),
        "below": Field("u.path", "uuid", match="u.path && {}"),
    },
    search=("u.code", "u.name"),
    search_key=search_of(Unit, "u"),
)
