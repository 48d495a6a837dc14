"""A policy that begins to hold while orders are placed: each is decided under one of both, and none after its hold."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from kit.testing.service import ServiceHarness
from tests.risk.conftest import Order, balance, open_account
from tests.risk.credit.test_laws import logged
from tests.risk.credit.test_overrides import override
from tests.risk.credit.test_parallel import at_once, changed, sound, states
from tests.risk.holds.owing import said, set_policy, standing, sweep
from tests.risk.policies.test_router import activate, approved, body_of, today

__all__ = ["logged"]


async def next_version(service: ServiceHarness, kind: str, **changes: Any) -> str:
    """Path of a version that was approved and does not hold yet."""
    body = {**await body_of(service, kind), **changes}
    return await approved(service, kind=kind, body=body, reason="stricter")


async def later(service: ServiceHarness, path: str) -> None:
    await asyncio.sleep(0.05)
    answer = await activate(service, path, today())
    assert answer.status_code == 200, answer.text


@pytest.mark.parametrize("limit", [10**6, 500 + 20])
async def test_a_stricter_policy_of_holds_beside_fifty_orders(logged: ServiceHarness, limit: int) -> None:
    """The first order that is decided under it places the hold; the limit binds under both."""
    await set_policy(logged, items_from=str(today() - timedelta(100)))
    account_id = await open_account(logged, limit)
    owed = Order(account_id, 500)
    heard = [owed.placed(), owed.confirmed(str(today() - timedelta(10)), 0)]
    await logged.deliver(*heard)
    path = await next_version(logged, "holds", overdue_days=5)
    placed = [Order(account_id, 1).placed() for _ in range(50)]
    await at_once(logged, placed, later(logged, path))
    last = Order(account_id, 1).placed()
    await logged.deliver(last)
    rows = await logged.rows("SELECT type FROM outbox WHERE type LIKE 'risk.credit.%' ORDER BY id")
    words = [row["type"].split(".")[2] for row in rows if "limit" not in row["type"]][1:]
    at = words.index("hold_placed")
    assert "reserved" not in words[at:]
    assert words[at + 1 :].count("refused") >= 1
    reserved = words.count("reserved")
    assert reserved <= min(50, limit - 500)
    assert await balance(logged, account_id) == 500 + reserved
    assert sum((await states(logged)).values()) == 52
    assert (await standing(logged, account_id), len(await said(logged))) == (["overdue"], 1)
    await sweep(logged)
    assert len(await said(logged)) == 1
    await sound(logged, [*heard, *placed, last])


async def test_a_ceiling_that_falls_beside_overrides(logged: ServiceHarness) -> None:
    account_id = await open_account(logged, 0)
    path = await next_version(logged, "terms", override_ceiling=99)
    orders = [Order(account_id, 100) for _ in range(40)]
    placed = [order.placed() for order in orders]
    await logged.deliver(*placed)
    answers, _ = await asyncio.gather(
        asyncio.gather(*(override(logged, order) for order in orders)), later(logged, path)
    )
    codes = [answer.status_code for answer in answers]
    assert set(codes) <= {201, 403}
    rest = [order for order, code in zip(orders, codes, strict=True) if code == 403]
    more = Order(account_id, 100)
    placed.append(more.placed())
    await logged.deliver(placed[-1])
    again = [await override(logged, order) for order in [*rest, more]]
    assert {answer.json()["code"] for answer in again} == {"override-ceiling"}
    assert await balance(logged, account_id) == 100 * codes.count(201)
    await sound(logged, placed)


async def test_a_limit_that_falls_and_a_policy_at_once(logged: ServiceHarness) -> None:
    """What is reserved never passes the limit that stood when it was decided; a lower one stops new orders alone."""
    account_id = await open_account(logged, 40)
    path = await next_version(logged, "holds", overdue_days=5)
    placed = [Order(account_id, 1).placed() for _ in range(50)]

    async def lower() -> None:
        await asyncio.sleep(0.03)
        assert await changed(logged, account_id, credit_limit=10) == 200

    await at_once(logged, placed, later(logged, path), lower())
    reserved = (await states(logged)).get("reserved", 0)
    assert 10 <= reserved <= 40
    rows = await logged.rows("SELECT type FROM outbox WHERE type LIKE 'risk.credit.%' ORDER BY id")
    words = [row["type"].split(".")[2] for row in rows]
    changes = [number for number, word in enumerate(words) if word == "limit_changed"]
    before = words[: changes[-1]].count("reserved")
    assert reserved == max(10, before)
    await sound(logged, placed)
