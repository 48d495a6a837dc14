"""Terms hold whatever comes twice, late, at once or not at all: budgets are never passed, the ledger is its facts."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from typing import Any

import asyncpg
import pytest

from kit.events import outbox
from kit.events.envelope import Event
from kit.events.rebuild import rebuild
from kit.testing.service import ServiceHarness
from services.channels.events_out.terms import TermsCommitted, TermsGivenBack, TermsRefused, TermsReserved
from services.channels.quotes import claims
from services.channels.terms import ledger
from tests.channels.quotes.offers import goods
from tests.channels.rebates.test_laws import logged, publish_all, wrong_findings
from tests.channels.terms.orders import Order, answers, budget, cash_off, offer, order_of, reservations

__all__ = ["logged"]
TABLES = ("terms_reservation", "terms_part", "ledger_account", "ledger_entry", "quote")


def batches(items: Sequence[Any], size: int) -> list[Sequence[Any]]:
    return [items[start : start + size] for start in range(0, len(items), size)]


async def _handle(service: ServiceHarness, *events: Event) -> None:
    """One batch on a connection of its own."""
    async with service.transaction() as tx:
        await service.subscriptions.lane("core").handle(service.work(tx), events)


async def _rows(service: ServiceHarness) -> dict[str, list[str]]:
    """Everything that terms write."""
    found = {}
    for table in TABLES:
        rows = await service.rows(f"SELECT to_jsonb(t) - 'updated_at' AS row FROM {table} t")
        found[table] = sorted(str(row["row"]) for row in rows)
    return found


async def _copies(service: ServiceHarness, count: int) -> list[Order]:
    """Orders of as many quotes, all alike but for their accounts."""
    await goods(service)
    return [order_of(await offer(service)) for _ in range(count)]


async def test_two_hundred_orders_on_a_budget_for_fifty_at_once(service: ServiceHarness) -> None:
    promotion = await cash_off(service, budget_base=50 * 3_000)
    orders = await _copies(service, 200)
    await asyncio.gather(*(_handle(service, *(order.placed() for order in batch)) for batch in batches(orders, 20)))
    assert await service.parked() == []
    said = await answers(service)
    assert len(said) == 200
    assert sorted(reason or "" for _order, reason, _detail in said) == [""] * 50 + ["budget-exhausted"] * 150
    lucky = {one for one, reason, _detail in said if reason is None}
    await service.deliver(*(order.confirmed() for order in orders if str(order.id) in lucky))
    found = await budget(service, promotion)
    assert (found["committed_base"], found["left_base"], found["committed_uses"]) == (150_000, 0, 50)


async def test_a_quote_is_one_orders_when_two_ask_at_once(service: ServiceHarness) -> None:
    await goods(service)
    quotes = [await offer(service) for _ in range(5)]
    first, second = ([order_of(quote) for quote in quotes] for _ in range(2))
    await asyncio.gather(
        _handle(service, *(order.placed() for order in first)),
        _handle(service, *(order.placed() for order in reversed(second))),
    )
    assert await service.parked() == []
    assert len(await service.published(TermsReserved.TYPE)) == 5
    assert sorted(detail or "" for _order, _reason, detail in await answers(service)) == [""] * 5 + ["quote-used"] * 5


async def test_whatever_comes_twice_or_late_changes_nothing(service: ServiceHarness) -> None:
    await cash_off(service)
    orders = await _copies(service, 6)
    kept, cancelled, back = orders[:2], orders[2:4], orders[4:]
    first = [order.placed() for order in orders]
    later = [
        *(order.confirmed() for order in (*kept, *back)),
        *(order.cancelled() for order in cancelled),
        *(order.returned(l1=1) for order in back),
        *(order.returned(l1=3) for order in back),
    ]
    await service.deliver(*first, *later)
    once, facts = await _rows(service), len(await service.published())
    async with service.transaction() as tx:
        await tx.execute("DELETE FROM inbox")
    again = [*first, *later]
    random.Random(1).shuffle(again)
    await service.deliver(*again)
    assert await _rows(service) == once
    assert len(await service.published()) == facts
    assert await service.parked() == []


async def test_a_later_placement_that_was_heard_first_stands(service: ServiceHarness) -> None:
    await cash_off(service)
    (order,) = await _copies(service, 1)
    early = order.placed()
    order.placement = 2
    await service.deliver(order.placed())
    await service.deliver(early)
    assert [(row["placement"], row["state"]) for row in await reservations(service)] == [(2, "reserved")]


async def test_killed_between_nothing_of_it_stands(service: ServiceHarness, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every step that writes is a place to be killed at; what is delivered again has the same outcome."""
    await cash_off(service)
    (order,) = await _copies(service, 1)
    event, before = order.placed(), await _rows(service)
    for module, name in ((claims, "save_claims"), (ledger, "apply"), (outbox, "add")):

        async def killed(*_args: object, **_more: object) -> None:
            raise ConnectionResetError

        with monkeypatch.context() as patched:
            patched.setattr(module, name, killed)
            with pytest.raises(ConnectionResetError):
                await _handle(service, event)
        assert await _rows(service) == before
    await service.deliver(event)
    assert [reason for _order, reason, _detail in await answers(service)] == [None]


