"""List of the coupons of a promotion."""

from __future__ import annotations

from kit.db.lists import ListSpec, fields_of
from services.channels.coupons.models import Coupon

COUPONS = ListSpec(
    source="coupon c",
    fields=fields_of(
        Coupon, "c", sortable=("created_at",), without=("digest", "promotion_id"), unfiltered=("code", "number")
    ),
    default_sort="-created_at",
)
