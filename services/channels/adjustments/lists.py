"""List of adjustments of rebates."""

from __future__ import annotations

from kit.db.lists import ListSpec, fields_of
from services.channels.adjustments.models import RebateAdjustment

ADJUSTMENTS = ListSpec(
    source="rebate_adjustment a",
    fields=fields_of(RebateAdjustment, "a", sortable=("posting_date",), unfiltered=("reason",)),
    default_sort="-posting_date",
)
