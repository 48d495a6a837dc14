"""Two partners with one customer, a partner and the company: what fires, and what only nearly does."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from kit.clock import business_date
from kit.ids import new_id
from kit.testing.service import ServiceHarness
from services.channels.events_out.conflicts import ConflictOpened
from tests.channels.conflicts.found import (
    confirmed,
    found,
    kinds,
    merged,
    opportunity,
    order,
    returned,
    seller,
    unmerged,
)
from tests.channels.conftest import Days
from tests.channels.deals.claimed import approved, registered
from tests.channels.quotes.offers import OWNER, account, heard_account


async def test_two_partners_of_one_customer_within_ninety_days(service: ServiceHarness) -> None:
    key = new_id()
    await service.deliver(heard_account(key))
    one, two = await seller(service), await seller(service)
    first, second = order(one, key, "Rock", on="2026-03-01"), order(two, key, "rock", "jazz", on="2026-05-30")
    await service.deliver(confirmed(first))
    assert await kinds(service) == []
    await service.deliver(confirmed(second))
    await service.deliver(confirmed(second), confirmed(first))
    (conflict,) = await found(service)
    assert (conflict["kind"], conflict["state"], conflict["severity"]) == ("same_customer", "opened", "medium")
    assert conflict["partner_ids"] == sorted([str(one), str(two)])
    assert conflict["order_ids"] == sorted([str(first.id), str(second.id)])
    assert (conflict["account_id"], conflict["owner_id"], conflict["region"]) == (str(key), str(OWNER), "CN-SH")
    assert (conflict["product_lines"], conflict["value_base"]) == (["jazz", "rock"], 3_000)
    (fact,) = await service.published(ConflictOpened.TYPE)
    assert (fact.key, fact.payload["number"], fact.payload["kind"]) == (
        conflict["id"],
        conflict["number"],
        "same_customer",
    )
    assert conflict["evidence_count"] == 2, "each of the orders, once"


async def test_near_misses_of_one_customer(service: ServiceHarness) -> None:
    key, one, two = new_id(), await seller(service), await seller(service)
    back = order(one, key, "folk")
    await service.deliver(confirmed(order(one, key, "rock", on="2026-03-01")), confirmed(back), returned(back))
    await service.deliver(
        confirmed(order(two, key, "rock", on="2026-05-31")),
        confirmed(order(two, key, "jazz")),
        confirmed(order(two, key, "folk")),
        confirmed(order(two, new_id(), "rock")),
        confirmed(order(one, key, "rock", on="2026-02-20")),
        confirmed(order(None, key, "rock")),
    )
    assert [one["order_ids"] for one in await found(service)] == [], "91 days, another line, wholly returned, another"


async def test_an_order_against_anothers_live_deal(service: ServiceHarness, days: Days) -> None:
    days.on("2026-03-02")
    key = await account(service, name_key="blueharbourtrading", country="CN", tax_id_hash=None, domain_hash=None)
    deal = await registered(service, customer_name="Blue Harbour Trading Co., Ltd.")
    assert deal["account_id"] == key
    mine = await seller(service)
    from_uuid = type(new_id())
    await service.deliver(confirmed(order(mine, from_uuid(key), on="2026-03-01")))
    assert await kinds(service) == [], "before it was registered"
    await service.deliver(confirmed(order(from_uuid(deal["partner_id"]), from_uuid(key), "jazz")))
    assert await kinds(service) == [], "its own order"
    await service.deliver(confirmed(order(mine, from_uuid(key), "folk", on="2026-03-02")))
    (conflict,) = await found(service)
    assert (conflict["kind"], conflict["partner_ids"]) == ("same_customer", sorted([str(mine), deal["partner_id"]]))


async def test_the_company_with_a_customer_under_an_approved_deal(service: ServiceHarness, days: Days) -> None:
    days.on("2026-03-02")
    name = {"name_key": "blueharbourtrading", "country": "CN", "tax_id_hash": None, "domain_hash": None}
    key = type(new_id())(await account(service, **name))
    deal = await registered(service, customer_name="Blue Harbour Trading Co., Ltd.")
    await service.deliver(confirmed(order(None, key)))
    assert await kinds(service) == [], "a claim that is reviewed protects from nobody's own orders"
    days.on("2026-03-03")
    answer = await service.post(
        f"/v1/deals/{deal['id']}/approve", {}, headers=service.headers("director", "sales_director")
    )
    assert answer.json()["protected_until"] == "2026-06-01"
    await service.deliver(
        confirmed(order(None, key, on="2026-06-02")),
        confirmed(order(None, key, on="2026-03-01")),
        confirmed(order(None, key), deal_id=deal["id"]),
        opportunity(key, opened_on="2026-03-01"),
        opportunity(key, partner_id=deal["partner_id"]),
        opportunity(key, state="lost"),
    )
    assert await kinds(service) == [], "outside its window, naming it, the partner's, over"
    opened = opportunity(key)
    await service.deliver(opened, confirmed(order(None, key, on="2026-06-01")))
    again = {**opened.payload, "version": 9, "stage": "later"}
    await service.deliver(opportunity(key, **{name: again[name] for name in ("id", "version", "stage")}))
    (conflict,) = await found(service)
    assert (conflict["kind"], conflict["partner_ids"]) == ("partner_direct", [deal["partner_id"]])
    assert (conflict["evidence_count"], len(conflict["order_ids"])) == (2, 1), "an opportunity counts once"
    evidence = (await service.get(f"/v1/conflicts/{conflict['id']}/evidence")).json()["items"]
    assert [one["subject"] for one in evidence] == ["opportunity", "order"]
    assert evidence[0]["snapshot"]["deals"][0]["number"] == deal["number"]


async def test_an_expired_deal_keeps_its_days(service: ServiceHarness, days: Days) -> None:
    days.on("2026-03-02")
    key = type(new_id())(await account(service, name_key="x", country="CN", tax_id_hash=None, domain_hash=None))
    deal = await approved(service, customer_name="X")
    async with service.transaction() as tx:
        await tx.execute("UPDATE deal SET state = 'expired', due_at = NULL")
    await service.deliver(confirmed(order(None, key, on=deal["protected_until"])))
    assert await kinds(service) == ["partner_direct"]


async def test_merged_accounts_are_one_customer(service: ServiceHarness) -> None:
    kept, other, one, two = new_id(), new_id(), await seller(service), await seller(service)
    today = business_date("Asia/Shanghai")
    long_ago = (today - timedelta(91)).isoformat()
    await service.deliver(
        confirmed(order(one, kept, on=today.isoformat())),
        confirmed(order(two, other, on=today.isoformat())),
        confirmed(order(one, kept, "jazz", on=long_ago)),
        confirmed(order(await seller(service), other, "jazz", on=long_ago)),
    )
    assert await kinds(service) == []
    merge_id = new_id()
    await service.deliver(merged(kept, other, merge_id))
    assert [(each["account_id"], each["evidence_count"]) for each in await found(service)] == [(str(kept), 2)]
    third = await seller(service)
    await service.deliver(confirmed(order(third, other, on=today.isoformat())))
    assert len(await found(service)) == 3, "with each of the two, of the account that both are"
    assert {each["account_id"] for each in await found(service)} == {str(kept)}
    await service.deliver(unmerged(kept, other, merge_id))
    await service.deliver(confirmed(order(await seller(service), kept, on=today.isoformat())))
    assert len(await found(service)) == 4, "with the first one alone: they are two accounts again"


async def test_two_orders_at_once_of_accounts_that_are_one(service: ServiceHarness) -> None:
    kept, other = new_id(), new_id()
    await service.deliver(merged(kept, other))
    pairs = [(await seller(service), await seller(service)) for _ in range(3)]
    for one, two in pairs:
        first, second = confirmed(order(one, kept, str(one))), confirmed(order(two, other, str(one)))
        await asyncio.gather(service.deliver_alone(first), service.deliver_alone(second))
    assert len(await found(service)) == 3
    assert await service.parked() == []
