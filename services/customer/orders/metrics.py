"""Figures of orders for the metrics of the service."""

from __future__ import annotations

from kit.db.database import Tx
from kit.events.housekeeping import Figure
from kit.telemetry.metrics import Metrics
from services.customer.orders import repository
from services.customer.orders.enums import OrderState


def orders_by_state(metrics: Metrics) -> Figure:
    """`crmesh_orders`: how many orders stand in each state."""
    gauge = metrics.gauge("crmesh_orders", "Orders by state", "state")

    async def measure(tx: Tx) -> None:
        counts = await repository.count_by_state(tx)
        for state in OrderState:
            gauge.labels(metrics.service, state.value).set(counts.get(state, 0))

    return measure
