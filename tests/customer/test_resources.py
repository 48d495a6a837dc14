"""What the resources of customer have in common with all others."""

from __future__ import annotations

from typing import Any, ClassVar

from kit.testing.service import ServiceHarness, make_event
from services.customer.events_out import AccountCreated, AccountUpdated, ContactCreated, ContactUpdated
from tests.customer.conftest import REP_1, UNITS, member, product, refused, reserved
from tests.shared_suites.identity import Named
from tests.shared_suites.machines import Stateful
from tests.shared_suites.resources import Created, Family, Listed, Patched, Scoped


class TestAccounts(Created, Listed, Patched, Scoped, Named):
    table = "account"
    family = Family(
        path="/v1/accounts",
        noun="account",
        body={"kind": "organization", "name": "Blue Harbour", "region": "CN-SH"},
        numbered=lambda n: {"external_ids": {"erp": f"C-{n}"}},
        patch={"region": "CN-BJ", "tags": ["a"]},
        reader="auditor",
        foreign=("rep-1", "sales_rep"),
        foreign_writes=True,
        said=AccountCreated,
        changed=AccountUpdated,
    )


async def of_account(service: ServiceHarness) -> dict[str, Any]:
    """An account that has no owner."""
    body = {"kind": "organization", "name": "Blue Harbour"}
    return {"account_id": (await service.post("/v1/accounts", body)).json()["id"]}


class TestContacts(Created, Listed, Patched, Scoped, Named):
    table = "contact"
    family = Family(
        path="/v1/contacts",
        noun="contact",
        body={"name": "Zhang Wei", "phones": [{"value": "13812345678"}]},
        numbered=lambda n: {"emails": [{"value": f"zhang{n}@harbour.example"}]},
        needs=of_account,
        patch={"title": "Buyer", "roles": ["user"]},
        reader="auditor",
        foreign=("rep-1", "sales_rep"),
        foreign_writes=True,
        said=ContactCreated,
        changed=ContactUpdated,
    )


class TestActivities(Created, Listed, Patched, Scoped, Stateful):
    table = "activity"
    family = Family(
        path="/v1/activities",
        noun="activity",
        body={"kind": "visit", "due_on": "2026-03-01"},
        numbered=lambda n: {"subject": f"Visit {n}"},
        patch={"due_on": "2026-03-02", "notes": {"listen": "wants less", "question": None, "feedback": None}},
        reader="auditor",
        foreign=("rep-1", "sales_rep"),
        foreign_writes=True,
    )


class TestExchangeRates(Created, Listed):
    family = Family(
        path="/v1/exchange-rates",
        noun="exchange_rate",
        body={"rate": "1.08", "valid_from": "2026-03-01"},
        numbered=lambda n: {"currency": ("CNY", "EUR")[n - 1]},
        reader="sales_rep",
    )


async def buyer(service: ServiceHarness) -> dict[str, Any]:
    """An account of a seller, and what orders name."""
    await service.deliver(
        make_event("targets.member.joined.v1", member(REP_1, "rep-1", UNITS[:2]), "organisation"),
        make_event("channels.product.changed.v1", product("CD-ROCK", "rock"), "CD-ROCK"),
    )
    body = {"kind": "organization", "name": "Blue Harbour", "owner_id": str(REP_1)}
    return {"account_id": (await service.post("/v1/accounts", body)).json()["id"]}


async def reserve(service: ServiceHarness, path: str) -> None:
    await service.deliver(reserved((await service.get(path)).json(), decision="override"))


async def reserve_and_pay(service: ServiceHarness, path: str) -> None:
    """A confirmed order of which nothing is open, so that it may be closed once it is delivered."""
    await reserve(service, path)
    order = (await service.get(path)).json()
    part = {"order_id": order["id"], "amount": order["gross"]}
    body = {"account_id": order["account_id"], "currency": "USD", "amount": order["gross"], "method": "cash"}
    body["allocations"] = [part]
    assert (await service.post("/v1/payments", body)).status_code == 201


async def refuse(service: ServiceHarness, path: str) -> None:
    await service.deliver(refused((await service.get(path)).json()))


class TestOrders(Created, Listed, Patched, Scoped, Stateful):
    family = Family(
        path="/v1/orders",
        noun="order",
        body={"currency": "USD", "lines": [{"sku": "CD-ROCK", "quantity": 3, "unit_price": 1000}]},
        numbered=lambda n: {"external_id": {"source": "shop", "id": f"O-{n}"}},
        needs=buyer,
        patch={"payment_terms_days": 45, "region": "CN-BJ"},
        reader="auditor",
        foreign=("rep-3", "sales_rep"),
        foreign_writes=True,
    )
    by_others: ClassVar = {
        ("placed", "confirmed"): reserve_and_pay,
        ("placed", "on_hold"): refuse,
        ("on_hold", "confirmed"): reserve,
    }
