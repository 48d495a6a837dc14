"""Killed at one statement after the other, an answer to a placement with its reservation, a hold, a sweep of holds and
a merge are there whole, once, or not at all, also where the commit was the last that was heard of."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any
from uuid import uuid4

import pytest

from kit.due.loop import DueLoop
from kit.events.rebuild import rebuild
from kit.ids import new_id
from kit.testing.service import ServiceHarness
from services.risk.holds.dues import HOLDS_DUE
from services.risk.verify import verify
from tests.customer.kills.lives import Life, Lives
from tests.risk.conftest import Days, Order, Payment, balance, open_account
from tests.risk.credit.test_laws import logged, publish_all
from tests.risk.holds.owing import OFFICER, account, said, set_policy, standing
from tests.risk.redirects.test_decisions import redirect
from tests.risk.scorecards.scored import DAY

__all__ = ["logged"]
STRIDE = 3
"""How many statements more each life has than the one before."""


async def seen(service: ServiceHarness) -> tuple[Any, ...]:
    """All that is written of credit, holds and groups, and how much was said."""
    (row,) = await service.rows(
        "SELECT (SELECT string_agg(e::text, ' ' ORDER BY e.id) FROM exposure_entry e) AS entries, "
        "(SELECT string_agg(a::text, ' ' ORDER BY a.account_id) FROM exposure_account a) AS accounts, "
        "(SELECT string_agg(o::text, ' ' ORDER BY o.order_id) FROM order_credit o) AS orders, "
        "(SELECT string_agg(d::text, ' ' ORDER BY d.id) FROM credit_decision d) AS decisions, "
        "(SELECT string_agg(h::text, ' ' ORDER BY h.id) FROM credit_hold h) AS holds, "
        "(SELECT string_agg(p.hold_reasons::text, ' ' ORDER BY p.id) FROM credit_profile p) AS held, "
        "(SELECT string_agg(r::text, ' ' ORDER BY r.account_id) FROM account_root r) AS roots, "
        "(SELECT count(*) FROM outbox) AS said"
    )
    return tuple(row.values())


async def killed_until_done(service: ServiceHarness, lives: Lives, work: Callable[[Life], Awaitable[Any]]) -> int:
    """Begin again until a life gets through, each longer than the one before; how many died. All of it came by one
    change."""
    before, dead, changes = await seen(service), 0, 0
    while True:
        with lives.life(1 + dead * STRIDE) as life:
            try:
                await work(life)
            except Exception:
                if not life.is_over:
                    raise
        after = await seen(service)
        before, changes = after, changes + (after != before)
        if not life.is_over:
            break
        dead += 1
    assert changes == 1
    return dead


async def sound(service: ServiceHarness, *heard: Any) -> None:
    await publish_all(service, heard)
    report = await rebuild(service.runtime.db, service.runtime.bus, service.subscriptions, "exposure")
    assert report.equal, report.as_dict()
    assert [one for one in await verify(service.runtime.db, service.runtime.bus) if not one.ok] == []


@pytest.mark.parametrize(("gross", "word"), [(900, "reserved"), (1_001, "refused")])
async def test_an_answer_and_what_it_reserves(logged: ServiceHarness, lives: Lives, gross: int, word: str) -> None:
    account_id = await open_account(logged, 1_000)
    order = Order(account_id, gross)
    placed = order.placed()
    assert await killed_until_done(logged, lives, lambda life: logged.deliver(placed, stop=life.end)) > 3
    assert len(await logged.published(f"risk.credit.{word}.v1")) == 1
    assert await balance(logged, account_id) == (gross if word == "reserved" else 0)
    await sound(logged, placed)


async def test_what_a_payment_frees(logged: ServiceHarness, lives: Lives) -> None:
    account_id = await open_account(logged, 1_000)
    order, paid = Order(account_id, 900), Payment(account_id, 200)
    heard = [order.placed(), order.confirmed()]
    await logged.deliver(*heard)
    received = paid.received((order, 300))
    assert await killed_until_done(logged, lives, lambda life: logged.deliver(received, stop=life.end)) > 3
    assert await balance(logged, account_id) == 900 - 300 - 200
    await sound(logged, *heard, received)


async def test_a_hold_of_a_person(service: ServiceHarness, lives: Lives) -> None:
    account_id = await account(service)
    headers = service.headers(*OFFICER, Idempotency_Key=uuid4().hex)
    answers = []

    async def place(_life: Life) -> None:
        body = {"account_id": str(account_id), "reason": "Fraud"}
        answers.append(await service.post("/v1/credit-holds", body, headers=headers))

    assert await killed_until_done(service, lives, place) > 3
    assert answers[-1].status_code == 201, answers[-1].text
    assert {each.status_code for each in answers} <= {201, 503}
    assert await standing(service, account_id) == ["manual"]
    assert len(await said(service)) == 1


async def test_a_sweep(service: ServiceHarness, days: Days, lives: Lives) -> None:
    """Each account is held once, though the sweep is killed at every statement of it."""
    days.on(DAY)
    await set_policy(service, items_from="2020-01-01")
    accounts = [await account(service) for _ in range(3)]
    for each in accounts:
        order = Order(each, 500)
        await service.deliver(order.placed(), order.confirmed("2026-06-01", 14))
    days.on(DAY.replace(month=7, day=5))
    async with service.transaction() as tx:
        await tx.execute("UPDATE hold_sweep SET due_at = $1", days.moment)
    sweep = DueLoop(service.runtime, [HOLDS_DUE])
    assert await killed_until_done(service, lives, lambda _life: sweep.turn()) > 3
    assert [await standing(service, each) for each in accounts] == [["overdue"]] * 3
    assert await said(service) == [("hold_placed", ["overdue"])] * 3


@pytest.mark.parametrize("copies", [1, 2])
async def test_a_merge_and_its_end(logged: ServiceHarness, lives: Lives, copies: int) -> None:
    root, merged, merge_id = await open_account(logged, 1_000), await open_account(logged, 900), new_id()
    early = [Order(root, 400), Order(merged, 700)]
    heard = [order.placed() for order in early]
    await logged.deliver(*heard)
    for ends, left in ((False, 0), (True, 200)):
        told = redirect(root, merged, merge_id, ends=ends)[:copies]
        hear = partial(logged.deliver, *told)
        assert await killed_until_done(logged, lives, lambda life: hear(stop=life.end)) > 5  # noqa: B023
        heard += told
        asks = Order(merged, 200).placed()
        await logged.deliver(asks)
        heard.append(asks)
        (row,) = await logged.rows("SELECT balance FROM exposure_account WHERE account_id = $1", merged)
        assert row["balance"] == 700 + left, "1,100 of 1,000 are used together, alone 700 of 900"
    await sound(logged, *heard)
