"""Who may override what: not an order of their own, and nothing whose terms were refused."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from httpx import Response

from kit.events.rebuild import rebuild
from kit.testing.service import ServiceHarness
from services.risk.events_out import CreditRefused, CreditReleased, CreditReserved
from services.risk.verify import verify
from tests.risk.conftest import Order, balance, open_account
from tests.risk.credit.test_handlers import facts, order_row
from tests.risk.credit.test_laws import logged, publish_all

__all__ = ["logged"]
LIMIT = 1000


async def override(
    service: ServiceHarness, order: Order, by: str = "risk-01", placement: int | None = None
) -> Response:
    body = {
        "order_id": str(order.id),
        "placement": order.placement if placement is None else placement,
        "decision": "override",
        "reason": "guarantee",
    }
    return await service.post("/v1/credit-decisions", body, headers=service.headers(by, "risk_officer"))


async def asked(service: ServiceHarness, gross: int, **changes: Any) -> Order:
    """An order that was placed: up to the limit it holds credit, above it stands refused."""
    order = Order(await open_account(service, LIMIT), gross)
    await service.deliver(order.placed(**changes))
    return order


async def test_refused_terms_free_what_the_rule_reserved(service: ServiceHarness) -> None:
    order = await asked(service, 500)
    held = order.held()
    await service.deliver(held)
    assert await facts(service, order) == [("reserved", 500), ("released", 500)]
    (said,) = [event.payload for event in await service.published(CreditReleased.TYPE)]
    assert (said["reason"], said["cause"], said["placement"]) == ("superseded", "check_refused", 1)
    assert said["source_event_id"] == str(held.id)
    row = await order_row(service, order)
    assert (row["state"], row["reserved"], row["exposure"], row["terms_refused"]) == ("superseded", 0, 0, 1)
    assert await balance(service, order.account_id) == 0


@pytest.mark.parametrize("gross", [500, 2000])
async def test_nobody_overrides_after_refused_terms(service: ServiceHarness, gross: int) -> None:
    order = await asked(service, gross)
    await service.deliver(order.held())
    answer = await override(service, order)
    assert (answer.status_code, answer.json()["code"], answer.json()["placement"]) == (409, "terms-refused", 1)
    assert await balance(service, order.account_id) == 0


async def test_each_further_hold_of_a_placement_says_nothing_more(service: ServiceHarness) -> None:
    order = await asked(service, 500)
    refused, dropped = order.held(), order.held(reason="released", shortfall=0)
    await service.deliver(refused, refused, dropped)
    async with service.transaction() as tx:
        await tx.execute("DELETE FROM inbox")
    await service.deliver(refused, dropped)
    assert await facts(service, order) == [("reserved", 500), ("released", 500)]
    assert await service.parked() == []


@pytest.mark.parametrize("check", ["credit", None])
async def test_a_hold_of_credit_frees_nothing(service: ServiceHarness, check: str | None) -> None:
    order = await asked(service, 2000)
    await service.deliver(order.held(check=check))
    assert (await order_row(service, order))["state"] == "refused"
    assert (await override(service, order)).status_code == 201
    await service.deliver(order.held(check=check))
    assert await balance(service, order.account_id) == 2000


async def test_refused_terms_after_an_override_free_nothing(service: ServiceHarness) -> None:
    order = await asked(service, 2000)
    assert (await override(service, order)).status_code == 201
    await service.deliver(order.held())
    assert await balance(service, order.account_id) == 2000
    assert (await order_row(service, order))["state"] == "reserved"
    await service.deliver(order.placed(2, gross_base=600))
    assert await balance(service, order.account_id) == 600


@pytest.mark.parametrize(("gross", "answer"), [(500, "reserved"), (2000, "refused")])
async def test_terms_that_were_refused_before_the_placement_was_heard_of(
    service: ServiceHarness, gross: int, answer: str
) -> None:
    """The placement is answered all the same, once, and holds nothing."""
    order = Order(await open_account(service, LIMIT), gross)
    placed, held = order.placed(), order.held()
    await service.deliver(held)
    await service.deliver(placed, held, placed)
    freed = gross if answer == "reserved" else 0
    assert await facts(service, order) == [("released", 0), (answer, gross), ("released", freed)]
    row = await order_row(service, order)
    assert (row["state"], row["reserved"], row["exposure"]) == ("superseded", 0, 0)
    assert (await override(service, order)).json()["code"] == "terms-refused"


async def test_the_next_placement_is_decided_and_overridden_anew(service: ServiceHarness) -> None:
    order = await asked(service, 500)
    first = order.held()
    await service.deliver(first, order.placed(2, gross_base=3000))
    late = order.held(placement=1, reason="released")
    await service.deliver(late)
    assert (await order_row(service, order))["state"] == "refused"
    assert (await override(service, order)).status_code == 201
    await service.deliver(order.held(placement=1, reason="released"))
    assert await balance(service, order.account_id) == 3000


async def test_an_override_and_refused_terms_at_once(service: ServiceHarness) -> None:
    """Whichever comes first holds: never both, and the ledger is the same fold."""
    for _ in range(5):
        order = await asked(service, 2000)
        answer, _none = await asyncio.gather(override(service, order), service.deliver_alone(order.held()))
        released = answer.status_code == 201
        assert released or answer.json()["code"] == "terms-refused"
        assert await balance(service, order.account_id) == (2000 if released else 0)


async def test_nobody_overrides_the_refusal_of_an_order_of_their_own(service: ServiceHarness) -> None:
    order = await asked(service, 2000, placed_by="risk-01")
    assert (await order_row(service, order))["placed_by"] == "risk-01"
    (said,) = [event.payload for event in await service.published(CreditRefused.TYPE)]
    assert said["placed_by"] == "risk-01"
    answer = await override(service, order, "risk-01")
    assert (answer.status_code, answer.json()["code"]) == (403, "same-person")
    assert await balance(service, order.account_id) == 0
    assert (await override(service, order, "risk-02")).status_code == 201
    (reserved,) = [event.payload for event in await service.published(CreditReserved.TYPE)]
    assert (reserved["placed_by"], reserved["approved_by"]) == ("risk-01", "risk-02")


async def test_who_places_it_again_is_who_may_not_override(service: ServiceHarness) -> None:
    order = await asked(service, 2000, placed_by="risk-01")
    await service.deliver(order.placed(2, placed_by="risk-02"))
    assert (await override(service, order, "risk-02")).json()["code"] == "same-person"
    assert (await override(service, order, "risk-01")).status_code == 201


async def test_who_placed_it_may_be_unsaid(service: ServiceHarness) -> None:
    order = await asked(service, 2000, placed_by=None)
    assert (await order_row(service, order))["placed_by"] is None
    assert (await override(service, order)).status_code == 201


async def test_the_ledger_is_rebuilt_equal_and_verified(logged: ServiceHarness) -> None:
    service = logged
    account_id = await open_account(service, LIMIT)
    terms = {"terms_days": 15, "reason": "test"}
    assert (await service.patch(f"/v1/credit-profiles/{account_id}", terms, 2)).status_code == 200
    freed, patient = Order(account_id, 500), Order(account_id, 100)
    heard = [freed.placed(payment_terms_days=15), freed.held(), patient.placed(payment_terms_days=16)]
    await service.deliver(*heard)
    assert await facts(service, patient) == [("refused", 100)]
    await publish_all(service, heard)
    report = await rebuild(service.runtime.db, service.runtime.bus, service.subscriptions, "exposure")
    assert report.equal, report.as_dict()
    findings = {finding.check: finding for finding in await verify(service.runtime.db, service.runtime.bus)}
    assert all(finding.ok for finding in findings.values()), findings


async def test_an_officer_releases_only_the_placement_that_they_judged(service: ServiceHarness) -> None:
    """The order grows between what the officer has read and their word."""
    order = await asked(service, LIMIT + 1)
    await service.deliver(order.placed(2, gross_base=1_000_000))
    late = await override(service, order, placement=1)
    standing = {"state": "refused", "placement": 2, "amount": 1_000_000}
    assert (late.status_code, late.json()["code"]) == (409, "placement-changed")
    assert {name: late.json()[name] for name in standing} == standing
    unnamed = {"order_id": str(order.id), "decision": "override", "reason": "guarantee"}
    answer = await service.post("/v1/credit-decisions", unnamed, headers=service.headers("risk-01", "risk_officer"))
    assert (answer.status_code, answer.json()["code"]) == (409, "placement-changed"), "without one it is the first"
    assert await balance(service, order.account_id) == 0
    assert not await service.published(CreditReserved.TYPE)
    seen = await override(service, order, placement=2)
    assert (seen.status_code, seen.json()["placement"], seen.json()["amount"]) == (201, 2, 1_000_000)
