"""Members whose accounts were merged are one: what they have together pays, each order earns once, an end restores."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID

from kit.events.rebuild import rebuild
from kit.ids import new_id
from kit.testing.service import ServiceHarness
from services.channels.events_out.points import PointsRedeemed, PointsReversed
from services.channels.events_out.terms import TermsCommitted
from tests.channels.conflicts.found import merged, unmerged
from tests.channels.conftest import Days
from tests.channels.points.spent import WORTH, buckets, earned, lots, now, paid
from tests.channels.points.test_points import PROGRAMMES, Sale, adjusted, joined, programme, standing, work_dues
from tests.channels.quotes.offers import PATH as QUOTES
from tests.channels.quotes.offers import SELLER, account, body, goods, member
from tests.channels.rebates.test_laws import logged, publish_all, wrong_findings
from tests.channels.terms.orders import answers, cash_off, offer, order_of

__all__ = ["logged"]


class Pair:
    """Two members of a programme, of accounts that are to be one."""

    def __init__(self, survivor: str, loser: str, first: str, second: str) -> None:
        self.survivor, self.loser, self.first, self.second = survivor, loser, first, second
        ids = (UUID(survivor), UUID(loser), new_id())
        self.merged, self.unmerged = merged(*ids), unmerged(*ids)


async def a_pair(service: ServiceHarness, days: Days) -> Pair:
    """300 points of the survivor until 2026-06-30, 200 of the other until 2026-03-31; it is 2026-03-01."""
    days.on("2025-08-01")
    of, other = await account(service), await account(service)
    made = await programme(service, validity_months=7, **WORTH)
    pair = Pair(of, other, await joined(service, made, of), await joined(service, made, other))
    await earned(service, days, other, 200, "2025-08-31")
    await earned(service, days, of, 300, "2025-11-30")
    days.on("2026-03-01")
    return pair


async def test_what_both_have_is_shown_of_each_until_they_part(service: ServiceHarness, days: Days) -> None:
    pair = await a_pair(service, days)
    assert [await standing(service, one) for one in (pair.first, pair.second)] == [(300, 300), (200, 200)]
    await service.deliver(pair.merged)
    assert [await standing(service, one) for one in (pair.first, pair.second)] == [(500, 500), (500, 500)]
    one = (await service.get(f"/v1/points-accounts/{pair.second}")).json()
    assert (one["account_id"], one["filed_account_id"]) == (pair.survivor, pair.loser)
    for each in (pair.survivor, pair.loser):
        found = (await service.get(f"/v1/points-accounts?account_id={each}")).json()["items"]
        assert {item["id"] for item in found} == {pair.first, pair.second}
        (balance,) = (await service.get(f"/v1/points-balances/{each}")).json()["items"]
        assert (balance["available"], balance["usable"]) == (500, 500)
    await service.deliver(pair.unmerged)
    assert [await standing(service, one) for one in (pair.first, pair.second)] == [(300, 300), (200, 200)]


async def test_an_order_pays_with_the_points_of_both_and_gives_back_to_each(logged: ServiceHarness, days: Days) -> None:
    service = logged
    pair = await a_pair(service, days)
    await service.deliver(pair.merged)
    order = await paid(service, pair.survivor, 400)
    heard = [now(order.placed())]
    await service.deliver(*heard)
    said = await service.published(PointsRedeemed.TYPE)
    assert sorted((one.subject, one.payload["points"]) for one in said) == sorted(
        [(pair.first, 200), (pair.second, 200)]
    ), "what expires first goes first, whose it is"
    assert sum(one.payload["value_base"] for one in said) == 400
    assert await lots(service) == [(100, "2026-06-30")]
    heard.append(now(order.confirmed()))
    await service.deliver(heard[-1])
    (committed,) = await service.published(TermsCommitted.TYPE)
    parts = [committed.payload["points"], *committed.payload["points_beside"]]
    assert {one["points_account_id"]: one["points"] for one in parts} == {pair.first: 200, pair.second: 200}
    assert await buckets(service) == {"issued": -500, "available": 100, "redeemed": 400}
    heard.append(now(order.returned(l1=1)))
    await service.deliver(heard[-1])
    back = await service.published(PointsReversed.TYPE)
    assert sum(one.payload["points"] for one in back) == 200
    await service.deliver(heard[-1])
    assert await standing(service, pair.first) == (300, 300)
    await service.deliver(pair.unmerged)
    heard.append(now(order.returned(l1=2)))
    await service.deliver(heard[-1])
    assert [await standing(service, one) for one in (pair.first, pair.second)] == [(300, 300), (200, 200)]
    await publish_all(service, heard)
    assert not [one for one in await wrong_findings(service) if "earn" not in one]
    report = await rebuild(service.runtime.db, service.runtime.bus, service.subscriptions, "terms")
    assert report.equal, report.as_dict()


async def test_apart_again_a_quote_on_both_is_short(service: ServiceHarness, days: Days) -> None:
    pair = await a_pair(service, days)
    await service.deliver(pair.merged)
    order = await paid(service, pair.survivor, 400)
    await service.deliver(pair.unmerged, now(order.placed()))
    assert [reason for _order, reason, _detail in await answers(service)] == ["points-short"]


async def test_of_orders_of_both_at_once_one_has_the_points(service: ServiceHarness, days: Days) -> None:
    pair = await a_pair(service, days)
    await service.deliver(pair.merged)
    buyers = (pair.survivor, pair.loser) * 2
    events = [now((await paid(service, of, 400)).placed()) for of in buyers]

    async def heard(number: int) -> None:
        async with service.transaction() as tx:
            await service.subscriptions.lane("core").handle(service.work(tx), [events[number]])

    await asyncio.gather(*(heard(number) for number in range(4)))
    reasons = [reason for _order, reason, _detail in await answers(service)]
    assert sorted(map(str, reasons)) == ["None", *["points-short"] * 3]
    assert await standing(service, pair.first) == (100, 100)


async def test_each_order_earns_once_and_nobody_joins_twice(logged: ServiceHarness, days: Days) -> None:
    service = logged
    days.on("2026-03-01")
    of, other = await account(service), await account(service)
    made = await programme(service)
    own = await joined(service, made, of)
    merge = new_id()
    await service.deliver(merged(UUID(of), UUID(other), merge))
    again = await service.post(f"{PROGRAMMES}/{made}/join", {"account_id": other})
    assert (again.status_code, again.json()["code"]) == (409, "points-account-account-id-taken")
    sale = Sale(other, (1, 10_000))
    event = sale.fulfilled()
    await service.deliver(event)
    await service.deliver(event)
    assert await standing(service, own) == (10, 10), "who is merged earns for the member that they are one with"
    await service.deliver(unmerged(UUID(of), UUID(other), merge))
    days.on("2026-03-02")
    await joined(service, made, other)
    await service.deliver(event)
    assert len(await service.rows("SELECT * FROM points_line")) == 1
    back = sale.returned(1)
    await service.deliver(back)
    assert await standing(service, own) == (0, 0)
    await publish_all(service, [event, back])
    assert await wrong_findings(service) == []


async def test_what_is_taken_is_taken_of_both(service: ServiceHarness, days: Days) -> None:
    pair = await a_pair(service, days)
    await service.deliver(pair.merged)
    short = await adjusted(service, pair.first, -501)
    assert (short.status_code, short.json()["code"]) == (409, "points-short")
    assert (await adjusted(service, pair.first, -450)).status_code == 200
    assert await standing(service, pair.second) == (50, 50)
    days.on("2026-07-01")
    await work_dues(service)
    assert await standing(service, pair.first) == (0, 0)


async def test_what_one_owes_the_other_pays(service: ServiceHarness, days: Days) -> None:
    days.on("2026-03-01")
    await goods(service)
    of, other = await account(service), await account(service)
    made = await programme(service, **WORTH)
    first, _second = await joined(service, made, of), await joined(service, made, other)
    sale = Sale(of, (1, 100_000))
    await service.deliver(sale.fulfilled(), Sale(other, (1, 80_000)).fulfilled())
    assert (await adjusted(service, first, -70)).status_code == 200
    await service.deliver(sale.returned(1))
    assert await standing(service, first) == (-70, 0)
    await service.deliver(merged(UUID(of), UUID(other)))
    assert await standing(service, first) == (10, 10)
    for points, status in ((11, 422), (10, 201)):
        answer = await service.post(QUOTES, body(other, ("CD-ROCK", 1), points=points))
        assert answer.status_code == status, answer.text


async def test_limits_of_a_customer_hold_for_all_that_are_one(service: ServiceHarness) -> None:
    await cash_off(service, uses_per_account=1)
    of, other = await account(service), await account(service)
    orders = [order_of(await offer(service, buyer=one)) for one in (of, other, of)]
    await service.deliver(orders[0].placed())
    await service.deliver(merged(UUID(of), UUID(other)))
    await service.deliver(orders[1].placed())
    said = {order_id: reason for order_id, reason, _detail in await answers(service)}
    assert [said[str(one.id)] for one in orders[:2]] == [None, "uses-exhausted"]


async def test_a_first_order_is_one_of_all_that_are_one(service: ServiceHarness) -> None:
    await cash_off(service, kind="first_order")
    of, other = await account(service), await account(service)
    first = order_of(await offer(service, buyer=of))
    second = order_of(await offer(service, buyer=other))
    assert second.lines[0][3], "of two customers each has a first order"
    await service.deliver(first.placed())
    await service.deliver(first.confirmed())
    await service.deliver(merged(UUID(of), UUID(other)))
    await service.deliver(second.placed())
    said = {order_id: reason for order_id, reason, _detail in await answers(service)}
    assert said[str(second.id)] == "uses-exhausted"
    later: dict[str, Any] = await offer(service, buyer=other)
    assert later["lines"][0]["discount"] == 0


async def test_an_order_of_the_survivor_is_as_it_was_quoted_to_the_other(service: ServiceHarness) -> None:
    of, other = await account(service), await account(service)
    order = order_of(await offer(service, buyer=other))
    order.account_id = of
    await service.deliver(order.placed())
    await service.deliver(merged(UUID(of), UUID(other)))
    order.placement = 2
    await service.deliver(order.placed())
    assert [(reason, detail) for _order, reason, detail in await answers(service)] == [
        (None, None),
        ("quote-changed", "account"),
    ]


async def test_who_sees_the_root_sees_the_members_below(service: ServiceHarness) -> None:
    await member(service, SELLER, "seller")
    of, other = await account(service, owner_id=SELLER), await account(service)
    own = await joined(service, await programme(service), other)
    headers = service.headers("seller", "sales_rep")
    assert (await service.get(f"/v1/points-accounts/{own}", headers=headers)).status_code == 404
    await service.deliver(merged(UUID(of), UUID(other)))
    assert (await service.get(f"/v1/points-accounts/{own}", headers=headers)).status_code == 200
    assert (await service.get(f"/v1/points-balances/{other}", headers=headers)).status_code == 200
    assert len((await service.get("/v1/points-accounts", headers=headers)).json()["items"]) == 1
