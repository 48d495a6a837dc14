"""Events of orders that are credited."""

from __future__ import annotations

from collections.abc import Sequence

from kit.events.handlers import Fact
from kit.work import Work
from services.targets.credits import launches, service, splits
from services.targets.events_in import OrderConfirmed, OrderReturned
from services.targets.events_in.channels import ConflictResolvedHeard, ProductHeard

RESOLVED = "channels.conflict.resolved.v1"
PRODUCT = "channels.product.changed.v1"


async def on_order_confirmed(work: Work, facts: Sequence[Fact[OrderConfirmed]]) -> None:
    """Credit the sellers."""
    await service.credit_orders(work, facts)


async def on_order_returned(work: Work, facts: Sequence[Fact[OrderReturned]]) -> None:
    """Reverse what was credited for the returned pieces."""
    await service.reverse_orders(work, facts)


async def on_conflict_resolved(work: Work, facts: Sequence[Fact[ConflictResolvedHeard]]) -> None:
    """Orders of its days that were credited already are credited by the split."""
    await splits.recredit(work, facts)


async def on_product_changed(work: Work, facts: Sequence[Fact[ProductHeard]]) -> None:
    """Lines of products that were not known are decided."""
    await launches.decide_launches(work, facts)
