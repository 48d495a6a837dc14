"""List of groups of promotions."""

from __future__ import annotations

from kit.db.lists import ListSpec, fields_of, search_of
from services.channels.promotion_groups.models import PromotionGroup

GROUPS = ListSpec(
    source="promotion_group g",
    fields=fields_of(PromotionGroup, "g", sortable=("code", "name")),
    search=("g.code", "g.name"),
    search_key=search_of(PromotionGroup, "g"),
    default_sort="code",
)
