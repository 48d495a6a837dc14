"""What orders and returns do to rebates of flat, lump, growth and mix programmes."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from kit.events.rebuild import rebuild
from kit.ids import new_id
from kit.testing.service import ServiceHarness, codes
from services.channels.events_out import RebateAccrued, RebateProgrammePublished
from tests.channels.conftest import Order, partner, programme, publish
from tests.channels.rebates.test_handlers import accounts
from tests.channels.rebates.test_laws import logged, publish_all, wrong_findings

__all__ = ["logged"]
GROWTH = {"kind": "growth", "period": "year", "tiers": [{"start": 100_000, "rate": 10_000}]}
MIX = {"kind": "mix", "period": "year", "tiers": [{"start": 250_000, "rate": 10_000}], "focus_lines": ["rock"]}
NOBODY = {"partner_id": str(new_id()), "amount": 1}


async def amounts(service: ServiceHarness) -> list[int]:
    return [fact.payload["amount"] for fact in await service.published(RebateAccrued.TYPE)]


async def test_growth_over_the_year_before(service: ServiceHarness) -> None:
    """What the partner sold then; it stays as the account opened. Nobody without it is eligible."""
    partner_id, newcomer = await partner(service), await partner(service, "P-2")
    before = [Order(partner_id, [("rock", 60_000_000)], date(2025, 5, 1)), Order(newcomer, [("rock", 5)])]
    await service.deliver(before[0].confirmed())
    await service.deliver(before[0].returned(("rock", 10_000_000)))
    async with service.transaction() as tx:
        await tx.execute("UPDATE sale_line SET returned_net_base = 10000000")
    await publish(service, **GROWTH)
    await publish(service, **GROWTH, name="On growth", basis="growth")
    await service.deliver(Order(partner_id, [("rock", 54_999_999)]).confirmed())
    assert await amounts(service) == [0, 0]
    late = Order(partner_id, [("rock", 7_000_000)], date(2025, 6, 1))
    await service.deliver(late.confirmed())
    await service.deliver(Order(partner_id, [("rock", 1)]).confirmed())
    assert sorted((await amounts(service))[2:]) == [50_000, 550_000]
    assert {one["baseline"] for one in await accounts(service)} == {50_000_000}
    await service.deliver(Order(newcomer, [("rock", 10**9)]).confirmed())
    assert (await amounts(service))[4:] == [0, 0]
    assert [one["baseline"] for one in await accounts(service, partner_id=newcomer)] == [None, None]
    assert await service.parked() == []


async def test_growth_over_a_baseline_that_was_entered(service: ServiceHarness) -> None:
    partner_id = await partner(service)
    entered = [{"partner_id": str(partner_id), "amount": 50_000_000}]
    await publish(service, **GROWTH, baselines=entered)
    await service.deliver(Order(partner_id, [("rock", 55_000_000)]).confirmed())
    (fact,) = await service.published(RebateAccrued.TYPE)
    assert (fact.payload["amount"], fact.payload["basis"], fact.payload["baseline"]) == (550_000, "all", 50_000_000)
    (said,) = await service.published(RebateProgrammePublished.TYPE)
    assert said.payload["baselines"] == entered


async def test_mix_follows_focus_and_all(service: ServiceHarness) -> None:
    """300,000 of 1,000,000 give 10,000.00; 80,000 of focus back (23.9 %): -10,000.00."""
    partner_id = await partner(service)
    await publish(service, **MIX)
    order = Order(partner_id, [("rock", 30_000_000), ("jazz", 70_000_000)])
    await service.deliver(order.confirmed())
    await service.deliver(order.returned(("rock", 8_000_000)))
    assert await amounts(service) == [1_000_000, -1_000_000]
    (account,) = await accounts(service)
    assert (account["position"], account["focus"], account["accrued"]) == (92_000_000, 22_000_000, 0)


async def test_all_kinds_are_verified_and_rebuilt(logged: ServiceHarness) -> None:
    service = logged
    partner_id = await partner(service)
    before = Order(partner_id, [("rock", 500)], date(2025, 5, 1))
    await service.deliver(before.confirmed())
    await publish(service, name="flat", kind="flat", tiers=[{"start": 0, "rate": 18_000}])
    lump = [{"start": 0, "amount": 0}, {"start": 1_000, "amount": 77}]
    await publish(service, name="lump", kind="lump", tiers=lump)
    await publish(service, **GROWTH)
    await publish(service, **MIX)
    order, other = Order(partner_id, [("rock", 800), ("jazz", 301)]), Order(partner_id, [("jazz", 4_000)])
    heard = [order.confirmed(), other.confirmed(), order.returned(("rock", 300)), order.returned(("rock", 500))]
    await service.deliver(*heard)
    assert len(await amounts(service)) == 16
    assert await service.parked() == []
    await publish_all(service, [before.confirmed(), *heard])
    of_rebates = [one for one in await wrong_findings(service) if str(before.id) not in one]
    assert of_rebates == []
    report = await rebuild(service.runtime.db, service.runtime.bus, service.subscriptions, "rebates")
    different = [table for table in report.tables if table.table != "rebate_posting"]
    assert report.equal, different


@pytest.mark.parametrize(
    ("changes", "code", "pointer"),
    [
        ({"kind": "flat"}, "tier-plan-invalid", "/tiers/1/start"),
        ({"kind": "lump"}, "tier-plan-invalid", "/tiers/0/amount"),
        ({"basis": "all"}, "terms-invalid", "/basis"),
        ({"kind": "mix"}, "tier-plan-invalid", ""),
        ({**MIX, "focus_lines": None}, "terms-invalid", "/focus_lines"),
        ({**MIX, "focus_lines": []}, "invalid", "/focus_lines"),
        ({**MIX, "product_lines": ["jazz"]}, "terms-invalid", "/focus_lines"),
        ({"focus_lines": ["rock"]}, "terms-invalid", "/focus_lines"),
        ({**GROWTH, "basis": "half"}, "invalid", "/basis"),
        ({**GROWTH, "baselines": [NOBODY]}, "unknown-reference", "/baselines/0/partner_id"),
        ({**GROWTH, "baselines": [NOBODY | {"amount": 0}]}, "invalid", "/baselines/0/amount"),
    ],
)
async def test_terms_that_do_not_fit_are_named(
    service: ServiceHarness, changes: dict[str, Any], code: str, pointer: str
) -> None:
    answer = await service.post("/v1/rebate-programmes", programme(**changes))
    if changes == {"kind": "mix"}:
        assert answer.status_code == 422
    else:
        assert (answer.status_code, answer.json()["code"], codes(answer.json())) == (422, code, [pointer])
