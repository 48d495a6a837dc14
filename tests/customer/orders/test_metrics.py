"""Orders by state, as the metrics show them."""

from __future__ import annotations

import re

from services.customer.orders.enums import OrderState
from services.customer.worker import create_worker
from tests.customer.conftest import World, refused


async def test_orders_are_counted_by_state(world: World) -> None:
    await world.draft()
    await world.confirmed()
    await world.service.deliver(refused(await world.placed()))
    await create_worker(world.service.runtime).housekeeping.measure_figures()
    text = world.service.runtime.metrics.render().decode()
    counts = dict(re.findall(r'^crmesh_orders\{service="customer",state="(\w+)"\} ([\d.]+)$', text, re.MULTILINE))
    assert set(counts) == {state.value for state in OrderState}
    assert {state: float(n) for state, n in counts.items() if float(n)} == {"draft": 1, "confirmed": 1, "on_hold": 1}
