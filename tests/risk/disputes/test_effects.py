"""What disputes change elsewhere: overdue holds, the overdue ratio, scores of accounts."""

from __future__ import annotations

import asyncio
from datetime import date

from kit.testing.service import ServiceHarness
from tests.risk.conftest import Days, Order, payment
from tests.risk.disputes.disputed import closed, opened
from tests.risk.holds.owing import account, cause, owing, said, set_policy, standing, sweep
from tests.risk.indicators.watched import shown, watch
from tests.risk.scorecards.scored import DAY, example, rescore

PLACED: tuple[str, list[str]] = ("hold_placed", ["overdue"])
LIFTED: tuple[str, list[str]] = ("hold_lifted", [])


async def test_what_is_disputed_holds_nobody(service: ServiceHarness, days: Days) -> None:
    """Due on 2026-06-10, held from 06-26 on."""
    await set_policy(service, items_from="2026-01-01")
    days.on(date(2026, 6, 26))
    account_id = await account(service)
    order = await owing(service, account_id)
    await sweep(service)
    assert await standing(service, account_id) == ["overdue"]
    path = await opened(service, (order, 401))  # 99 are undisputed: less than 1.00
    assert await standing(service, account_id) == []
    fresh = Order(account_id, 100)
    await service.deliver(fresh.placed())
    assert await cause(service, fresh) is None
    await sweep(service)
    assert await standing(service, account_id) == []
    await closed(service, path, 0)
    assert await standing(service, account_id) == ["overdue"]
    assert await said(service) == [PLACED, LIFTED, PLACED]


async def test_the_undisputed_rest_holds_as_before(service: ServiceHarness, days: Days) -> None:
    await set_policy(service, items_from="2026-01-01")
    days.on(date(2026, 6, 26))
    account_id = await account(service)
    order = await owing(service, account_id)
    await opened(service, (order, 400))
    assert await standing(service, account_id) == ["overdue"]
    await service.deliver(payment(account_id, (order, 1), received_on="2026-06-26"))
    assert await standing(service, account_id) == []


async def test_a_payment_and_a_dispute_at_once(service: ServiceHarness, days: Days) -> None:
    await set_policy(service, items_from="2026-01-01")
    days.on(date(2026, 6, 26))
    account_id = await account(service)
    order = await owing(service, account_id)
    await asyncio.gather(
        opened(service, (order, 200)),
        service.deliver(payment(account_id, (order, 300), received_on="2026-06-26")),
    )
    await sweep(service)
    assert await standing(service, account_id) == []
    (row,) = (await service.get("/v1/receivable-ageings")).json()["items"]
    assert (row["total"], row["disputed"]) == (200, 200)


async def test_scores_count_what_was_disputed_on_their_day(service: ServiceHarness, days: Days) -> None:
    """4,000 are open; 200 of them are 5 %, 201 are more."""
    days.on(DAY)
    account_id = await example(service)
    (open_,) = (await service.get(f"/v1/receivables?account_id={account_id}&open[gt]=0")).json()["items"]
    order = Order(account_id, 4_000, id=open_["order_id"])
    for amount, points in ((200, 3), (1, 1), (599, 1), (1, 0)):
        await opened(service, (order, amount))
        found = {one["factor"]: one["points"] for one in (await rescore(service, account_id))["factors"]}
        assert found["disputes"] == points, amount


async def test_the_overdue_ratio_leaves_out_what_is_disputed(service: ServiceHarness, days: Days) -> None:
    days.on(date(2026, 6, 26))
    account_id = await account(service)
    order = await owing(service, account_id)
    await owing(service, account_id, on="2026-06-20")
    path = await watch(service, account_id=str(account_id))
    assert (await shown(service, path))[:2] == (500_000, 2)
    dispute = await opened(service, (order, 300))
    assert (await shown(service, path))[:2] == (200_000, 2)  # 200 of 1,000 open
    await closed(service, dispute, 0)
    assert (await shown(service, path))[:2] == (500_000, 2)
