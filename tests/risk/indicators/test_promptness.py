"""An alert follows its cause at once, whatever workers, kills and clocks do. `python -m bench.alerts` says how fast."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime, timedelta
from typing import Any

import asyncpg
import pytest

from kit.due.loop import DueLoop
from kit.ids import new_id
from kit.testing.service import ServiceHarness
from services.risk.alerts import service as alerts_service
from services.risk.indicators.evaluations import INDICATORS_DUE, MARKS_DUE
from services.risk.worker import DUES, PROMPT, create_worker
from tests.risk.conftest import Days, Order, account_created
from tests.risk.indicators.watched import alerts, evaluate, said, watch

PATIENCE = 20.0


async def cause(service: ServiceHarness, gross: int = 500) -> Order:
    """An order that is overdue from the beginning."""
    order = Order(new_id(), gross)
    await service.deliver(account_created(order.account_id))
    await service.deliver(order.confirmed(on="2026-01-01", due_on="2026-02-01"))
    return order


async def test_an_alert_follows_within_two_seconds_under_two_workers(service: ServiceHarness) -> None:
    for _ in range(20):
        await watch(service)
    stop = asyncio.Event()
    workers = [create_worker(service.runtime) for _ in range(2)]
    running = [asyncio.create_task(one.prompt.run(stop)) for one in workers if one.prompt is not None]
    try:
        assert len(running) == 2
        await asyncio.sleep(0.1)
        begun = asyncio.get_running_loop().time()
        load = asyncio.create_task(_orders(service, 20))
        await cause(service, 10**6)
        while len(await alerts(service)) < 20:
            assert asyncio.get_running_loop().time() - begun < PATIENCE
            await asyncio.sleep(0.02)
        await load
    finally:
        stop.set()
        await asyncio.gather(*running)
    assert await said(service) == ["raised red"] * 20


async def _orders(service: ServiceHarness, count: int) -> None:
    for _ in range(count):
        order = Order(new_id(), 10)
        await service.deliver_alone(order.confirmed(on="2026-02-14"))


def test_alerts_wait_for_no_other_due_rows() -> None:
    assert set(PROMPT) == {MARKS_DUE, INDICATORS_DUE}
    assert set(PROMPT) < set(DUES)


async def test_who_waits_longest_is_evaluated_first(service: ServiceHarness, days: Days) -> None:
    """A mark brings nobody back to the end of the line who is due already."""
    days.on(date(2026, 3, 1))
    path = await watch(service)
    await evaluate(service)
    waiting = datetime(2026, 3, 1, tzinfo=UTC) - timedelta(minutes=1)
    async with service.transaction() as tx:
        await tx.execute("UPDATE indicator_reading SET due_at = $1", waiting)
    await cause(service)
    await DueLoop(service.runtime, [MARKS_DUE]).turn()
    ((row),) = await service.rows("SELECT id, due_at FROM indicator_reading")
    assert (str(row["id"]), row["due_at"]) == (path.rpartition("/")[2], waiting)


async def test_a_clock_that_steps_says_nothing_twice(service: ServiceHarness, days: Days) -> None:
    days.on(date(2026, 3, 1))
    await watch(service)
    await cause(service)
    await evaluate(service)
    for step in (timedelta(hours=-3), timedelta(minutes=5), timedelta(days=1), timedelta(days=-1)):
        days.moment += step
        await evaluate(service)
    assert await said(service) == ["raised red"]
    days.moment -= timedelta(hours=1)
    await watch(service, amber=2, red=3, hysteresis=0, measure="dso")
    await cause(service)
    await evaluate(service)
    assert await said(service) == ["raised red"] * 2, "also while the clock is behind what was done before"


async def test_a_worker_that_dies_in_an_evaluation_has_said_nothing(
    service: ServiceHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    await watch(service)
    await evaluate(service)
    await cause(service)
    whole, calls = alerts_service.set_back, []

    async def die(*args: Any) -> None:
        calls.append(args)
        if len(calls) == 1:
            raise asyncpg.ConnectionDoesNotExistError("killed")
        await whole(*args)

    monkeypatch.setattr(alerts_service, "set_back", die)
    with pytest.raises(asyncpg.ConnectionDoesNotExistError):
        await DueLoop(service.runtime, [MARKS_DUE, INDICATORS_DUE]).turn()
    assert (await said(service), await alerts(service)) == ([], [])
    await evaluate(service)
    assert await said(service) == ["raised red"]
