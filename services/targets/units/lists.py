"""List of units."""

from __future__ import annotations

from kit.db.lists import Field, ListSpec, fields_of, search_of
from services.targets.units.models import Unit

_ON = (
    "EXISTS (SELECT FROM unnest({}) AS d(day) "
    "WHERE coalesce(u.valid_from, d.day) <= d.day AND coalesce(u.valid_to, d.day) >= d.day)"
)

UNITS = ListSpec(
    source="unit u",
    fields={
        **fields_of(Unit, "u", sortable=("code", "name", "valid_from"), unfiltered=("version",), without=("due_at",)),
        "on": Field("u.valid_from", "date", match=_ON, output=False),
        "below": Field("u.path", "uuid", match="u.path && {}"),
    },
    search=("u.code", "u.name"),
    search_key=search_of(Unit, "u"),
)
