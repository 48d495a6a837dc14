"""Many orders at once, each in its own transaction: a limit for ten confirms ten, whatever it is a limit of."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from kit.events.envelope import Event
from kit.events.rebuild import rebuild
from kit.ids import new_id
from kit.testing.service import ServiceHarness
from services.risk.verify import verify
from tests.risk.conftest import Order, Payment, balance, open_account
from tests.risk.credit.test_laws import logged, publish_all
from tests.risk.redirects.test_decisions import redirect

__all__ = ["logged"]


async def states(service: ServiceHarness) -> dict[str, int]:
    found = await service.rows("SELECT state, count(*) AS n FROM order_credit GROUP BY 1")
    return {row["state"]: row["n"] for row in found}


async def sound(service: ServiceHarness, heard: Sequence[Event]) -> None:
    """Heard once more nothing moves, a rebuild is equal, and customer's log says the same."""
    before = await service.rows("SELECT * FROM exposure_entry ORDER BY id")
    async with service.transaction() as tx:
        await tx.execute("DELETE FROM inbox")
    await service.deliver(*heard)
    assert await service.rows("SELECT * FROM exposure_entry ORDER BY id") == before
    await publish_all(service, heard)
    report = await rebuild(service.runtime.db, service.runtime.bus, service.subscriptions, "exposure")
    assert report.equal, report.as_dict()
    assert [one for one in await verify(service.runtime.db, service.runtime.bus) if not one.ok] == []


async def at_once(service: ServiceHarness, events: Sequence[Event], *others: Any) -> None:
    await asyncio.gather(*(service.deliver_alone(event) for event in events), *others)


async def changed(service: ServiceHarness, account_id: UUID, **changes: Any) -> int:
    path = f"/v1/credit-profiles/{account_id}"
    version = (await service.get(path)).json()["version"]
    return (await service.patch(path, {**changes, "reason": "at once"}, version)).status_code


async def test_a_limit_of_accounts_that_are_one_confirms_ten_of_a_hundred(logged: ServiceHarness) -> None:
    root, *others = [await open_account(logged, limit) for limit in (1_000, 50_000, 0)]
    heard = [event for each in others for event in redirect(root, each, new_id())]
    await logged.deliver(*heard)
    orders = [Order((root, *others)[number % 3], 100) for number in range(100)]
    placed = [order.placed() for order in orders]
    await at_once(logged, placed)
    assert await states(logged) == {"refused": 90, "reserved": 10}
    assert sum([await balance(logged, each) for each in (root, *others)]) == 1_000
    await sound(logged, [*heard, *placed])


async def test_a_deposit_pays_for_ten_of_a_hundred(logged: ServiceHarness) -> None:
    """Prepaid, without a limit: money is nobody's cover twice, also not while it goes back."""
    account_id = await open_account(logged, 0)
    assert await changed(logged, account_id, deposit_share=1_000_000) == 200
    paid, gone = Payment(account_id, 1_000), Payment(account_id, 5_000)
    heard = [paid.received(), gone.received(), gone.voided()]
    await logged.deliver(*heard)
    placed = [Order(account_id, 100).placed() for _ in range(100)]
    await at_once(logged, placed)
    assert await states(logged) == {"refused": 90, "reserved": 10}
    rows = await logged.rows("SELECT DISTINCT cause FROM credit_decision WHERE decision = 'refused'")
    assert [row["cause"] for row in rows] == ["deposit_missing"]
    await sound(logged, [*heard, *placed])


async def test_no_order_is_confirmed_past_what_binds_it_while_everything_moves(logged: ServiceHarness) -> None:
    """Placements, merges and their ends, money that comes and does not, overrides and lower limits at once."""
    dice = random.Random(5)
    accounts = [await open_account(logged, limit) for limit in (900, 1_500, 2_400)]
    early = [Order(each, 3_000) for each in accounts for _ in range(2)]
    heard = [order.placed() for order in early]
    await logged.deliver(*heard)
    merges = [(accounts[0], accounts[1], new_id()), (accounts[2], accounts[0], new_id())]
    moves = [[*redirect(*merge), *redirect(*merge, ends=True)] for merge in merges]
    money = [Payment(each, 400) for each in accounts]
    received = [one.received() for one in money]
    events = [Order(dice.choice(accounts), dice.randint(50, 300)).placed() for _ in range(60)] + received

    async def override(order: Order) -> int:
        body = {"order_id": str(order.id), "decision": "override", "reason": "x"}
        return (await logged.post("/v1/credit-decisions", body)).status_code

    async def merge(story: Sequence[Event]) -> None:
        for event in story:
            await logged.deliver_alone(event)

    lower = [changed(logged, each, credit_limit=limit) for each in accounts for limit in (300, 1_000)]
    await at_once(logged, events, *map(merge, moves), *map(override, early), *lower)
    later = [one.voided() for one in money] + [Order(dice.choice(accounts), 200).placed() for _ in range(20)]
    await at_once(logged, later)
    assert await logged.parked() == []
    rows = await logged.rows("SELECT * FROM credit_decision WHERE decision = 'automatic'")
    assert rows, "nothing was confirmed"
    assert all(max(0, row["exposure_before"]) + row["amount"] <= row["credit_limit"] for row in rows)
    running: dict[UUID, int] = dict.fromkeys(accounts, 0)
    for row in await logged.rows("SELECT account_id, amount FROM exposure_entry"):
        running[row["account_id"]] += row["amount"]
    assert [await balance(logged, each) for each in accounts] == [running[each] for each in accounts]
    await sound(logged, [*heard, *(event for story in moves for event in story), *events, *later])
