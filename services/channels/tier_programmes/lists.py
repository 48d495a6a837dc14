"""List of tier programmes."""

from __future__ import annotations

from kit.db.lists import ListSpec, fields_of, search_of
from services.channels.tier_programmes.models import TierProgramme

TIER_PROGRAMMES = ListSpec(
    source="tier_programme t",
    fields=fields_of(TierProgramme, "t", sortable=("code", "name", "valid_from")),
    search=("t.code", "t.name"),
    search_key=search_of(TierProgramme, "t"),
    default_sort="-valid_from",
)
