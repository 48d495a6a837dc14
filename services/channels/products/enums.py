"""Where a product is in its life."""

from __future__ import annotations

from enum import StrEnum


class ProductStatus(StrEnum):
    """A label for people and reports; whether a product is sold is `is_active`."""

    PLANNED = "planned"
    ACTIVE = "active"
    PHASING_OUT = "phasing_out"
    DISCONTINUED = "discontinued"
