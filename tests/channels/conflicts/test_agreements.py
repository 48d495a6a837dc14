"""Territories, cells and prices that orders break, and what only nearly does."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from kit.clock import business_date
from kit.ids import new_id
from kit.testing.service import ServiceHarness
from services.channels.conflicts.rules import sealed
from tests.channels.agreements.signed import signed
from tests.channels.conflicts.found import confirmed, found, kinds, order, priced, seller
from tests.channels.quotes.offers import heard_account


async def agrees(service: ServiceHarness, **changes: Any) -> UUID:
    """A partner with an agreement."""
    one = await seller(service)
    await service.post("/v1/products", {"sku": "CD-ROCK", "name": "Rock", "product_line": "rock"})
    await signed(service, partner_id=str(one), **{"mode": "all", "exclusivity": "none", **changes})
    return one


async def a_shop(service: ServiceHarness, kind: str) -> str:
    body = {"code": f"S-{new_id().hex}", "name": "Shop", "kind": kind, "is_direct": True, "regions": ["CN"]}
    made: str = (await service.post("/v1/channels", body)).json()["id"]
    return made


async def test_an_order_outside_of_its_partners_territory(service: ServiceHarness) -> None:
    mine, without = await agrees(service, territory=["CN-SH", "JP"]), await seller(service)
    await service.deliver(
        confirmed(order(mine, new_id()), region="CN-SH"),
        confirmed(order(mine, new_id()), region="jp-13"),
        confirmed(order(mine, new_id()), region=None),
        confirmed(order(mine, new_id(), on="2025-12-31"), region="CN-ZJ"),
        confirmed(order(without, new_id()), region="CN-ZJ"),
        confirmed(order(None, new_id()), region="CN-ZJ"),
    )
    assert await kinds(service) == [], "inside, no region, before it holds, no agreement, direct"
    first, again = order(mine, new_id()), order(mine, new_id())
    await service.deliver(confirmed(first, region="CN-S"))
    await service.deliver(confirmed(again, region="CN-S"), confirmed(order(mine, new_id()), region="CN"))
    one, two = await found(service)
    assert {one["kind"], two["kind"]} == {"territory_breach"}
    assert (one["partner_ids"], one["account_id"], one["severity"]) == ([str(mine)], None, "high")
    assert one["order_ids"] == sorted([str(first.id), str(again.id)]), "of the same region it is one conflict"


async def test_goods_for_a_customer_in_anothers_territory(service: ServiceHarness) -> None:
    mine = await agrees(service, territory=["CN-SH"])
    other = await agrees(service, territory=["CN-ZJ"], product_lines=["rock"])
    home, away, nobodys, unknown = (new_id() for _ in range(4))
    await service.deliver(
        heard_account(home, region="CN-SH-01"),
        heard_account(away, region="CN-ZJ-02"),
        heard_account(nobodys, region="CN-BJ"),
        heard_account(unknown, region=None),
    )
    await service.deliver(
        confirmed(order(mine, home)),
        confirmed(order(mine, nobodys)),
        confirmed(order(mine, unknown)),
        confirmed(order(mine, away, "jazz")),
        confirmed(order(mine, away, on="2027-01-01")),
    )
    assert await kinds(service) == [], "inside, nobody's, unknown, another line, after its last day"
    await service.deliver(confirmed(order(mine, away, "Rock")))
    (conflict,) = await found(service)
    assert (conflict["kind"], conflict["partner_ids"]) == ("cross_region", sorted([str(mine), str(other)]))
    answer = (await service.get(f"/v1/conflicts/{conflict['id']}/evidence")).json()
    (evidence,) = answer["items"]
    assert evidence["snapshot"]["agreements"][0]["territory"] == ["CN-ZJ"]
    assert evidence["sha256"] == sealed(evidence["snapshot"])
    assert "cost" not in str(evidence["snapshot"])


@pytest.mark.parametrize("exclusivity", ["sole", "exclusive"])
async def test_an_order_in_anothers_cell(service: ServiceHarness, exclusivity: str) -> None:
    mode = {"territory": ["CN"], "product_lines": ["rock"], "mode": "online"}
    holder = await agrees(service, exclusivity=exclusivity, valid_to="2026-06-30", **mode)
    shop, field = await a_shop(service, "livestream"), await a_shop(service, "dealer")
    other = await seller(service)
    await service.deliver(
        confirmed(order(holder, new_id()), channel_id=shop),
        confirmed(order(other, new_id(), on="2026-07-01"), channel_id=shop),
        confirmed(order(other, new_id(), "jazz"), channel_id=shop),
        confirmed(order(other, new_id()), channel_id=field),
        confirmed(order(other, new_id())),
        confirmed(order(other, new_id()), channel_id=shop, region="JP-13"),
    )
    assert await kinds(service) == [], "its own, the day after, another line, offline, unknown how, elsewhere"
    await service.deliver(confirmed(order(other, new_id(), on="2026-06-30"), channel_id=shop))
    await service.deliver(confirmed(order(None, new_id()), channel_id=shop))
    conflicts = await found(service)
    parties = [sorted([str(holder), str(other)]), [str(holder)]]
    assert [one["partner_ids"] for one in conflicts] == parties[: 1 + (exclusivity == "exclusive")]
    assert {one["kind"] for one in conflicts} == {"exclusivity_breach"}


async def test_a_price_below_what_was_agreed(service: ServiceHarness) -> None:
    """15 % off at most, 1 % of the list tolerated: three pieces of 100.00 for 252.00 at least."""
    mine = await agrees(service, territory=["CN"], max_discount=150_000)
    at = {"quantity": 3, "list_price": 10_000, "discount": 0}
    await service.deliver(
        priced(order(mine, new_id()), unit_price=8_400, **at),
        priced(order(mine, new_id()), unit_price=10_000, **{**at, "discount": 30_000}),
        priced(order(mine, new_id()), unit_price=1, **{**at, "list_price": None}),
        priced(order(await seller(service), new_id()), unit_price=1, **at),
        priced(order(None, new_id()), unit_price=1, **at),
    )
    assert await kinds(service) == [], "equal, a gift, no list price, no agreement, direct"
    await service.deliver(priced(order(mine, new_id()), unit_price=8_399, **at))
    (conflict,) = await found(service)
    assert (conflict["kind"], conflict["partner_ids"]) == ("price_undercut", [str(mine)])
    (evidence,) = (await service.get(f"/v1/conflicts/{conflict['id']}/evidence")).json()["items"]
    (price,) = evidence["snapshot"]["prices"]
    assert (price["unit_price"], price["list_price"], price["max_discount"]) == (8_399, 10_000, 150_000)


async def test_of_two_agreements_the_wider_room_counts(service: ServiceHarness) -> None:
    mine = await agrees(service, territory=["CN"], max_discount=100_000)
    await signed(
        service, partner_id=str(mine), territory=["CN-SH"], mode="all", exclusivity="none", product_lines=["rock"]
    )
    await service.deliver(priced(order(mine, new_id()), quantity=1, list_price=10_000, unit_price=5_000, discount=0))
    assert await kinds(service) == [], "one of them bounds no discount"


async def test_rules_of_the_policy_of_the_day(service: ServiceHarness) -> None:
    rules = {"window_days": 10, "tolerance": 0, "severities": {"same_customer": "low"}}
    body = {"kind": "conflict", "valid_from": "2026-01-01", "rules": rules, "reason": "Short cycles"}
    past = await service.request("PUT", "/v1/channel-policies", body, headers=service.headers(If_Match='"1"'))
    assert (past.status_code, past.json()["code"]) == (422, "policy-in-past")
    headers = service.headers(If_Match='"1"')
    body["valid_from"] = business_date("Asia/Shanghai").isoformat()
    made = await service.request("PUT", "/v1/channel-policies", body, headers=headers)
    assert (made.status_code, made.json()["version"]) == (200, 2), made.text
    assert made.json()["rules"]["severities"]["cross_region"] == "high"
    again = await service.request("PUT", "/v1/channel-policies", body, headers=headers)
    assert again.status_code == 412
    listed = (await service.get("/v1/channel-policies?kind=conflict")).json()["items"]
    assert [one["version"] for one in listed] == [2, 1]
    key = new_id()
    await service.deliver(confirmed(order(await seller(service), key, on="2026-03-01")))
    await service.deliver(confirmed(order(await seller(service), key, on="2026-03-12")))
    assert await kinds(service) == []
    await service.deliver(confirmed(order(await seller(service), key, on="2026-03-20")))
    assert [one["severity"] for one in await found(service)] == ["low"]
