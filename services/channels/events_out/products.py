"""Products. Key: the product's id."""

from __future__ import annotations

from typing import Any, ClassVar
from uuid import UUID

from kit.events.contract import Published


class ProductChanged(Published):
    """A product was made or changed."""

    id: UUID
    sku: str
    name: str
    product_line: str
    is_active: bool
    version: int
    changed: list[str]

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
    }


PUBLISHED: tuple[type[Published], ...] = (ProductChanged,)
