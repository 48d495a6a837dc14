"""Points are redeemed by quotes, reserved with terms from what expires first, used, and given back."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from kit.events.rebuild import rebuild
from kit.testing.service import ServiceHarness
from services.channels.events_out.points import PointsExpired, PointsRedeemed, PointsReversed
from services.channels.events_out.quotes import QuoteIssued
from services.channels.events_out.terms import TermsCommitted, TermsReserved
from tests.channels.conftest import Days
from tests.channels.points.spent import WORTH, buckets, earned, lots, now, paid, two_lots
from tests.channels.points.test_points import (
    PROGRAMMES,
    Sale,
    a_member,
    adjusted,
    entries,
    joined,
    programme,
    standing,
    work_dues,
)
from tests.channels.quotes.offers import PATH, account, body, cost, goods, in_yuan, quoted
from tests.channels.rebates.test_laws import logged, publish_all, wrong_findings
from tests.channels.terms.orders import answers, order_of, reservations

__all__ = ["logged"]


async def test_first_what_expires_first_and_back_to_where_it_came_from(logged: ServiceHarness, days: Days) -> None:
    """300 (to 03-31), 500 (to 06-30): 400 on 03-01 are 300 + 100; 200 back on 04-10: 100 to 06-30, 100 to 05-10."""
    service = logged
    of, member = await two_lots(service, days)
    order = await paid(service, of, 400)
    assert await standing(service, member) == (800, 800), "a quote reserves nothing"
    heard = [now(order.placed())]
    await service.deliver(*heard)
    (said,) = await service.published(PointsRedeemed.TYPE)
    assert (said.key, said.subject) == (of, member)
    assert [(lot["points"], lot["expires_on"]) for lot in said.payload["lots"]] == [
        (300, "2026-03-31"),
        (100, "2026-06-30"),
    ]
    assert [said.payload[name] for name in ("points", "value_base", "balance_after")] == [400, 400, 400]
    assert said.payload["lines"] == [{"line_no": 1, "quantity": 2, "points": 400}]
    (reserved,) = await service.published(TermsReserved.TYPE)
    assert reserved.payload["points"] == 400
    assert await buckets(service) == {"issued": -800, "available": 400, "reserved": 400}
    days.on("2026-04-02")
    await work_dues(service)
    assert await service.published(PointsExpired.TYPE) == [], "what is reserved does not expire"
    heard.append(now(order.confirmed()))
    await service.deliver(heard[-1])
    (committed,) = await service.published(TermsCommitted.TYPE)
    assert committed.payload["points"]["points"] == 400
    assert await buckets(service) == {"issued": -800, "available": 400, "redeemed": 400}
    days.on("2026-04-10")
    heard.append(now(order.returned(l1=1)))
    await service.deliver(heard[-1])
    (back,) = await service.published(PointsReversed.TYPE)
    assert [(lot["points"], lot["expires_on"]) for lot in back.payload["lots"]] == [
        (100, "2026-06-30"),
        (100, "2026-05-10"),
    ]
    assert (back.payload["is_earned"], back.payload["reason"]) == (False, "returned")
    assert await lots(service) == [(100, "2026-05-10"), (500, "2026-06-30")]
    days.on("2026-05-10", hour=23)
    await work_dues(service)
    days.on("2026-05-11")
    await work_dues(service)
    assert await lots(service) == [(500, "2026-06-30")]
    assert [one[:2] for one in await entries(service, member)][2:] == [
        ("redeemed", -400), ("reversed", 200), ("expired", -100),
    ]  # fmt: skip
    await publish_all(service, heard)
    assert not [one for one in await wrong_findings(service) if "earn" not in one]
    report = await rebuild(service.runtime.db, service.runtime.bus, service.subscriptions, "terms")
    assert report.equal, report.as_dict()


async def test_points_go_over_the_lines_by_net_below_the_floor_too(service: ServiceHarness, days: Days) -> None:
    of, _member = await two_lots(service, days)
    await goods(service)
    for sku, amount in (("CD-ROCK", 10_000), ("CD-JAZZ", 5_000)):
        await cost(service, sku, amount)
    quote = await quoted(service, body(of, ("CD-JAZZ", 1), ("CD-ROCK", 1), ("CD-JAZZ", 1), points=101))
    assert [line["points_discount"] for line in quote["lines"]] == [25, 51, 25]
    assert [line["discount"] for line in quote["lines"]] == [25, 51, 25]
    assert (quote["state"], quote["points"], quote["points_value"], quote["net"]) == ("issued", 101, 101, 19_899)
    trace = (await service.get(f"{PATH}/{quote['id']}/trace")).json()
    assert trace["lines"][1]["steps"][-1] == {
        "step": "points", "code": "", "version": 0, "before": 10_000, "after": 9_949,
    }  # fmt: skip
    (said,) = await service.published(QuoteIssued.TYPE)
    assert said.payload["points"] == 101
    preview = await service.post(f"{PATH}/preview", body(of, ("CD-ROCK", 1), points=800))
    assert (preview.json()["points"], preview.json()["net"]) == (800, 9_200)


@pytest.mark.parametrize(
    ("changes", "code", "detail"),
    [
        ({"points": 801}, "points-short", "800 may be used"),
        ({"points": 1, "currency": "CNY"}, "points-short", "0 may be used"),
        ({"points": 501, "lines": [("CD-JAZZ", 1)]}, "points-unfit", "at most 500"),
    ],
)
async def test_points_that_cannot_be_redeemed(
    service: ServiceHarness, days: Days, changes: dict[str, Any], code: str, detail: str
) -> None:
    of, _member = await two_lots(service, days)
    await goods(service)
    await in_yuan(service)
    found = (await service.get(PROGRAMMES)).json()["items"][0]
    share = await service.patch(f"{PROGRAMMES}/{found['id']}", {"max_share": 100_000}, found["version"])
    assert share.status_code == 200, share.text
    lines = changes.pop("lines", [("CD-ROCK", 3)])
    answer = await service.post(PATH, body(of, *lines, **changes))
    assert (answer.status_code, answer.json()["code"]) == (422, code), answer.text
    assert answer.json()["errors"] == [{"pointer": "/points", "code": code, "detail": detail}]


async def test_points_that_are_worth_nothing_or_locked_or_nobodys(service: ServiceHarness, days: Days) -> None:
    days.on("2026-03-01")
    await goods(service)
    of, _member = await a_member(service, lock_days=7, worth={"USD": 50})
    await earned(service, days, of, 10, "2026-03-01")
    for points, day, code in ((10, "2026-03-07", "points-short"), (1, "2026-03-08", "points-unfit")):
        days.on(day)
        answer = await service.post(PATH, body(of, ("CD-ROCK", 1), points=points))
        assert (answer.status_code, answer.json()["code"]) == (422, code), answer.text
    assert (await quoted(service, body(of, ("CD-ROCK", 1), points=9)))["points_value"] == 4, "rounded down"
    none = await service.post(PATH, body(await account(service), ("CD-ROCK", 1), points=1))
    assert none.json()["code"] == "points-short"


async def test_of_several_programmes_the_first_that_has_enough_or_the_one_that_is_named(
    service: ServiceHarness, days: Days
) -> None:
    days.on("2026-03-01")
    await goods(service)
    of = await account(service)
    second = await programme(service, code="B", points=2, **WORTH)
    first = await programme(service, code="A", **WORTH)
    members = [await joined(service, one, of) for one in (first, second)]
    await earned(service, days, of, 100, "2026-03-01")
    for points, named, expected in ((100, None, 0), (101, None, 1), (100, second, 1)):
        asked = {"points": points, "points_programme_id": named}
        quote = await quoted(service, body(of, ("CD-ROCK", 1), **asked))
        assert quote["points_account_id"] == members[expected], (points, named)
    short = await service.post(PATH, body(of, ("CD-ROCK", 1), points=101, points_programme_id=first))
    assert short.json()["code"] == "points-short"


async def test_of_orders_at_once_one_has_the_points(logged: ServiceHarness, days: Days) -> None:
    service = logged
    of, member = await two_lots(service, days)
    orders = [await paid(service, of, 500) for _ in range(5)]
    events = [now(order.placed()) for order in orders]

    async def heard(number: int) -> None:
        async with service.transaction() as tx:
            await service.subscriptions.lane("core").handle(service.work(tx), [events[number]])

    await asyncio.gather(*(heard(number) for number in range(5)))
    reasons = [reason for _order, reason, _detail in await answers(service)]
    assert sorted(map(str, reasons)) == ["None", *["points-short"] * 4]
    assert (await standing(service, member))[0] == 300
    assert sorted(row["points"] for row in await reservations(service)) == [0, 0, 0, 0, 500]


async def test_of_orders_of_a_batch_the_later_finds_what_the_earlier_left(service: ServiceHarness, days: Days) -> None:
    of, member = await two_lots(service, days)
    orders = [await paid(service, of, points) for points in (500, 301, 300)]
    await service.deliver(*(now(order.placed()) for order in orders))
    said = {order_id: reason for order_id, reason, _detail in await answers(service)}
    assert [said[str(order.id)] for order in orders] == [None, "points-short", None]
    assert (await standing(service, member))[0] == 0


@pytest.mark.parametrize("how", ["cancelled", "held", "superseded"])
async def test_what_is_freed_goes_back_and_lives_on(service: ServiceHarness, days: Days, how: str) -> None:
    of, member = await two_lots(service, days)
    order = await paid(service, of, 400, valid_days=90)
    await service.deliver(now(order.placed()))
    days.on("2026-04-10")
    await work_dues(service)
    if how == "superseded":
        order.placement = 2
        await service.deliver(now(order.placed()))
        assert [row["points"] for row in await reservations(service)] == [400, 400]
        assert await lots(service) == [(400, "2026-06-30")], "taken anew, of what lives on first"
    else:
        await service.deliver(now(order.cancelled() if how == "cancelled" else order.held()))
        assert await lots(service) == [(300, "2026-05-10"), (500, "2026-06-30")]
        assert await standing(service, member) == (800, 800)
    (back,) = await service.published(PointsReversed.TYPE)
    assert (back.payload["reason"], back.payload["points"]) == (how, 400)


async def test_what_remains_of_an_ended_lot_does_not_live_on(service: ServiceHarness, days: Days) -> None:
    of, _member = await two_lots(service, days)
    order = await paid(service, of, 200)
    await service.deliver(now(order.placed()))
    days.on("2026-04-10")
    await service.deliver(now(order.cancelled()))
    assert await lots(service) == [(200, "2026-05-10"), (500, "2026-06-30")]
    (said,) = await service.published(PointsExpired.TYPE)
    assert said.payload["points"] == 100, "also when nobody had looked at what is due"


async def test_a_confirmed_order_uses_what_is_still_there(logged: ServiceHarness, days: Days) -> None:
    service = logged
    of, member = await two_lots(service, days)
    order = await paid(service, of, 400)
    heard = [now(order.placed()), now(order.held())]
    await service.deliver(*heard)
    assert (await adjusted(service, member, -500)).status_code == 200
    heard.append(now(order.confirmed()))
    await service.deliver(heard[-1])
    (row,) = await reservations(service)
    assert (row["state"], row["is_overdrawn"]) == ("committed", True)
    assert await buckets(service) == {"issued": -300, "redeemed": 300}
    heard.append(now(order.returned(l1=1)))
    await service.deliver(heard[-1])
    assert await standing(service, member) == (150, 150)
    await publish_all(service, heard)
    assert not [one for one in await wrong_findings(service) if "earn" not in one]
    report = await rebuild(service.runtime.db, service.runtime.bus, service.subscriptions, "terms")
    assert report.equal, report.as_dict()


async def test_a_confirmed_order_that_finds_no_points_uses_none(logged: ServiceHarness, days: Days) -> None:
    service = logged
    of, member = await two_lots(service, days)
    order = await paid(service, of, 400)
    heard = [now(order.placed()), now(order.held())]
    await service.deliver(*heard)
    assert (await adjusted(service, member, -800)).status_code == 200
    later = [now(order.confirmed()), now(order.returned(l1=1))]
    await service.deliver(*later)
    assert await buckets(service) == {}
    await publish_all(service, [*heard, *later])
    assert not [one for one in await wrong_findings(service) if "earn" not in one]


async def test_what_is_given_back_settles_what_is_owed_first(service: ServiceHarness, days: Days) -> None:
    days.on("2026-03-01")
    of, member = await a_member(service, **WORTH)
    sale = Sale(of, (1, 400_000))
    await service.deliver(sale.fulfilled())
    order = await paid(service, of, 400)
    await service.deliver(now(order.placed()), now(order.confirmed()), sale.returned(1))
    assert await standing(service, member) == (-400, 0)
    await service.deliver(now(order.returned(l1=1)), now(order.returned(l1=2)), now(order.returned(l1=2)))
    assert await standing(service, member) == (0, 0)
    assert await lots(service) == []


async def test_worth_counts_for_quotes_from_then_on(service: ServiceHarness, days: Days) -> None:
    of, _member = await two_lots(service, days)
    order = await paid(service, of, 100)
    found = (await service.get(PROGRAMMES)).json()["items"][0]
    changed = await service.patch(f"{PROGRAMMES}/{found['id']}", {"worth": {"USD": 200}}, found["version"])
    assert changed.json()["worth"] == {"USD": 200}
    await service.deliver(now(order.placed()))
    assert [reason for _order, reason, _detail in await answers(service)] == [None]
    assert (await quoted(service, body(of, ("CD-ROCK", 1), points=100)))["points_value"] == 200
    none = await service.patch(f"{PROGRAMMES}/{found['id']}", {"worth": {"USD": 0}}, 2)
    assert none.status_code == 422


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE points_use SET returned = 1",
        "UPDATE points_use SET points = points + 1",
        "UPDATE points_use_lot SET points = points + 1 WHERE ordinal = 1",
        "DELETE FROM points_use",
        "UPDATE terms_reservation SET points = points + 1",
    ],
)
async def test_damaged_redemptions_are_found(logged: ServiceHarness, days: Days, damage: str) -> None:
    service = logged
    of, _member = await two_lots(service, days)
    event = now((await paid(service, of, 400)).placed())
    await service.deliver(event)
    await publish_all(service, [event])
    assert not [one for one in await wrong_findings(service) if "earn" not in one]
    async with service.transaction() as tx:
        assert await tx.execute(damage) == 1
    assert [one for one in await wrong_findings(service) if "earn" not in one]


async def test_an_order_that_was_quoted_with_points_is_as_quoted(service: ServiceHarness, days: Days) -> None:
    of, _member = await two_lots(service, days)
    order = order_of(await quoted_with_two_lines(service, of))
    order.lines[0] = (*order.lines[0][:3], order.lines[0][3] + 1)
    await service.deliver(now(order.placed()))
    assert [(reason, detail) for _order, reason, detail in await answers(service)] == [("quote-changed", "line")]
    assert await buckets(service) == {"issued": -800, "available": 800}


async def quoted_with_two_lines(service: ServiceHarness, of: str) -> dict[str, Any]:
    await goods(service)
    return await quoted(service, body(of, ("CD-ROCK", 1), ("CD-JAZZ", 1), points=300))
