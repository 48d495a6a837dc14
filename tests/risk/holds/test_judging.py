"""Overdue holds come and go with what is owed, whoever looks first; each word once."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime
from typing import Any

import pytest

from kit.due.loop import DueLoop
from kit.ids import new_id
from kit.testing.service import ServiceHarness
from services.risk.events_out import CreditRefused
from services.risk.events_out.holds import CreditHoldLifted, CreditHoldPlaced
from services.risk.holds import dues, judging
from services.risk.holds.dues import HOLDS_DUE
from tests.risk.conftest import Days, Order, account_created, partner_activated, payment
from tests.risk.holds.owing import account, cause, lift, owing, place, said, set_policy, standing, sweep


@pytest.fixture(autouse=True)
async def _all_items_count(service: ServiceHarness, days: Days) -> None:
    days.on(date(2026, 6, 25), 23)
    await set_policy(service, items_from="2026-01-01")


async def test_an_item_due_on_june_10_holds_from_june_26_in_the_companys_zone(
    service: ServiceHarness, days: Days
) -> None:
    account_id = await account(service)
    await owing(service, account_id)
    await sweep(service)
    assert await said(service) == []
    days.moment = datetime(2026, 6, 25, 15, 59, 59, tzinfo=UTC)
    await sweep(service)
    assert await said(service) == []
    days.moment = datetime(2026, 6, 25, 16, tzinfo=UTC)
    await sweep(service)
    await sweep(service)
    (event,) = await service.published(CreditHoldPlaced.TYPE)
    (row,) = await service.rows("SELECT * FROM credit_hold")
    assert (event.subject, event.key, event.sequence) == (str(account_id), str(account_id), 2)
    shown = ("hold_reasons", "hold_reason", "business_date", "version", "grade", "terms_days", "placed_by", "hold_id")
    assert [event.payload[name] for name in shown] == [
        ["overdue"],
        "overdue",
        "2026-06-26",
        2,
        "NR",
        30,
        None,
        str(row["id"]),
    ]
    profile = (await service.get(f"/v1/credit-profiles/{account_id}")).json()
    assert (profile["is_on_hold"], profile["hold_reasons"], profile["version"]) == (True, ["overdue"], 2)
    (due,) = await service.rows("SELECT due_at FROM hold_sweep")
    assert due["due_at"] == datetime(2026, 6, 25, 16, 1, tzinfo=UTC), "so one sweep is at 00:00"


async def test_a_placement_is_refused_even_if_no_sweep_has_run(service: ServiceHarness, days: Days) -> None:
    account_id = await account(service)
    await owing(service, account_id)
    early, late, free = Order(account_id, 10), Order(account_id, 10), Order(await account(service), 10)
    await service.deliver(early.placed())
    days.on(date(2026, 6, 26), 0)
    await service.deliver(late.placed(), free.placed())
    assert [await cause(service, order) for order in (early, late, free)] == [None, "on_hold", None]
    (refused,) = await service.published(CreditRefused.TYPE)
    words = ("reason", "cause", "causes", "shortfall")
    assert [refused.payload[word] for word in words] == ["limit_exceeded", "on_hold", ["on_hold"], 10]
    types = [event.type.split(".")[2] for event in await service.published() if event.key == str(account_id)]
    assert types == ["reserved", "reserved", "hold_placed", "refused"]
    body = {"order_id": str(late.id), "decision": "override", "reason": "paid_in_cash"}
    assert (await service.post("/v1/credit-decisions", body)).status_code == 201, "an officer may let it pass"
    assert await standing(service, account_id) == ["overdue"]


@pytest.mark.parametrize("how", ["paid", "returned"])
async def test_what_clears_the_overdue_lifts_the_hold_at_once(service: ServiceHarness, days: Days, how: str) -> None:
    account_id = await account(service)
    order = await owing(service, account_id)
    days.on(date(2026, 6, 26))
    await sweep(service)
    half = payment(account_id, (order, 200))
    await service.deliver(half, half)
    assert await standing(service, account_id) == ["overdue"]
    rest = payment(account_id, (order, 250)) if how == "paid" else order.returned(250)
    await service.deliver(rest)
    assert await standing(service, account_id) == [], "50 are under 1.00 and count as paid"
    assert await said(service) == [("hold_placed", ["overdue"]), ("hold_lifted", [])]
    (event,) = await service.published(CreditHoldLifted.TYPE)
    assert (event.causation_id, event.payload["lifted_by"], event.payload["version"]) == ("", None, 3)
    profile = (await service.get(f"/v1/credit-profiles/{account_id}")).json()
    assert (profile["is_on_hold"], profile["hold_reasons"]) == (False, [])


async def test_a_hold_stays_while_anything_is_overdue(service: ServiceHarness, days: Days) -> None:
    account_id = await account(service)
    old, new = await owing(service, account_id), await owing(service, account_id, on="2026-05-25")
    days.on(date(2026, 6, 26))
    await sweep(service)
    await service.deliver(payment(account_id, (old, 500)))
    assert await standing(service, account_id) == ["overdue"], "the other is overdue by two days"
    await service.deliver(payment(account_id, (new, 500)))
    assert await standing(service, account_id) == []


async def test_money_that_goes_back_holds_again_at_once(service: ServiceHarness, days: Days) -> None:
    account_id = await account(service)
    order = await owing(service, account_id)
    days.on(date(2026, 7, 20))
    await service.deliver(payment(account_id, (order, 500)))
    await sweep(service)
    assert await said(service) == []
    await service.deliver(payment(account_id, (order, 500), refund=True))
    assert await standing(service, account_id) == ["overdue"]


async def test_small_and_imported_items_hold_nobody(service: ServiceHarness, days: Days) -> None:
    small, imported, held = [await account(service) for _ in range(3)]
    await owing(service, small, 99)
    await owing(service, imported, on="2025-12-31")
    await owing(service, held, 100)
    days.on(date(2026, 6, 26))
    await sweep(service)
    assert [await standing(service, one) for one in (small, imported, held)] == [[], [], ["overdue"]]


async def test_without_a_day_items_count_from_the_installation_on(service: ServiceHarness, days: Days) -> None:
    async with service.transaction() as tx:
        sql = "UPDATE risk_policy SET created_at = '2026-05-10T16:00Z' WHERE kind = 'holds' AND policy_version = 1"
        await tx.execute(sql)
    await set_policy(service, items_from=None)
    before, since = await account(service), await account(service)
    await owing(service, before, on="2026-05-10")
    await owing(service, since, on="2026-05-11")
    days.on(date(2026, 6, 26))
    await sweep(service)
    assert [await standing(service, one) for one in (before, since)] == [[], ["overdue"]]


async def test_another_policy_a_week_off_and_late_facts_need_nothing_of_their_own(
    service: ServiceHarness, days: Days
) -> None:
    account_id = await account(service)
    order = await owing(service, account_id)
    await set_policy(service, overdue_days=10)
    await sweep(service)
    assert await standing(service, account_id) == ["overdue"], "a new number of days"
    await set_policy(service, items_from="2026-05-12")
    await sweep(service)
    assert await standing(service, account_id) == [], "the item counts no more"
    await set_policy(service, items_from="2026-01-01", overdue_days=15)
    days.on(date(2026, 7, 9))
    await sweep(service)
    assert await standing(service, account_id) == ["overdue"], "nobody looked for a fortnight"
    await service.deliver(payment(account_id, (order, 500), received_on="2026-06-09"))
    assert await standing(service, account_id) == []


async def test_a_hold_by_hand_ends_after_its_last_day(service: ServiceHarness, days: Days) -> None:
    account_id = await account(service)
    path = await place(service, account_id=str(account_id), reason="rumour", until="2026-06-27")
    days.on(date(2026, 6, 27), 23)
    await sweep(service)
    held = Order(account_id, 10)
    await service.deliver(held.placed())
    assert await cause(service, held) == "on_hold"
    days.on(date(2026, 6, 28), 0)
    await sweep(service)
    assert (await service.get(path)).json()["lifted_on"] == "2026-06-28"
    await service.deliver(held.placed(2))
    assert await cause(service, held) is None
    assert await said(service) == [("hold_placed", ["manual"]), ("hold_lifted", [])]


async def test_a_waived_rule_waits_through_its_day(service: ServiceHarness, days: Days) -> None:
    account_id = await account(service)
    await owing(service, account_id)
    days.on(date(2026, 6, 26))
    await sweep(service)
    (row,) = await service.rows("SELECT id FROM credit_hold")
    answer = await lift(service, f"/v1/credit-holds/{row['id']}", until="2026-07-01")
    assert (answer.status_code, answer.json()["waived_until"]) == (200, "2026-07-01"), answer.text
    days.on(date(2026, 7, 1), 23)
    order = Order(account_id, 10)
    await service.deliver(order.placed())
    await sweep(service)
    assert (await cause(service, order), await standing(service, account_id)) == (None, [])
    days.on(date(2026, 7, 2), 0)
    await sweep(service)
    assert await standing(service, account_id) == ["overdue"]
    assert [event.payload["waived_until"] for event in await service.published(CreditHoldLifted.TYPE)] == ["2026-07-01"]


async def test_a_partner_on_hold_stops_the_orders_that_name_it(service: ServiceHarness, days: Days) -> None:
    partner_id, account_id = new_id(), await account(service)
    await service.deliver(partner_activated(partner_id))
    await place(service, partner_id=str(partner_id), reason="rumour", until="2026-06-30")
    named, other = Order(account_id, 10), Order(account_id, 10)
    await service.deliver(named.placed(partner_id=partner_id), other.placed(partner_id=None))
    assert [await cause(service, order) for order in (named, other)] == ["partner_on_hold", None]
    days.on(date(2026, 7, 1), 0)
    await service.deliver(named.placed(2, partner_id=partner_id))
    assert await cause(service, named) is None, "a hold that has ended holds nobody, lifted or not"
    await sweep(service)
    assert await standing(service, partner_id) == []
    events = await service.published(CreditHoldPlaced.TYPE, CreditHoldLifted.TYPE)
    assert [(event.key, event.sequence, event.payload["partner_id"]) for event in events] == [
        (str(partner_id), 2, str(partner_id)),
        (str(partner_id), 3, str(partner_id)),
    ]


async def test_events_placements_and_sweeps_at_once_say_each_word_once(service: ServiceHarness, days: Days) -> None:
    accounts = [await account(service) for _ in range(6)]
    orders = [await owing(service, account_id) for account_id in accounts]
    days.on(date(2026, 6, 26))
    loops = [DueLoop(service.runtime, [HOLDS_DUE]) for _ in range(3)]

    async def handle(order: Order) -> None:
        async with service.transaction() as tx:
            (core,) = [lane for lane in service.subscriptions.lanes if lane.name == "core"]
            await core.handle(service.work(tx), [Order(order.account_id, 1).placed()])

    async def look() -> None:
        async with service.transaction() as tx:
            await dues.sweep(service.work(tx), [])

    placements = [handle(order) for order in orders for _ in range(2)]
    await asyncio.gather(*placements, *(look() for _ in range(4)), *(loop.turn() for loop in loops))
    assert await said(service) == [("hold_placed", ["overdue"])] * 6
    assert {row["cause"] for row in await service.rows("SELECT cause FROM credit_decision WHERE amount = 1")} == {
        "on_hold"
    }
    clearing = [payment(order.account_id, (order, 500)) for order in orders]
    await asyncio.gather(service.deliver(*clearing), *(look() for _ in range(4)))
    assert (await said(service))[6:] == [("hold_lifted", [])] * 6
    assert await service.parked() == []


async def test_a_sweep_goes_on_in_rounds(service: ServiceHarness, days: Days, monkeypatch: pytest.MonkeyPatch) -> None:
    accounts = [await account(service) for _ in range(5)]
    for account_id in accounts:
        await owing(service, account_id)
    days.on(date(2026, 6, 26))
    monkeypatch.setattr(dues, "BATCH", 2)
    assert await sweep(service) == 3
    assert len(await said(service)) == 5


async def test_looking_at_any_number_of_accounts_is_one_statement(service: ServiceHarness) -> None:
    accounts = [new_id() for _ in range(40)]
    await service.deliver(*(account_created(each) for each in accounts))
    counts = []
    for some in (accounts[:1], accounts):
        seen: list[str] = []
        async with service.transaction() as tx:
            connection: Any = tx.connection

            def log(record: Any, seen: list[str] = seen) -> None:
                seen.append(record.query)

            connection.add_query_logger(log)
            found = await judging.judge(service.work(tx), some, partner_ids=[new_id()])
            connection.remove_query_logger(log)
        assert len(found) == len(some) + 1
        counts.append(len(seen))
    assert counts == [1, 1]
