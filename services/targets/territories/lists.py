"""List of territories."""

from __future__ import annotations

from kit.db.lists import Field, ListSpec, fields_of, search_of
from services.targets.territories.models import Territory

_ON = "EXISTS (SELECT FROM unnest({}) AS d(day) WHERE t.valid_from <= d.day AND coalesce(t.valid_to, d.day) >= d.day)"
_IN_UNIT = "EXISTS (SELECT FROM unit u WHERE u.id = t.unit_id AND u.path && {})"

TERRITORIES = ListSpec(
    source="territory t",
    fields={
        **fields_of(
            Territory,
            "t",
            sortable=("code", "name", "valid_from"),
            unfiltered=("version",),
            without=("branches",),
        ),
        "below_unit_id": Field("t.unit_id", "uuid", match=_IN_UNIT),
        "region": Field("t.regions", match="t.regions && {}"),
        "industry": Field("t.industries", match="t.industries && {}"),
        "account_id": Field("t.account_ids", "uuid", match="t.account_ids && {}"),
        "on": Field("t.valid_from", "date", match=_ON),
    },
    search=("t.code", "t.name"),
    search_key=search_of(Territory, "t"),
    default_sort="code",
)
