"""Claims that were approved before it was known that their customers are one: both stand, and people decide."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from kit.clock import business_date
from kit.ids import new_id
from kit.testing.service import ServiceHarness
from tests.channels.conflicts.found import (
    PATH,
    act,
    agreed,
    confirmed,
    director,
    found,
    keeping,
    kinds,
    merged,
    order,
    unmerged,
)
from tests.channels.conftest import Days
from tests.channels.deals.claimed import PATH as DEALS
from tests.channels.deals.claimed import approved, partner_of, read, registered
from tests.channels.deals.claimed import director as approver
from tests.channels.deals.test_merges import LOSER, SURVIVOR, pair
from tests.channels.quotes.offers import goods, heard_account


def today(later: int = 0) -> str:
    return (business_date("Asia/Shanghai") + timedelta(later)).isoformat()


async def of_two(service: ServiceHarness, **changes: Any) -> tuple[dict[str, Any], dict[str, Any], UUID, UUID]:
    """Two claims that are protected, each of a partner and on an account of its own, and the accounts."""
    survivor, loser = await pair(service)
    first = await approved(service, customer_name=LOSER, **changes)
    second = await approved(service, customer_name=SURVIVOR, **changes)
    return first, second, survivor, loser


async def test_claims_that_a_merge_joins_are_in_conflict(service: ServiceHarness) -> None:
    first, second, survivor, loser = await of_two(service)
    merge = merged(survivor, loser)
    await service.deliver(merge)
    await service.deliver(merge)
    (conflict,) = await found(service)
    assert (conflict["kind"], conflict["account_id"]) == ("same_customer", str(survivor))
    assert conflict["partner_ids"] == sorted([first["partner_id"], second["partner_id"]])
    assert (conflict["order_ids"], conflict["value_base"], conflict["evidence_count"]) == ([], 0, 1)
    (evidence,) = (await service.get(f"{PATH}/{conflict['id']}/evidence")).json()["items"]
    assert (evidence["subject"], evidence["subject_id"]) == ("deal", second["id"]), "the later of the two"
    assert [one["number"] for one in evidence["snapshot"]["deals"]] == [first["number"], second["number"]]
    after = [await read(service, one) for one in (first, second)]
    assert [one["state"] for one in after] == ["approved"] * 2, "what was approved is kept"
    assert after[1]["protected_until"] == second["protected_until"]


async def test_an_order_of_either_joins_and_a_decision_covers_what_comes(service: ServiceHarness) -> None:
    first, second, survivor, loser = await of_two(service)
    await service.deliver(merged(survivor, loser))
    await service.deliver(confirmed(order(partner_of(second), loser, on=today())))
    (conflict,) = await found(service)
    assert (conflict["evidence_count"], conflict["value_base"]) == (2, 1_000)
    await act(service, conflict, "assess", {"severity": "high", "note": "Both were told that it is theirs."})
    await act(service, conflict, "state", {"statement": "We were first."})
    after = await act(service, conflict, "propose", keeping(valid_from=today(1)))
    await agreed(service, after)
    await service.deliver(confirmed(order(partner_of(first), survivor, on=today(1))))
    assert [one["state"] for one in await found(service)] == ["agreed"]


@pytest.mark.parametrize("what", ["lines", "partner", "waiting", "expired"])
async def test_near_misses_of_claims(service: ServiceHarness, days: Days, what: str) -> None:
    if what == "expired":  # what is heard is of today
        days.on("2026-03-02")
    survivor, loser = await pair(service)
    if what == "lines":
        await goods(service)
    lines = [{"product_lines": ["rock"]}, {"product_lines": ["jazz"]}] if what == "lines" else [{}, {}]
    first = await approved(service, customer_name=LOSER, **lines[0])
    same = {"partner_id": first["partner_id"]} if what == "partner" else {}
    make = registered if what == "waiting" else approved
    second = await make(service, customer_name=SURVIVOR, **lines[1], **same)
    await service.deliver(merged(survivor, loser))
    assert await kinds(service) == []
    if what == "waiting":
        refused = await service.post(f"{DEALS}/{second['id']}/approve", {}, headers=approver(service))
        assert (refused.status_code, refused.json()["code"]) == (409, "duplicate-deal")


async def test_taken_back_both_go_on_and_the_conflict_waits_for_people(service: ServiceHarness) -> None:
    first, second, survivor, loser = await of_two(service)
    merge = new_id()
    await service.deliver(merged(survivor, loser, merge))
    extension = {"days": 30, "evidence": "An offer is out."}
    assert (await service.post(f"{DEALS}/{second['id']}/extend", extension)).status_code == 409, "the first one alone"
    assert (await service.post(f"{DEALS}/{first['id']}/extend", extension)).status_code == 200
    await service.deliver(unmerged(survivor, loser, merge))
    assert (await service.post(f"{DEALS}/{second['id']}/extend", extension)).status_code == 200
    (conflict,) = await found(service)
    gone = await act(service, conflict, "dismiss", {"note": "The merge was a mistake."}, headers=director(service))
    assert gone["state"] == "dismissed"
    await service.deliver(confirmed(order(partner_of(second), survivor, on=today())))
    assert [one["state"] for one in await found(service)] == ["dismissed"], "two customers again"


async def test_an_account_that_turns_out_to_be_the_customer_of_both(service: ServiceHarness) -> None:
    first = await approved(service, customer_name="Blue Harbour", domain="blueharbour.cn")
    second = await approved(service, customer_name="Azure Haven")
    key = new_id()
    known = {"name_key": "azurehaven", "country": "CN", "tax_id_hash": None}
    await service.deliver(heard_account(key, **known, domain_hash=None))
    assert await kinds(service) == []
    async with service.transaction() as tx:
        of_first = await tx.fetchval("SELECT domain_hash FROM deal WHERE id = $1", UUID(first["id"]))
    await service.deliver(heard_account(key, **known, domain_hash=of_first, version=2))
    (conflict,) = await found(service)
    assert conflict["partner_ids"] == sorted([first["partner_id"], second["partner_id"]])
    await service.deliver(heard_account(key, **known, domain_hash=of_first, version=3))
    assert len(await found(service)) == 1


async def test_an_approval_and_the_merge_at_once(service: ServiceHarness) -> None:
    for _ in range(5):
        name = {"country": "CN", "tax_id_hash": None, "domain_hash": None}
        one, two = f"One {new_id().hex}", f"Two {new_id().hex}"
        keys = new_id(), new_id()
        for key, name_key in zip(keys, (one, two), strict=True):
            await service.deliver(heard_account(key, name_key=name_key.lower().replace(" ", ""), **name))
        before = len(await found(service))
        await approved(service, customer_name=one)
        second = await registered(service, customer_name=two)
        answer, _ = await asyncio.gather(
            service.post(f"{DEALS}/{second['id']}/approve", {}, headers=approver(service)),
            service.deliver_alone(merged(*keys)),
        )
        is_refused = answer.status_code == 409
        assert is_refused or answer.status_code == 200, answer.text
        assert (len(await found(service)) - before == 0) is is_refused, "refused, or both hear of it"
    assert await service.parked() == []