async def test_the_ledger_is_the_fold_of_its_facts_and_verified(logged: ServiceHarness) -> None:
    service = logged
    await cash_off(service)
    orders = await _copies(service, 6)
    events = [order.placed() for order in orders]
    orders[0].placement = 2
    events += [
        orders[0].placed(), orders[1].confirmed(), orders[2].cancelled(), orders[3].held(), orders[4].confirmed(),
        orders[4].returned(l1=2), orders[3].confirmed(), orders[1].returned(l1=3),
    ]  # fmt: skip
    refused = order_of(await offer(service))
    refused.lines = [("CD-ROCK", 1, 1, 0)]
    events.append(refused.placed())
    for batch in batches(events, 5):
        await service.deliver(*batch)
    kinds = {TermsReserved.TYPE, TermsRefused.TYPE, TermsCommitted.TYPE, TermsGivenBack.TYPE}
    assert kinds <= {event.type for event in await service.published()}
    await publish_all(service, events)
    assert await wrong_findings(service) == []
    report = await rebuild(service.runtime.db, service.runtime.bus, service.subscriptions, "terms")
    assert report.equal, report.as_dict()
    assert all(table.live_rows > 0 for table in report.tables if not table.table.startswith("points_"))


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE ledger_account SET balance = balance + 1 WHERE bucket = 'reserved' AND unit = 'money'",
        "UPDATE ledger_entry SET amount = amount - 1 WHERE unit = 'money' AND amount < 0",
        "UPDATE terms_reservation SET state = 'freed'",
        "UPDATE terms_part SET amount_base = amount_base + 1",
        "DELETE FROM terms_reservation",
    ],
)
async def test_a_damaged_row_is_found(logged: ServiceHarness, damage: str) -> None:
    service = logged
    await cash_off(service)
    (order,) = await _copies(service, 1)
    event = order.placed()
    await service.deliver(event)
    await publish_all(service, [event])
    assert await wrong_findings(service) == []
    async with service.transaction() as tx:
        assert await tx.execute(damage) == 1
    assert not (await rebuild(service.runtime.db, service.runtime.bus, service.subscriptions, "terms")).equal
    assert await wrong_findings(service) != []


async def test_an_order_that_was_never_answered_is_found(logged: ServiceHarness) -> None:
    (order,) = await _copies(logged, 1)
    await publish_all(logged, [order.placed()])
    assert any("1: 0 answers" in what for what in await wrong_findings(logged))


async def test_the_database_refuses_what_does_not_sum_to_zero(service: ServiceHarness) -> None:
    entry = "INSERT INTO ledger_entry SELECT $1, n, $1, 'money', n * 2 - 3, now() FROM generate_series(1, {}) n"
    some = order_of({"account_id": "", "id": "", "lines": [], "currency": "USD"}).id
    with pytest.raises(asyncpg.CheckViolationError, match="sum to zero"):
        async with service.transaction() as tx:
            await tx.execute(entry.format(1), some)
    async with service.transaction() as tx:
        await tx.execute(entry.format(2), some)
