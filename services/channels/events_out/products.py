"""Products. Key: the product's id."""

from __future__ import annotations

from datetime import date
from typing import Any, ClassVar
from uuid import UUID

from kit.events.contract import Part, Published, ReasonCode


class ProductCost(Part):
    """Full cost of a unit from a day on; the latest `valid_from` not after the day counts."""

    valid_from: date
    unit_cost_base: int


class ProductChanged(Published):
    """A product was made or changed; `costs` are all its dated costs."""

    id: UUID
    sku: str
    name: str
    product_line: str
    is_active: bool
    version: int
    changed: list[str]
    costs: list[ProductCost] | None = None
    launch_date: date | None = None
    status: ReasonCode | None = None
    unit: ReasonCode | None = None

    TYPE: ClassVar[str] = "channels.product.changed.v1"
    SUBJECT: ClassVar[str] = "id"
    KEY: ClassVar[str] = "id"
    EXAMPLE: ClassVar[dict[str, Any]] = {
        "id": "01989f2e-0000-7000-8000-0000000000f1",
        "sku": "CD-ROCK",
        "name": "Compact disc, rock",
        "product_line": "rock",
        "is_active": True,
        "version": 1,
        "changed": [],
        "costs": [{"valid_from": "2026-01-01", "unit_cost_base": 100}],
        "launch_date": "2025-06-01",
        "status": "active",
        "unit": "piece",
    }


PUBLISHED: tuple[type[Published], ...] = (ProductChanged,)
AGREED: tuple[type[Published], ...] = ()
