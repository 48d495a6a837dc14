"""List of rebate programmes."""

from __future__ import annotations

from kit.db.lists import Field, ListSpec, fields_of, search_of
from services.channels.programmes.models import RebateProgramme

PROGRAMMES = ListSpec(
    source="rebate_programme r",
    fields={
        **fields_of(RebateProgramme, "r", sortable=("name",), without=("lineage_version",)),
        "partner_id": Field("r.partner_ids", "uuid", match="r.partner_ids && {}"),
    },
    search=("r.name",),
    search_key=search_of(RebateProgramme, "r"),
    default_sort="name",
)
