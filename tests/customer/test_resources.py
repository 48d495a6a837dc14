"""What the resources of customer have in common with all others."""

from __future__ import annotations

from typing import Any, ClassVar

from kit.clock import business_date
from kit.testing.service import ServiceHarness, make_event
from services.customer.events_out import AccountCreated, AccountUpdated, ContactCreated, ContactUpdated
from services.customer.events_out.cases import CaseOpened
from services.customer.events_out.exchange_rates import ExchangeRateSet
from services.customer.events_out.leads import LeadCreated
from services.customer.events_out.opportunities import OpportunityOpened, OpportunityUpdated
from services.customer.policies.schemas import SLA
from tests.customer.conftest import REP_1, UNITS, member, product, refused, reserved
from tests.shared_suites.identity import Named
from tests.shared_suites.machines import Stateful
from tests.shared_suites.resources import Created, Family, Listed, Patched, Read, Scoped, Traces


class TestAccounts(Created, Listed, Patched, Scoped, Named):
    table = "account"
    family = Family(
        path="/v1/accounts",
        noun="account",
        body={"kind": "organization", "name": "Blue Harbour", "region": "CN-SH"},
        numbered=lambda n: {"name": f"Harbour {n}", "external_ids": {"erp": f"C-{n}"}},
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
    of_persons = True
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


class TestPipelines(Created, Listed, Read):
    family = Family(
        path="/v1/pipelines",
        noun="pipeline",
        body={"stages": [{"code": "asked", "probability": 500000, "forecast_category": "pipeline"}]},
        numbered=lambda n: {"pipeline": f"p-{n}"},
        reader="sales_rep",
        stranger="service_agent",
        installed=1,
    )


class TestOpportunities(Created, Listed, Patched, Scoped, Named, Stateful):
    table = "opportunity"
    family = Family(
        path="/v1/opportunities",
        noun="opportunity",
        body={"name": "Blue Harbour", "amount": 100000, "currency": "USD"},
        numbered=lambda n: {"external_id": {"source": "crm", "id": f"D-{n}"}},
        needs=of_account,
        patch={"expected_close": "2026-05-31", "competitors": ["acme"]},
        reader="auditor",
        stranger="service_agent",
        foreign=("rep-1", "sales_rep"),
        foreign_writes=True,
        said=OpportunityOpened,
        changed=OpportunityUpdated,
    )


async def convert(service: ServiceHarness, path: str) -> None:
    body = {"create_account": {"name": f"Quay {path[-12:]}"}}
    assert (await service.post(f"{path}/convert", body)).status_code == 200


class TestLeads(Created, Listed, Patched, Scoped, Stateful):
    table = "lead"
    family = Family(
        path="/v1/leads",
        noun="lead",
        body={"company": "Blue Harbour", "email": "zhang@harbour.example"},
        numbered=lambda n: {"external_id": {"source": "site", "id": f"L-{n}"}},
        patch={"campaign": "summer", "source": "site"},
        reader="auditor",
        stranger="service_agent",
        foreign=("rep-1", "sales_rep"),
        foreign_writes=True,
        said=LeadCreated,
    )
    by_others: ClassVar = {("qualified", "converted"): convert}


class TestCases(Created, Listed, Patched, Scoped, Stateful):
    table = "service_case"
    family = Family(
        path="/v1/cases",
        noun="case",
        body={"kind": "question", "subject": "Where is it?", "severity": "low"},
        numbered=lambda n: {"subject": f"Where is box {n}?"},
        patch={
            "severity": "high",
            "description": "Two of three have come",
            "remedy": {"kind": "voucher", "cost_base": 9},
        },
        reader="auditor",
        foreign=("rep-1", "sales_rep"),
        foreign_writes=True,
        said=CaseOpened,
    )


class TestSegments(Created, Listed, Patched, Named):
    table = "segment"
    family = Family(
        path="/v1/segments",
        noun="segment",
        body={"name": "Large ones", "resource": "account", "filter": "size_class=large"},
        numbered=lambda n: {"filter": f"region=CN-{('BJ', 'SH')[n % 2]}"},
        patch={"name": "Others"},
        reader="sales_manager",
    )


class TestCustomFields(Created, Listed, Patched):
    table = "custom_field"
    family = Family(
        path="/v1/custom-fields",
        noun="custom_field",
        body={"resource": "account", "type": "enum", "options": ["gold", "silver"]},
        numbered=lambda n: {"key": f"tier_{n}"},
        patch={"required": True},
        reader="sales_manager",
    )


class TestImports(Created, Listed, Read):
    table = "import_run"
    family = Family(
        path="/v1/imports",
        noun="import",
        body={"kind": "accounts"},
        numbered=lambda n: {"kind": ("accounts", "orders")[n % 2]},
        reader="sales_director",
        stranger="auditor",
        foreign=("manager-south", "sales_manager"),
    )

    async def test_who_may_not_write_leaves_no_trace(self, service: ServiceHarness) -> None:
        """Nobody may read imports who may not write them."""
        before = await Traces.of(service)
        for role in ("auditor", "sales_rep", "service_agent"):
            answer = await service.post(self.family.path, self.family.body, headers=service.headers("x", role))
            assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
        assert await Traces.of(service) == before


TODAY = {"valid_from": str(business_date("Asia/Shanghai"))}


async def supersede(service: ServiceHarness, _path: str) -> None:
    made = (await service.post("/v1/customer-policies", {**SLA, "reason": "Another"})).json()
    assert (await service.post(f"/v1/customer-policies/{made['id']}/activate", TODAY)).status_code == 200


class TestCustomerPolicies(Created, Listed, Patched, Stateful):
    table = "customer_policy"
    family = Family(
        path="/v1/customer-policies",
        noun="customer_policy",
        body=SLA,
        numbered=lambda n: {"reason": f"Draft {n}"},
        patch={
            "kind": "sla",
            "body": {**SLA["body"], "grades": {**SLA["body"]["grades"], "grade_a": 1}},
        },
        reader="sales_manager",
        installed=6,
    )
    by_others: ClassVar = {("active", "superseded"): supersede}
    bodies: ClassVar = {"activate": TODAY}


class TestSurveys(Created, Listed, Patched, Named):
    table = "survey"
    family = Family(
        path="/v1/surveys",
        noun="survey",
        body={"kind": "nps", "name": "How were we?", "questions": [{"key": "why", "kind": "text", "label": "Why?"}]},
        numbered=lambda n: {"valid_days": n},
        patch={"channels": ["sms", "email"], "purpose": "service"},
        reader="auditor",
    )


class TestExchangeRates(Created, Listed):
    family = Family(
        path="/v1/exchange-rates",
        noun="exchange_rate",
        body={"rate": "1.08", "valid_from": "2026-03-01"},
        numbered=lambda n: {"currency": ("CNY", "EUR")[n - 1]},
        said=ExchangeRateSet,
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
