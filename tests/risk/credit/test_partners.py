"""The credit of partners: what the orders that name them owe, and the limit that may bind it."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.events.rebuild import rebuild
from kit.ids import new_id
from kit.testing.service import ServiceHarness, make_event
from services.channels.events_out.partners import PartnerApplied
from services.customer.events_out import OrderReturned
from services.risk.credit.rules import Refused, Reserved, decide_reservation
from services.risk.events_out.profiles import CreditLimitChanged
from services.risk.verify import verify
from tests.risk.conftest import Order, Payment, open_account, partner_activated, payment, seller
from tests.risk.credit.test_laws import logged, publish_all
from tests.risk.holds.owing import cause, place

__all__ = ["logged"]


def path_of(profile_id: UUID) -> str:
    return f"/v1/credit-profiles/{profile_id}"


async def profile(service: ServiceHarness, profile_id: UUID) -> dict[str, Any]:
    answer = await service.get(path_of(profile_id))
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def partner(service: ServiceHarness, limit: int | None = None, owner_id: UUID | None = None) -> UUID:
    """A partner, with a limit or followed alone."""
    partner_id = new_id()
    await service.deliver(partner_activated(partner_id, owner_id))
    if limit is not None:
        answer = await service.patch(path_of(partner_id), {"credit_limit": limit, "reason": "x"}, 1)
        assert answer.status_code == 200, answer.text
    return partner_id


async def exposure(service: ServiceHarness, partner_id: UUID) -> int:
    return int((await profile(service, partner_id))["exposure"])


@pytest.mark.parametrize(
    ("limit", "before", "amount", "short"),
    [
        (None, 10**12, 1, None),
        (10_000, 6_000, 4_000, None),
        (10_000, 6_000, 4_001, 1),
        (10_000, -5_000, 10_000, None),
        (10_000, -5_000, 10_001, 1),
        (0, 0, 1, 1),
        (0, 500, 0, None),
    ],
)
def test_the_limit_of_a_partner(limit: int | None, before: int, amount: int, short: int | None) -> None:
    verdict = decide_reservation(10**13, 0, amount, partner_limit=limit, partner_exposure=before)
    if short is None:
        assert isinstance(verdict, Reserved)
    else:
        assert isinstance(verdict, Refused)
        assert (verdict.causes, verdict.shortfall) == (("partner_limit_exceeded",), short)


def test_the_account_comes_first() -> None:
    verdict = decide_reservation(10, 0, 100, is_partner_on_hold=True, partner_limit=50, partner_exposure=0)
    assert isinstance(verdict, Refused)
    assert verdict.causes == ("limit_exceeded", "partner_on_hold", "partner_limit_exceeded")
    assert verdict.shortfall == 90


AMOUNTS = st.integers(0, 10**6)


@given(limit=AMOUNTS, before=st.integers(-(10**6), 10**6), amount=AMOUNTS)
def test_a_reservation_never_passes_the_limit_of_a_partner(limit: int, before: int, amount: int) -> None:
    verdict = decide_reservation(10**13, 0, amount, partner_limit=limit, partner_exposure=before)
    fits = amount == 0 or max(0, before) + amount <= limit
    assert isinstance(verdict, Reserved) is fits


async def test_an_active_partner_has_a_profile_that_binds_nothing(service: ServiceHarness) -> None:
    partner_id, account_id = await partner(service), await open_account(service, 10**9)
    await service.deliver(partner_activated(partner_id), Order(account_id, 700).placed(partner_id=partner_id))
    shown = await profile(service, partner_id)
    assert (shown["subject_kind"], shown["account_id"], shown["partner_id"]) == ("partner", None, str(partner_id))
    assert (shown["credit_limit"], shown["headroom"], shown["exposure"], shown["grade"]) == (None, None, 700, "NR")
    assert (bool(shown["name"]), shown["version"]) == (True, 1)
    for query, wanted in (("subject_kind=partner", partner_id), (f"account_id={account_id}", account_id)):
        items = (await service.get(f"/v1/credit-profiles?{query}")).json()["items"]
        assert [one["id"] for one in items] == [str(wanted)]
    assert (
        len((await service.get(f"/v1/credit-profiles?partner_id={partner_id}&sort=-credit_limit")).json()["items"]) == 1
    )
    said = {event.subject for event in await service.published(CreditLimitChanged.TYPE)}
    assert said == {str(account_id)}, "that a profile was made is told nobody"


async def test_the_exposure_of_a_partner_is_that_of_its_orders(service: ServiceHarness) -> None:
    one, other = await partner(service), await partner(service)
    first, second = await open_account(service, 10**9), await open_account(service, 10**9)
    order, moved, foreign = Order(first, 500), Order(second, 300), Order(second, 900)
    await service.deliver(order.placed(partner_id=one), moved.placed(partner_id=one), foreign.placed(partner_id=None))
    assert await exposure(service, one) == 800
    await service.deliver(moved.placed(2, partner_id=other))
    assert (await exposure(service, one), await exposure(service, other)) == (500, 300)
    await service.deliver(payment(first, (order, 200)), order.returned(100))
    await service.deliver(payment(first, (order, 50), refund=True), moved.cancelled())
    assert (await exposure(service, one), await exposure(service, other)) == (250, 0)
    await service.deliver(Payment(first, 5_000).received())
    assert await exposure(service, one) == 250, "money on account is not the partner's"
    (shown,) = (await service.get(f"/v1/order-credits?partner_id={one}")).json()["items"]
    assert (shown["order_id"], shown["exposure"]) == (str(order.id), 250)


async def test_a_limit_binds_beside_that_of_the_account(service: ServiceHarness) -> None:
    partner_id = await partner(service, 1_000)
    accounts = [await open_account(service, 10**9) for _ in range(2)]
    placed = [Order(accounts[0], 700), Order(accounts[1], 301), Order(accounts[1], 300), Order(accounts[0], 0)]
    for order in placed:
        await service.deliver(order.placed(partner_id=partner_id))
    assert [await cause(service, order) for order in placed] == [None, "partner_limit_exceeded", None, None]
    (refused,) = (await service.get(f"/v1/credit-decisions?order_id={placed[1].id}")).json()["items"]
    inputs = {
        name: refused[name] for name in ("partner_id", "partner_limit", "partner_exposure", "shortfall", "reason")
    }
    assert inputs == {
        "partner_id": str(partner_id),
        "partner_limit": 1_000,
        "partner_exposure": 700,
        "shortfall": 1,
        "reason": "limit_exceeded",
    }
    await service.deliver(placed[0].placed(2, partner_id=partner_id, gross_base=400))
    assert await exposure(service, partner_id) == 700, "a later placement frees the earlier first"
    override = {"order_id": str(placed[1].id), "decision": "override", "reason": "x"}
    assert (await service.post("/v1/credit-decisions", override)).status_code == 201
    assert await exposure(service, partner_id) == 1_001
    last = Order(accounts[0], 1)
    await service.deliver(last.placed(partner_id=partner_id))
    assert await cause(service, last) == "partner_limit_exceeded"


async def test_a_limit_is_set_raised_and_told(service: ServiceHarness) -> None:
    partner_id = await partner(service)
    body = {"credit_limit": 900, "until": "2199-01-01"}
    refused = await service.post(f"{path_of(partner_id)}/raise-limit", body)
    assert (refused.status_code, refused.json()["errors"][0]["code"]) == (422, "not-a-raise"), "nothing binds yet"
    assert (await service.patch(path_of(partner_id), {"credit_limit": 800, "reason": "x"}, 1)).status_code == 200
    assert (await service.post(f"{path_of(partner_id)}/raise-limit", body)).status_code == 200
    events = await service.published(CreditLimitChanged.TYPE)
    said = [(e.key, e.sequence, e.payload["subject_kind"], e.payload["partner_id"]) for e in events]
    assert said == [(str(partner_id), version, "partner", str(partner_id)) for version in (2, 3)]
    assert [(e.payload["previous_limit"], e.payload["credit_limit"]) for e in events] == [(None, 800), (800, 900)]


async def test_a_batch_is_of_accounts(service: ServiceHarness) -> None:
    partner_id = await partner(service)
    rows = [{"account_id": str(partner_id), "credit_limit": 1}]
    answer = (await service.post("/v1/credit-profiles/batch", {"rows": rows})).json()
    assert answer["results"][0]["problem"]["code"] == "unknown-reference"


async def test_a_profile_goes_on_from_the_holds_before_it(service: ServiceHarness) -> None:
    partner_id = new_id()
    applied = {**PartnerApplied.EXAMPLE, "id": partner_id, "version": 1}
    await service.deliver(make_event(PartnerApplied.TYPE, applied, partner_id))
    hold = await place(service, partner_id=str(partner_id), reason="rumour")
    assert (await service.get(path_of(partner_id))).status_code == 404
    await service.deliver(partner_activated(partner_id))
    shown = await profile(service, partner_id)
    assert (shown["hold_reasons"], shown["is_on_hold"], shown["version"]) == (["manual"], True, 2)
    assert (await service.post(f"{hold}/lift", {"reason": "x"})).status_code == 200
    shown = await profile(service, partner_id)
    assert (shown["hold_reasons"], shown["version"]) == ([], 3)
    sequences = [event.sequence for event in await service.published() if event.key == str(partner_id)]
    assert sequences == [1, 3]


async def test_a_seller_sees_the_profiles_of_their_partners(service: ServiceHarness) -> None:
    member_id = new_id()
    await service.deliver(seller(member_id, "rep-1"))
    own, other = await partner(service, owner_id=member_id), await partner(service)
    headers = service.headers("rep-1", "sales_rep")
    assert [(await service.get(path_of(one), headers=headers)).status_code for one in (own, other)] == [200, 404]


async def test_parallel_orders_never_pass_the_limit_of_a_partner(logged: ServiceHarness) -> None:
    """A hundred orders of ten accounts at once, each in its own transaction, against a limit for ten."""
    service = logged
    partner_id = await partner(service, 1_000)
    accounts = [await open_account(service, 10**9) for _ in range(10)]
    orders = [Order(account_id, 100) for account_id in accounts for _ in range(10)]
    placed = [order.placed(partner_id=partner_id) for order in orders]
    await asyncio.gather(*(service.deliver_alone(event) for event in placed))
    states = await service.rows("SELECT state, count(*) AS n FROM order_credit GROUP BY 1 ORDER BY 1")
    assert [(row["state"], row["n"]) for row in states] == [("refused", 90), ("reserved", 10)]
    assert await exposure(service, partner_id) == 1_000
    await publish_all(service, placed)
    assert [each.check for each in await verify(service.runtime.db, service.runtime.bus) if not each.ok] == []
    report = await rebuild(service.runtime.db, service.runtime.bus, service.subscriptions, "exposure")
    assert report.equal, report.as_dict()


async def test_a_row_that_was_locked_alone_goes_again(service: ServiceHarness) -> None:
    account_id = await open_account(service, 700)
    await service.deliver(Order(account_id, 100).cancelled())
    assert await service.rows("SELECT * FROM exposure_partner") == [], "nothing was answered about its partner"


async def test_earlier_answers_never_count(service: ServiceHarness) -> None:
    """Facts of an earlier release name no partner: their orders are of none, whatever moves them later."""
    partner_id, account_id = await partner(service, 100), await open_account(service, 10**9)
    order = Order(account_id, 500)
    await service.deliver(order.placed(partner_id=None))
    await service.deliver(order.event(OrderReturned, return_id=new_id(), return_gross_base=-100, settled_base=None))
    assert await exposure(service, partner_id) == 0
    assert await service.rows("SELECT * FROM exposure_partner") == []
