"""Quotes that need a second person: what for, who decides, on which version; what stands approved."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import httpx
import pytest

from kit import clock
from kit.ids import new_id
from kit.testing.service import ServiceHarness, codes
from services.channels.events_out.prices import PriceApprovalGranted, PriceApprovalWithdrawn
from services.channels.events_out.quotes import QuoteIssued, QuoteWithdrawn
from tests.channels.conftest import partner
from tests.channels.quotes.offers import OWNER, PATH, account, body, cost, goods, member, promotion, quoted, waiting

GRANTS = "/v1/price-approvals"


def less(manual: int, quantity: int = 1, sku: str = "CD-ROCK") -> dict[str, Any]:
    return {"sku": sku, "quantity": quantity, "manual_discount": manual, "reason": "A rival asks less"}


async def put(service: ServiceHarness, quote: dict[str, Any], *lines: Any, **options: Any) -> httpx.Response:
    """The next version of a quote, of the version that is named."""
    sent = {name: value for name, value in body("", *lines).items() if name != "account_id"}
    who = options.get("headers") or service.headers()
    headers = {**who, "If-Match": f'"{quote["version"]}"'}
    return await service.request("PUT", f"{PATH}/{quote['id']}", sent, headers=headers)


@pytest.mark.parametrize(
    ("role", "alone"),
    [("sales_rep", 500), ("sales_manager", 1_500), ("sales_director", 3_000), ("administrator", 3_000)],
)
async def test_what_a_role_may_take_off_alone(service: ServiceHarness, role: str, alone: int) -> None:
    await goods(service)
    await member(service, OWNER, "somebody")
    buyer, headers = await account(service), service.headers("somebody", role)
    assert (await quoted(service, body(buyer, less(alone)), headers=headers))["state"] == "issued"
    more = await quoted(service, body(buyer, less(alone + 1)), headers=headers)
    assert (more["state"], more["approvals"]) == ("pending_approval", ["manual-share"])
    assert len(await service.published(QuoteIssued.TYPE)) == 1, "what waits is told to nobody"


async def test_a_price_or_a_manual_discount_under_the_floor_waits(service: ServiceHarness) -> None:
    """Floor 33 x 1.1 x 100 = 36.30, not 37.00."""
    entry = {"code": "R", "sku": "CD-ROCK", "method": "fixed", "breaks": [{"min_quantity": 1, "unit_price": 37}]}
    await goods(service, entry, min_markup=100_000)
    await cost(service, "CD-ROCK", 33)
    buyer = await account(service)
    at_floor = await quoted(service, body(buyer, less(70, 100)))
    assert (at_floor["state"], at_floor["lines"][0]["floor"], at_floor["net"]) == ("issued", 3_630, 3_630)
    below = await quoted(service, body(buyer, less(71, 100)))
    assert (below["state"], below["approvals"], below["lines"][0]["approvals"]) == (
        "pending_approval",
        ["below-floor"],
        ["below-floor"],
    )
    await promotion(service, code="HALF", reward={"type": "line_rate", "share": 500_000})
    kept = await quoted(service, body(buyer, ("CD-ROCK", 100)))
    assert (kept["state"], kept["net"]) == ("issued", 3_630), "a promotion stops at the floor"
    await cost(service, "CD-ROCK", 40, "2026-01-02")
    dearer = await quoted(service, body(buyer, ("CD-ROCK", 1)))
    assert dearer["approvals"] == ["below-floor"], "the price itself lies under it now"


async def test_somebody_else_approves_the_version_that_was_read(service: ServiceHarness) -> None:
    path = await waiting(service)
    author = service.headers("director", "sales_director")
    same = await service.post(f"{path}/approve", {"revision": 1}, headers=author)
    assert (same.status_code, same.json()["code"]) == (409, "same-person")
    assert (await service.post(f"{path}/reject", {}, headers=author)).json()["code"] == "same-person"
    rep = service.headers("rep", "sales_rep")
    assert (await service.post(f"{path}/approve", {"revision": 1}, headers=rep)).status_code == 403
    other = await service.post(f"{path}/approve", {"revision": 2})
    assert (other.status_code, other.json()["code"], codes(other.json())) == (409, "quote-revised", ["/revision"])
    answers = await asyncio.gather(*(service.post(f"{path}/approve", {"revision": 1}) for _ in range(3)))
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409]
    found = (await service.get(path)).json()
    assert (found["state"], found["written_by"], found["decided_by"]) == ("issued", "director", "admin")
    (fact,) = await service.published(QuoteIssued.TYPE)
    assert (fact.payload["state"], fact.payload["version"], fact.payload["net"]) == ("issued", 2, 1_000)


async def test_what_is_rejected_may_be_written_again(service: ServiceHarness) -> None:
    path = await waiting(service)
    rejected = (await service.post(f"{path}/reject", {"note": "Too much"})).json()
    assert (rejected["state"], rejected["decision_note"], rejected["decided_by"]) == ("rejected", "Too much", "admin")
    assert await service.rows("SELECT due_at FROM quote") == [{"due_at": None}]
    again = (await put(service, rejected, less(100))).json()
    assert (again["state"], again["revision"], again["decision_note"], again["decided_by"]) == ("issued", 2, "", None)
    assert again["written_by"] == "admin"


async def test_an_approval_counts_for_its_version_alone(service: ServiceHarness) -> None:
    path = await waiting(service)
    approved = (await service.post(f"{path}/approve", {"revision": 1})).json()
    changed = await put(service, approved, less(9_500))
    assert (changed.status_code, changed.json()["state"], changed.json()["decided_by"]) == (
        200,
        "pending_approval",
        None,
    )
    assert (changed.json()["revision"], changed.json()["version"]) == (2, approved["version"] + 1)
    (fact,) = await service.published(QuoteWithdrawn.TYPE)
    assert (fact.payload["state"], fact.payload["net"]) == ("pending_approval", 500)
    first = (await service.get(f"{path}/trace?revision=1")).json()
    assert [line["net"] for line in first["lines"]] == [1_000], "what was approved stays to be read"
    assert [line["net"] for line in (await service.get(f"{path}/trace")).json()["lines"]] == [500]
    assert (await service.get(f"{path}/trace?revision=3")).status_code == 404
    assert (await service.get(f"{path}/trace?revision=0")).status_code == 400


async def test_a_next_version_needs_the_one_that_stands(service: ServiceHarness) -> None:
    await goods(service)
    made = await quoted(service, body(await account(service), ("CD-ROCK", 1)))
    answers = await asyncio.gather(*(put(service, made, ("CD-ROCK", 2 + n)) for n in range(3)))
    assert sorted(answer.status_code for answer in answers) == [200, 412, 412]
    (won,) = [answer.json() for answer in answers if answer.status_code == 200]
    assert (await service.get(f"{PATH}/{made['id']}")).json() == won
    facts = await service.published(QuoteIssued.TYPE)
    assert [(fact.payload["version"], fact.payload["net"]) for fact in facts] == [(1, 10_000), (2, won["net"])]
    await service.post(f"{PATH}/{made['id']}/withdraw")
    late = await put(service, {**won, "version": 3}, ("CD-ROCK", 1))
    assert (late.status_code, late.json()["code"]) == (409, "quote-state")
    assert (await service.request("PUT", f"{PATH}/{made['id']}", {"currency": "USD", "lines": []})).status_code == 428


async def test_what_waits_too_long_cannot_be_approved(service: ServiceHarness, monkeypatch: pytest.MonkeyPatch) -> None:
    path = await waiting(service)
    later = clock.now() + timedelta(days=31)
    monkeypatch.setattr(clock, "now", lambda: later)
    headers = service.headers()
    answer = await service.post(f"{path}/approve", {"revision": 1}, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (409, "quote-expired")


# standing approvals


async def granted(service: ServiceHarness, **changes: Any) -> dict[str, Any]:
    terms = {"sku": "cd-rock", "currency": "USD", "min_unit_net": 6_000, "valid_from": "2026-01-01", **changes}
    answer = await service.post(GRANTS, terms, headers=service.headers("director", "sales_director"))
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def test_a_standing_approval_covers_its_buyer_down_to_its_net(service: ServiceHarness) -> None:
    await goods(service)
    await cost(service, "CD-ROCK", 9_000)
    buyer, other = await account(service), await account(service)
    last = str(clock.business_date(service.runtime.settings.timezone) + timedelta(5))
    grant = await granted(service, account_id=buyer, min_unit_net=7_500, valid_to=last)
    sent = body(buyer, less(5_000, 2))
    covered = await quoted(service, sent)
    assert (covered["state"], covered["lines"][0]["approval_id"], covered["valid_until"]) == (
        "issued",
        grant["id"],
        last,
    )
    assert (await quoted(service, body(buyer, less(5_001, 2))))["approvals"] == ["below-floor"]
    assert (await quoted(service, {**sent, "account_id": other}))["approvals"] == ["below-floor"]
    own = await quoted(service, sent, headers=service.headers("director", "sales_director"))
    assert own["approvals"] == ["below-floor"], "who granted it is no second person"
    free = await quoted(service, body(buyer, ("CD-ROCK", 1)))
    assert (free["lines"][0]["approval_id"], free["valid_until"] > last) == (None, True), "it was not needed"
    assert (await service.post(f"{GRANTS}/{grant['id']}/withdraw")).json()["state"] == "withdrawn"
    assert (await quoted(service, sent))["approvals"] == ["below-floor"]
    told = [f.type for f in await service.published(PriceApprovalGranted.TYPE, PriceApprovalWithdrawn.TYPE)]
    assert told == [PriceApprovalGranted.TYPE, PriceApprovalWithdrawn.TYPE]


async def test_of_several_approvals_the_one_that_allows_most(service: ServiceHarness) -> None:
    await goods(service)
    await cost(service, "CD-ROCK", 9_000)
    buyer, seller = await account(service), str(await partner(service))
    await granted(service, account_id=buyer, min_unit_net=8_500)
    widest = await granted(service, partner_id=seller, min_unit_net=8_000)
    await granted(service, partner_id=seller, min_unit_net=1, valid_from="2026-01-01", valid_to="2026-01-31")
    await granted(service, partner_id=seller, min_unit_net=1, currency="EUR")
    made = await quoted(service, body(buyer, less(2_000), partner_id=seller))
    assert (made["state"], made["lines"][0]["approval_id"]) == ("issued", widest["id"])
    assert (await quoted(service, body(buyer, less(2_000))))["approvals"] == ["below-floor"]


@pytest.mark.parametrize(
    ("changes", "code", "pointer"),
    [
        ({}, "holder-invalid", "/account_id"),
        ({"account_id": str(new_id()), "partner_id": str(new_id())}, "holder-invalid", "/account_id"),
        ({"account_id": str(new_id())}, "unknown-reference", "/account_id"),
        ({"partner_id": str(new_id())}, "unknown-reference", "/partner_id"),
        ({"partner_id": str(new_id()), "sku": "NONE"}, "unknown-reference", "/sku"),
        ({"partner_id": str(new_id()), "valid_to": "2025-12-31"}, "validity-invalid", "/valid_to"),
        ({"partner_id": str(new_id()), "min_unit_net": -1}, "invalid", "/min_unit_net"),
    ],
)
async def test_an_approval_that_cannot_be(
    service: ServiceHarness, changes: dict[str, Any], code: str, pointer: str
) -> None:
    await goods(service)
    terms = {"sku": "CD-ROCK", "currency": "USD", "min_unit_net": 1, "valid_from": "2026-01-01", **changes}
    answer = await service.post(GRANTS, terms)
    assert (answer.status_code, answer.json()["code"], codes(answer.json())) == (422, code, [pointer])
