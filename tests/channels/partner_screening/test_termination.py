"""A partner that sells no more: nothing is in force, nothing open, and what it earned is settled."""

from __future__ import annotations

import asyncio

from kit.testing.service import ServiceHarness
from services.channels.events_out.deals import DealWithdrawn
from services.channels.events_out.partners import PartnerTerminated
from services.channels.events_out.rebates import RebateAccrued
from tests.channels.agreements.signed import director, drafted, proposed, sign, signed
from tests.channels.conftest import Days, Order, partner, publish
from tests.channels.deals.claimed import DEAL, PATH, registered
from tests.channels.quotes.offers import heard_rate

ENDED = {"reason": "contract_ended", "note": "as agreed"}


async def test_agreements_end_first_deals_are_withdrawn(service: ServiceHarness, days: Days) -> None:
    days.on("2026-03-01")
    await service.deliver(heard_rate("CNY", "0.137"))
    partner_id = await partner(service)
    path, terminate = f"/v1/partners/{partner_id}", f"/v1/partners/{partner_id}/terminate"
    agreement = await signed(service, partner_id=str(partner_id))
    deal = await registered(service, partner_id=str(partner_id))
    manager = service.headers("manager", "channel_manager")
    assert (await service.post(terminate, ENDED, headers=manager)).status_code == 403
    number = (await service.get(agreement)).json()["number"]
    refused = await service.post(terminate, ENDED)
    assert (refused.status_code, refused.json()["code"], refused.json()["numbers"]) == (
        409,
        "agreements-in-force",
        [number],
    )
    assert (await service.get(f"{PATH}/{deal['id']}")).json()["state"] == "registered"
    ended = {"reason": "left", "terminated_on": "2026-03-02", "for_cause": True}
    assert (await service.post(f"{agreement}/terminate", ended, headers=director(service))).is_success
    assert (await service.post(terminate, ENDED)).json()["code"] == "agreements-in-force", "for one more day"
    days.on("2026-03-02")
    answer = await service.post(terminate, ENDED)
    assert (answer.status_code, answer.json()["state"]) == (200, "terminated"), answer.text
    (fact,) = await service.published(PartnerTerminated.TYPE)
    assert (fact.payload["state"], fact.payload["reason"], fact.payload["business_date"], fact.payload["changed"]) == (
        "terminated",
        "contract_ended",
        "2026-03-02",
        ["state"],
    )
    (withdrawn,) = await service.published(DealWithdrawn.TYPE)
    assert (withdrawn.subject, withdrawn.payload["reason"]) == (deal["id"], "partner_terminated")
    late = await service.patch(path, {"name": "Other"}, answer.json()["version"])
    assert (late.status_code, late.json()["code"]) == (409, "partner-state")
    other = await service.post(PATH, DEAL | {"partner_id": str(partner_id), "customer_name": "Late Buyer"})
    assert (other.status_code, other.json()["code"]) == (422, "partner-inactive")


async def test_what_it_earned_is_still_settled(service: ServiceHarness, days: Days) -> None:
    days.on("2026-03-01")
    await publish(service)
    partner_id = await partner(service)
    assert (await service.post(f"/v1/partners/{partner_id}/terminate", ENDED)).is_success
    await service.deliver(Order(partner_id, [("rock", 20_000)]).confirmed())
    (earned,) = await service.published(RebateAccrued.TYPE)
    assert earned.payload["partner_id"] == str(partner_id)


async def test_nothing_is_signed_with_a_partner_that_was_terminated(service: ServiceHarness, days: Days) -> None:
    days.on("2026-03-01")
    partner_id = await partner(service)
    waiting = await proposed(service, partner_id=str(partner_id))
    assert (await service.post(f"/v1/partners/{partner_id}/terminate", ENDED)).is_success, "drafts are not in force"
    refused = await sign(service, waiting)
    assert (refused.status_code, refused.json()["code"]) == (409, "partner-state")
    assert (await service.get(waiting)).json()["state"] == "proposed"


async def test_signed_or_terminated_at_once_never_both(service: ServiceHarness, days: Days) -> None:
    days.on("2026-03-01")
    for number in range(6):
        partner_id = await partner(service, f"P-{number}")
        path = await proposed(service, partner_id=str(partner_id), exclusivity="none")
        ends, signs = await asyncio.gather(
            service.post(f"/v1/partners/{partner_id}/terminate", ENDED), sign(service, path)
        )
        assert sorted((ends.status_code, signs.status_code)) == [200, 409], (ends.text, signs.text)


async def test_claimed_or_terminated_at_once_nothing_is_left_open(service: ServiceHarness, days: Days) -> None:
    days.on("2026-03-01")
    await service.deliver(heard_rate("CNY", "0.137"))
    for number in range(6):
        partner_id = await partner(service, f"P-{number}")
        body = DEAL | {"partner_id": str(partner_id), "customer_name": f"Buyer {number}"}
        ends, claims = await asyncio.gather(
            service.post(f"/v1/partners/{partner_id}/terminate", ENDED), service.post(PATH, body)
        )
        assert (ends.status_code, claims.status_code in (201, 422)) == (200, True), (ends.text, claims.text)
    assert await service.rows("SELECT number FROM deal WHERE state IN ('registered', 'approved')") == []


async def test_a_draft_of_an_agreement_is_no_agreement(service: ServiceHarness) -> None:
    partner_id = await partner(service)
    await drafted(service, partner_id=str(partner_id))
    assert (await service.post(f"/v1/partners/{partner_id}/terminate", ENDED)).json()["state"] == "terminated"
