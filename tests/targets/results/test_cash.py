"""Cash of orders is credited where the orders' credit stands, whatever comes first, twice or at once."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID

import pytest

from kit.ids import new_id
from services.targets.events_out import ResultCredited
from tests.targets.conftest import World
from tests.targets.results.heard import Payment, cancelled
from tests.targets.territories.accounts import merge

SHARES = {"a1": 600_000, "b1": 400_000}


def sold(world: World, *gross: int, shares: dict[str, int] | None = None, **more: Any) -> dict[str, Any]:
    """An order of lines with tax, under the key of its account."""
    account = str(new_id())
    order = world.order(shares or SHARES, [amount * 100 // 113 for amount in gross], stream_key=account)
    lines = [{**line, "gross_base": amount} for line, amount in zip(order["lines"], gross, strict=True)]
    return order | {"account_id": account, "lines": lines} | more


async def cash(world: World, where: str = "TRUE") -> list[tuple[int, str, str, int]]:
    """Cash by line, member code and day, as it was posted."""
    codes = {member: code for code, member in world.members.items()}
    rows = await world.service.rows(
        "SELECT line_no, member_id, posting_date, cash FROM credit_line "
        f"WHERE cash <> 0 AND {where} ORDER BY recorded_at, sequence, ordinal"
    )
    return [(row["line_no"], codes[str(row["member_id"])], str(row["posting_date"]), row["cash"]) for row in rows]


async def stands(world: World) -> dict[str, int]:
    """What stands by member code."""
    found: dict[str, int] = {}
    for _line, code, _day, amount in await cash(world):
        found[code] = found.get(code, 0) + amount
    return found


async def test_parts_of_an_order_telescope_and_a_void_takes_back_exactly(world: World) -> None:
    order = sold(world, 67_800, 45_200)
    one, two = Payment(order), Payment(order)
    await world.service.deliver(world.confirmed(order), one.received((order, 50_000)), two.received((order, 63_000)))
    assert [(line, code, amount) for line, code, _day, amount in await cash(world)] == [
        *((1, "a1", 18_000), (1, "b1", 12_000), (2, "a1", 12_000), (2, "b1", 8_000)),
        *((1, "a1", 22_680), (1, "b1", 15_120), (2, "a1", 15_120), (2, "b1", 10_080)),
    ]
    await world.service.deliver(one.refunded((order, 20_000)), two.voided((order, 63_000)), one.voided((order, 30_000)))
    assert set((await stands(world)).values()) == {0}
    days = {
        (kind, day) for kind in ("paid", "refunded", "voided") for _, _, day, _ in await cash(world, f"kind = '{kind}'")
    }
    assert days == {("paid", "2026-02-20"), ("refunded", "2026-03-10"), ("voided", "2026-03-20")}
    rows = await world.service.rows("SELECT member_id, line_no FROM credit_line GROUP BY 1, 2 HAVING sum(cash) <> 0")
    assert rows == []
    assert await world.service.parked() == []


async def test_the_fact_says_what_it_rests_on(world: World) -> None:
    channel = str(new_id())
    order = sold(world, 11, shares={"a1": 428_572, "a2": 428_571, "b1": 142_857}, channel_id=channel)
    payment = Payment(order)
    event = payment.received((order, 10))
    await world.service.deliver(world.confirmed(order), event)
    (fact,) = await world.service.published(ResultCredited.TYPE)
    assert (fact.key, fact.subject, fact.sequence) == (order["stream_key"], payment.id, 1)
    assert fact.causation_id == fact.payload["source_event_id"] == str(event.id)
    said = {
        name: fact.payload[name] for name in ("order_id", "kind", "posting_date", "amount", "channel_id", "currency")
    }
    assert said == {
        **{"order_id": order["id"], "kind": "paid", "posting_date": "2026-02-20", "amount": 0},
        **{"channel_id": channel, "currency": "USD"},
    }
    assert sorted(line["cash"] for line in fact.payload["lines"]) == [1, 4, 5]
    assert all(line["unit_path"] for line in fact.payload["lines"])
    buckets = await world.service.rows("SELECT sum(cash)::int AS cash FROM credit_bucket WHERE day = '2026-02-20'")
    months = await world.service.rows("SELECT sum(cash)::int AS cash FROM credit_month WHERE month = '2026-02-01'")
    assert (buckets[0]["cash"], months[0]["cash"]) == (10, 10)


async def test_a_payment_of_several_orders_has_a_fact_for_each(world: World) -> None:
    account = str(new_id())
    orders = [sold(world, 100, stream_key=account, account_id=account) for _ in range(3)]
    payment = Payment(orders[0])
    event = payment.received(*((order, 100) for order in orders))
    await world.service.deliver(*(world.confirmed(order) for order in orders[:2]), event)
    rows = await world.service.rows("SELECT ordinal FROM credit_line WHERE source_event_id = $1 ORDER BY 1", event.id)
    assert [row["ordinal"] for row in rows] == [0, 1, 2, 3]
    await world.service.deliver(world.confirmed(orders[2]))
    rows = await world.service.rows(
        "SELECT ordinal, order_id FROM credit_line WHERE source_event_id = $1 ORDER BY 1", event.id
    )
    assert [row["ordinal"] for row in rows] == [0, 1, 2, 3, 4, 5]
    assert str(rows[-1]["order_id"]) == orders[2]["id"]
    facts = await world.service.published(ResultCredited.TYPE)
    assert [(fact.sequence, fact.payload["source_ordinal"]) for fact in facts] == [(1, 0), (2, 2), (3, 4)]


async def test_paid_before_it_is_confirmed_it_is_kept_and_dated_as_received(world: World) -> None:
    order = sold(world, 1_000)
    payment = Payment(order)
    await world.service.deliver(payment.received((order, 400)), payment.refunded((order, 100)))
    assert await cash(world) == []
    await world.service.deliver(world.confirmed(order))
    assert await cash(world) == [
        *((1, "a1", "2026-02-20", 240), (1, "b1", "2026-02-20", 160)),
        *((1, "a1", "2026-03-10", -60), (1, "b1", "2026-03-10", -40)),
    ]
    await world.service.deliver(payment.allocated((order, 100), on="2026-02-20"))
    assert await stands(world) == {"a1": 240, "b1": 160}


async def test_cancelled_orders_keep_nothing_and_unallocated_money_is_nobodys(world: World) -> None:
    order = sold(world, 1_000)
    payment = Payment(order)
    await world.service.deliver(payment.received((order, 400), for_order_id=order["id"]), cancelled(order))
    await world.service.deliver(payment.received(for_order_id=order["id"]), world.confirmed(order))
    assert await cash(world) == []
    assert await world.service.published(ResultCredited.TYPE) == []


async def test_the_same_events_again_credit_nothing_more(world: World) -> None:
    order, late = sold(world, 1_000), sold(world, 1_000)
    one, two = Payment(order), Payment(late)
    events = [world.confirmed(order), one.received((order, 500)), one.refunded((order, 200))]
    kept = [two.received((late, 300)), world.confirmed(late)]
    await world.service.deliver(*events, *events, *kept)
    before = await world.lines()
    async with world.service.transaction() as tx:
        await tx.execute("DELETE FROM inbox")
    await world.service.deliver(*events, *kept)
    assert await world.lines() == before
    assert await world.service.parked() == []


async def test_more_never_goes_back_than_was_credited_of_the_payment(world: World) -> None:
    order = sold(world, 1_000)
    known, unknown = Payment(order), Payment(order)
    await world.service.deliver(world.confirmed(order), known.received((order, 300)))
    await world.service.deliver(unknown.refunded((order, 200)), unknown.voided((order, 200)))
    assert await stands(world) == {"a1": 180, "b1": 120}
    await world.service.deliver(known.refunded((order, 400)))
    assert set((await stands(world)).values()) == {0}


async def test_an_order_of_an_earlier_release_goes_by_its_net_amounts(world: World) -> None:
    order = world.order(SHARES, [600, 400])
    await world.credited_before(world.confirmed(order))
    await world.service.deliver(Payment(order).received((order, 1_130)))
    assert [amount for _, _, _, amount in await cash(world)] == [407, 271, 271, 181]


async def test_cash_follows_the_credit_of_its_order_to_another_unit(world: World) -> None:
    order = sold(world, 1_000)
    payment = Payment(order)
    await world.service.deliver(world.confirmed(order), payment.received((order, 500)))
    body = {"unit_id": world.units["team-b"], "from": "2026-02-01"}
    path = f"/v1/members/{world.members['a1']}/move"
    refused = await world.service.post(path, body)
    assert (refused.status_code, refused.json()["lines"]) == (409, 2), "the order's line and that of its cash"
    assert (await world.service.post(path, {**body, "correction": True})).status_code == 200
    await world.service.deliver(payment.refunded((order, 200)), payment.allocated((order, 100)))
    rows = await world.service.rows(
        "SELECT unit_path, sum(cash)::int AS cash FROM credit_line WHERE member_id = $1::uuid GROUP BY 1 ORDER BY 2",
        world.members["a1"],
    )
    north, south = (
        [UUID(world.units[code]) for code in codes]
        for codes in (("company", "north", "team-a"), ("company", "south", "team-b"))
    )
    assert [(row["unit_path"], row["cash"]) for row in rows] == [(north, 0), (south, 240)]
    sums = await world.service.rows(
        "SELECT 1 FROM credit_line WHERE subject_id = $1::uuid HAVING sum(cash) <> 400", payment.id
    )
    assert sums == []
    corrected = [
        fact for fact in await world.service.published(ResultCredited.TYPE) if fact.payload["kind"] == "corrected"
    ]
    assert [(fact.subject, fact.key) for fact in corrected] == [(payment.id, order["stream_key"])]


@pytest.mark.parametrize("turn", range(4))
async def test_money_under_the_key_of_another_account_races_the_confirmation(world: World, turn: int) -> None:
    order, other = sold(world, 1_000), str(new_id())
    await world.service.deliver(merge(other, order["account_id"], str(new_id())))
    payment = Payment({**order, "account_id": other}, key=other)
    events = [world.confirmed(order), payment.received((order, 500))]
    await asyncio.gather(*(world.service.deliver_alone(event) for event in events[:: 1 if turn % 2 else -1]))
    assert await stands(world) == {"a1": 300, "b1": 200}
    assert await world.service.parked() == []


async def test_many_payments_of_one_order_at_once_sum(world: World) -> None:
    order = sold(world, 1_001, 333)
    await world.service.deliver(world.confirmed(order))
    payments = [Payment(order, key=str(new_id())) for _ in range(6)]
    await asyncio.gather(*(world.service.deliver_alone(one.received((order, 111))) for one in payments))
    assert sum((await stands(world)).values()) == 666
    await asyncio.gather(*(world.service.deliver_alone(one.voided((order, 111))) for one in payments))
    rows = await world.service.rows("SELECT 1 FROM credit_line GROUP BY line_no, member_id HAVING sum(cash) <> 0")
    assert rows == []
    assert await world.service.parked() == []


async def test_lines_are_found_by_kind_payment_and_order(world: World) -> None:
    order, other = sold(world, 1_000), sold(world, 500)
    payment, second = Payment(order), Payment(other)
    await world.service.deliver(world.confirmed(order), world.confirmed(other), payment.received((order, 500)))
    await world.service.deliver(second.received((other, 500)), payment.voided((order, 500)))

    async def found(query: str) -> list[tuple[str, int, int]]:
        answer = await world.service.get(f"/v1/credit-lines?{query}&sort=posting_date")
        assert answer.status_code == 200, answer.text
        return sorted((one["kind"], one["amount"], one["cash"]) for one in answer.json()["items"])

    paid, voided = [("paid", 0, 200), ("paid", 0, 300)], [("voided", 0, -300), ("voided", 0, -200)]
    assert await found(f"subject_id={payment.id}") == paid + voided
    assert await found(f"order_id={order['id']}&kind=paid") == paid
    assert len(await found(f"order_id={order['id']}")) == 6
    assert await found(f"kind=voided&member_id={world.members['b1']}") == [("voided", 0, -200)]
    answer = await world.service.get("/v1/credit-lines?kind=unheard")
    assert answer.status_code == 400


async def test_a_payment_of_two_orders_is_corrected_order_by_order(world: World) -> None:
    account = str(new_id())
    orders = [sold(world, 100, stream_key=account, account_id=account, shares={"a1": 1_000_000}) for _ in range(2)]
    payment = Payment(orders[0])
    await world.service.deliver(
        *(world.confirmed(order) for order in orders), payment.received(*((order, 50) for order in orders))
    )
    body = {"unit_id": world.units["team-b"], "from": "2026-02-01", "correction": True}
    assert (await world.service.post(f"/v1/members/{world.members['a1']}/move", body)).status_code == 200
    rows = await world.service.rows(
        "SELECT order_id, unit_path[3] AS unit, sum(cash)::int AS cash FROM credit_line GROUP BY 1, 2 ORDER BY 3, 1"
    )
    assert [(str(row["unit"]), row["cash"]) for row in rows] == [(world.units["team-a"], 0)] * 2 + [
        (world.units["team-b"], 50)
    ] * 2
    corrected = [
        fact for fact in await world.service.published(ResultCredited.TYPE) if fact.payload["kind"] == "corrected"
    ]
    assert sorted(fact.payload["order_id"] for fact in corrected) == sorted(order["id"] for order in orders)


async def test_cash_that_comes_during_a_correction_is_where_its_order_is(world: World) -> None:
    orders = [sold(world, 1_000, shares={"a1": 1_000_000}) for _ in range(6)]
    await world.service.deliver(*(world.confirmed(order) for order in orders))
    body = {"unit_id": world.units["team-b"], "from": "2026-02-01", "correction": True}
    payments = [world.service.deliver_alone(Payment(order).received((order, 400))) for order in orders]
    path = f"/v1/members/{world.members['a1']}/move"
    moved, *_ = await asyncio.gather(world.service.post(path, body), *payments)
    assert moved is not None
    assert moved.status_code == 200
    rows = await world.service.rows(
        "SELECT unit_path[3] AS unit, sum(cash)::int AS cash FROM credit_line GROUP BY 1 HAVING sum(cash) <> 0"
    )
    assert [(str(row["unit"]), row["cash"]) for row in rows] == [(world.units["team-b"], 2_400)]
