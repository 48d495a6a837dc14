"""Grades, stages and segments of accounts decide on promotions and prices; accounts that were merged are one."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from kit import clock
from kit.events.envelope import Event
from kit.ids import new_id
from kit.testing.service import ServiceHarness, make_event
from services.customer.events_out.grades import GradeChanged
from services.customer.events_out.lifecycle import LifecycleChanged
from services.customer.events_out.segments import SegmentChanged
from tests.channels.conflicts.found import merged, unmerged
from tests.channels.coupons.handed import handed, with_coupon
from tests.channels.quotes.offers import PATH, account, body, goods, promotion, quoted
from tests.channels.rebates.test_laws import handle

SEGMENT = new_id()
TEN_PERCENT = {"type": "line_rate", "share": 100_000}


def graded(account_id: str, grade: str | None) -> Event:
    payload = {**GradeChanged.EXAMPLE, "account_id": account_id, "stream_key": account_id, "new": grade}
    return make_event(GradeChanged.TYPE, payload, account_id, subject=account_id)


def staged(account_id: str, stage: str) -> Event:
    payload = {**LifecycleChanged.EXAMPLE, "account_id": account_id, "stream_key": account_id}
    return make_event(LifecycleChanged.TYPE, {**payload, "to_stage": stage}, account_id, subject=account_id)


def segmented(version: int, joined: list[str], left: list[str], **changes: Any) -> Event:
    payload = {**SegmentChanged.EXAMPLE, "id": SEGMENT, "version": version, "joined": joined, "left": left}
    return make_event(SegmentChanged.TYPE, {**payload, **changes}, SEGMENT, subject=SEGMENT)


async def discount(service: ServiceHarness, buyer: str) -> int:
    """What comes off one piece of 100.00."""
    answer = await service.post(f"{PATH}/preview", body(buyer, ("CD-ROCK", 1)))
    assert answer.status_code == 200, answer.text
    found: int = answer.json()["discount"]
    return found


async def offered(service: ServiceHarness, **audience: Any) -> str:
    """An account, and 10 % off for an audience."""
    await goods(service)
    await promotion(service, reward=TEN_PERCENT, audience=audience)
    return await account(service)


async def test_high_value_goes_by_the_grade(service: ServiceHarness) -> None:
    buyer = await offered(service, grades=["A"])
    assert await discount(service, buyer) == 0
    first, second = graded(buyer, "A"), graded(buyer, "B")
    await service.deliver(first)
    assert await discount(service, buyer) == 1_000
    await service.deliver(replace(second, time=first.time + timedelta(seconds=1)))
    await service.deliver(replace(first, id=new_id()))
    assert await discount(service, buyer) == 0, "the later one counts, whatever comes again"
    await service.deliver(replace(graded(buyer, None), time=clock.now() + timedelta(minutes=1)))
    assert await discount(service, buyer) == 0


async def test_a_stage_of_life_decides(service: ServiceHarness) -> None:
    buyer = await offered(service, lifecycle_stages=["at_risk"])
    assert await discount(service, buyer) == 0
    await service.deliver(staged(buyer, "at_risk"))
    assert await discount(service, buyer) == 1_000


async def test_segments_follow_their_refreshes(service: ServiceHarness) -> None:
    buyer = await offered(service, segment_ids=[str(SEGMENT)])
    other = str(new_id())
    joined, left = segmented(1, [buyer, other], []), segmented(2, [other], [buyer])
    contacts = segmented(3, [buyer], [], resource="contact")
    await service.deliver(joined)
    assert await discount(service, buyer) == 1_000
    await service.deliver(left, contacts)
    assert await discount(service, buyer) == 0
    await handle(service, replace(joined, id=new_id()))
    assert await discount(service, buyer) == 0, "a refresh that is older says nothing any more"
    await service.deliver(segmented(4, [buyer], []))
    assert await discount(service, buyer) == 1_000


async def test_prices_know_grades_and_segments(service: ServiceHarness) -> None:
    """The most specific entry: segment before grade."""
    prices = {"list": {}, "graded": {"grade": "A"}, "chosen": {"segment_id": str(SEGMENT)}}
    amounts = {"list": 10_000, "graded": 9_000, "chosen": 9_500}
    entries = [
        {
            "code": code,
            "sku": "CD-ROCK",
            "method": "fixed",
            "breaks": [{"min_quantity": 1, "unit_price": amounts[code]}],
            "selector": selector,
        }
        for code, selector in prices.items()
    ]
    await goods(service, *entries)
    buyer = await account(service)

    async def price() -> int:
        (line,) = (await quoted(service, body(buyer, ("CD-ROCK", 1))))["lines"]
        found: int = line["unit_price"]
        return found

    assert await price() == 10_000
    await service.deliver(graded(buyer, "A"))
    assert await price() == 9_000
    await service.deliver(segmented(1, [buyer], []))
    assert await price() == 9_500


@pytest.mark.parametrize("named", ["survivor", "merged"])
async def test_what_names_an_account_holds_for_all_that_are_one_with_it(service: ServiceHarness, named: str) -> None:
    """Promotions, coupons and prices for an account, whichever of the two they name and until the merge ends."""
    accounts = {"survivor": await account(service), "merged": await account(service)}
    of = accounts[named]
    special = {"code": "own", "sku": "CD-JAZZ", "method": "fixed", "breaks": [{"min_quantity": 1, "unit_price": 4_000}]}
    usual = {"code": "all", "sku": "CD-JAZZ", "method": "fixed", "breaks": [{"min_quantity": 1, "unit_price": 5_000}]}
    rock = {"code": "rock", "sku": "CD-ROCK", "method": "fixed", "breaks": [{"min_quantity": 1, "unit_price": 10_000}]}
    await goods(service, special | {"selector": {"account_id": of}}, usual, rock)
    await promotion(service, reward=TEN_PERCENT, audience={"account_ids": [of]})
    coupon = await with_coupon(service, code="WITH-COUPON", group="G-COUPON", audience={"account_ids": [of]})
    code = (await handed(service, coupon, 1))[0]
    ids = UUID(accounts["survivor"]), UUID(accounts["merged"]), new_id()
    await service.deliver(merged(*ids))
    for buyer in accounts.values():
        assert await discount(service, buyer) == 1_000
        sent = body(buyer, ("CD-JAZZ", 1), coupon_codes=[code])
        answer = await service.post(f"{PATH}/preview", sent)
        assert answer.status_code == 200, answer.text
        assert answer.json()["lines"][0]["unit_price"] == 4_000
    await service.deliver(unmerged(*ids))
    other = next(one for one in accounts.values() if one != of)
    assert (await discount(service, of), await discount(service, other)) == (1_000, 0)
    refused = await service.post(f"{PATH}/preview", body(other, ("CD-JAZZ", 1), coupon_codes=[code]))
    assert refused.json()["code"] == "coupon-invalid"


async def test_a_standing_approval_holds_for_all_that_are_one(service: ServiceHarness) -> None:
    survivor, other = await account(service), await account(service)
    await goods(service)
    await service.post("/v1/product-costs", {"sku": "CD-ROCK", "direct_base": 9_900, "valid_from": "2026-01-01"})
    sent = {"account_id": other, "sku": "CD-ROCK", "currency": "USD", "min_unit_net": 9_000, "valid_from": "2026-01-01"}
    granted = await service.post("/v1/price-approvals", sent, headers=service.headers("director", "sales_director"))
    assert granted.status_code == 201, granted.text
    line = {"sku": "CD-ROCK", "quantity": 1, "manual_discount": 400}
    assert (await quoted(service, body(survivor, line)))["state"] == "pending_approval"
    await service.deliver(merged(UUID(survivor), UUID(other)))
    assert (await quoted(service, body(survivor, line)))["state"] == "issued"
