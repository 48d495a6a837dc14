"""List of partners."""

from __future__ import annotations

from kit.db.lists import Field, ListSpec, fields_of, search_of
from services.channels.partners.models import Partner

PARTNERS = ListSpec(
    source="partner p",
    fields={
        **fields_of(Partner, "p", sortable=("code", "name")),
        "region": Field("p.regions", match="p.regions && {}"),
    },
    search=("p.code", "p.name"),
    search_key=search_of(Partner, "p"),
    default_sort="code",
)
