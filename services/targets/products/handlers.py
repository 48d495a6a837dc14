"""Events of products -> directory (a projection: a pure function of the events)."""

from __future__ import annotations

from collections.abc import Sequence

from kit.db.database import Tx
from kit.events.handlers import Fact
from services.targets.events_in.channels import ProductHeard
from services.targets.products import repository
from services.targets.products.models import ProductEntry


async def project_product(tx: Tx, facts: Sequence[Fact[ProductHeard]]) -> None:
    """Keep the product line and launch of each product."""
    latest = {fact.data.id: fact.data for fact in facts}
    rows = [
        ProductEntry(
            product_id=key,
            product_line=one.product_line,
            version=one.version,
            sku=one.sku,
            launch_date=one.launch_date,
        )
        for key, one in sorted(latest.items())
    ]
    await repository.put_products(tx, rows)
