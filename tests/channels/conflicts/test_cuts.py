"""Orders come to the same conflicts however a batch is cut, and a conflict names no more than it can bear."""

from __future__ import annotations

from random import Random
from typing import Any, NamedTuple
from uuid import UUID

import pytest

from kit.events.envelope import Event
from kit.ids import new_id
from kit.testing.service import ServiceHarness
from services.channels.conflicts import opening
from services.channels.events_out.conflicts import ConflictOpened
from tests.channels.conflicts.found import confirmed, found, order, seller
from tests.channels.conflicts.test_agreements import agrees

SIZE = 24


class Drawn(NamedTuple):
    """An order by numbers: partner (None: the company's own), account, product line, day of May, net, region."""

    partner: int | None
    account: int
    line: str
    day: int
    net: int
    region: str


def drawn(dice: Random) -> list[Drawn]:
    return [
        Drawn(
            dice.choice((0, 1, 2, None)),
            dice.randrange(3),
            dice.choice(("rock", "jazz")),
            dice.randint(1, 28),
            dice.randint(1, 9_999),
            dice.choice(("CN-SH", "CN-ZJ", "CN-S")),
        )
        for _ in range(SIZE)
    ]


async def partners(service: ServiceHarness) -> list[UUID]:
    """One with a territory, one without an agreement, one with a sole one elsewhere."""
    first = await agrees(service, territory=["CN-SH"])
    return [first, await seller(service), await agrees(service, territory=["CN-ZJ"], exclusivity="sole")]


async def deliver(service: ServiceHarness, events: list[Event], cuts: list[int]) -> None:
    """Events in batches that end at the cuts."""
    for first, last in zip([0, *cuts], [*cuts, len(events)], strict=True):
        async with service.transaction() as tx:
            for lane in service.subscriptions.lanes:
                if batch := [one for one in events[first:last] if one.type in lane.handlers]:
                    await lane.handle(service.work(tx), batch)


async def told(service: ServiceHarness, known: dict[str, str]) -> list[Any]:
    """Conflicts as they are, the first one first, with their evidence; what is drawn anew is called by its number."""
    shown = []
    said = {each.payload["id"]: each.payload for each in await service.published(ConflictOpened.TYPE)}
    for one in await found(service):
        if not set(one["partner_ids"]) <= known.keys():
            continue
        answer = (await service.get(f"/v1/conflicts/{one['id']}/evidence")).json()["items"]
        shown.append(
            {
                **{name: one[name] for name in ("kind", "state", "product_lines", "value_base", "evidence_count")},
                "region": one["region"],
                "partners": sorted(known[each] for each in one["partner_ids"]),
                "account": known.get(one["account_id"] or ""),
                "orders": sorted(known[each] for each in one["order_ids"]),
                "evidence": [known[each["subject_id"]] for each in answer],
                "snapshots": [[known[o["order_id"]] for o in each["snapshot"]["orders"]] for each in answer],
                "opened with": sorted(known[each] for each in said[one["id"]]["order_ids"]),
            }
        )
    return shown


async def told_of(service: ServiceHarness, rows: list[Drawn], cuts: list[int]) -> list[Any]:
    """What comes of drawn orders of partners and accounts of their own."""
    sellers, accounts = await partners(service), [new_id() for _ in range(3)]
    orders = [
        order(None if one.partner is None else sellers[one.partner], accounts[one.account], one.line, net=one.net)
        for one in rows
    ]
    days = [f"2026-05-{one.day:02}" for one in rows]
    events = [
        confirmed(each, region=one.region, order_date=day) for each, one, day in zip(orders, rows, days, strict=True)
    ]
    await deliver(service, events, cuts)
    known = {str(each): f"partner {number}" for number, each in enumerate(sellers)}
    known |= {str(each): f"account {number}" for number, each in enumerate(accounts)}
    known |= {str(each.id): f"order {number:02}" for number, each in enumerate(orders)}
    found_of = await told(service, known)
    # agreements of this drawing would be in conflict with the orders of the next
    async with service.transaction() as tx:
        await tx.execute("DELETE FROM agreement_cell")
    return found_of


@pytest.mark.parametrize("seed", range(4))
async def test_however_a_batch_is_cut(service: ServiceHarness, seed: int) -> None:
    dice = Random(seed)
    rows = drawn(dice)
    whole = await told_of(service, rows, [])
    some = await told_of(service, rows, sorted(dice.sample(range(1, SIZE), 4)))
    each = await told_of(service, rows, list(range(1, SIZE)))
    assert {one["kind"] for one in whole} >= {"same_customer", "territory_breach"}
    assert whole == some == each


async def test_value_is_what_each_order_came_to_when_it_was_found(service: ServiceHarness) -> None:
    key, one, two = new_id(), await seller(service), await seller(service)
    first, second, third = order(one, key, net=100), order(two, key, net=20), order(one, key, net=3)
    await service.deliver(confirmed(first), confirmed(second))
    async with service.transaction() as tx:
        await tx.execute("UPDATE sale_line SET returned_net_base = net_base WHERE order_id = $1", first.id)
    await service.deliver(confirmed(third))
    (conflict,) = await found(service)
    found_now = (conflict["value_base"], conflict["evidence_count"])
    assert found_now == (123, 3), "as they were found, whatever came back since"


async def test_a_conflict_names_its_first_orders(service: ServiceHarness, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opening, "MOST_NAMED", 3)
    mine = await agrees(service, territory=["CN-SH"])
    orders = [order(mine, new_id(), net=10) for _ in range(6)]
    await deliver(service, [confirmed(each, region="CN-S") for each in orders], [1, 4])
    (conflict,) = await found(service)
    assert conflict["order_ids"] == sorted(str(each.id) for each in orders[:3])
    assert (conflict["evidence_count"], conflict["value_base"]) == (6, 60), "all of them count"
