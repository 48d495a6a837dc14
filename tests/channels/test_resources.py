"""What the resources of channels have in common with all others."""

from __future__ import annotations

from typing import Any, ClassVar
from uuid import UUID

from kit.ids import new_id
from kit.testing.service import ServiceHarness
from services.channels.events_out import PartnerApplied, ProductChanged
from services.channels.events_out.channels import ChannelChanged
from services.channels.events_out.deals import DealRegistered
from services.channels.events_out.prices import PriceApprovalGranted
from services.channels.events_out.quotes import QuoteIssued
from tests.channels.agreements.signed import TERMS as AGREED
from tests.channels.agreements.signed import a_partner
from tests.channels.conflicts.found import opened
from tests.channels.conftest import programme
from tests.channels.deals.claimed import DEAL, a_seller
from tests.channels.partner_screening.screened import published, weigh
from tests.channels.points.test_points import CLUB, a_member
from tests.channels.promotions.drafts import LINES, PROMOTION, a_group, drafted
from tests.channels.quotes.offers import account, goods, waiting
from tests.shared_suites.identity import Coded, Named
from tests.shared_suites.machines import Stateful, Step
from tests.shared_suites.resources import Created, Family, Listed, Patched, Read


async def criteria(service: ServiceHarness) -> dict[str, Any]:
    """What applicants are weighed by."""
    await published(service)
    return {}


class TestPartners(Created, Listed, Patched, Stateful, Named, Coded):
    table = "partner"
    family = Family(
        path="/v1/partners",
        noun="partner",
        body={"name": "Harbour Distribution", "kind": "distributor", "regions": ["CN-SH"]},
        numbered=lambda n: {"code": f"P-{n}"},
        patch={"name": "Harbour", "regions": ["CN-SH", "CN-ZJ"]},
        reader="sales_rep",
        needs=criteria,
        said=PartnerApplied,
        changed=PartnerApplied,
    )
    by_others: ClassVar = {("applied", "screening"): weigh}
    others: ClassVar = dict.fromkeys(("approve", "reject"), ("director", "sales_director"))


class TestProducts(Created, Listed, Patched, Named, Coded):
    table, code_field = "product", "sku"
    family = Family(
        path="/v1/products",
        noun="product",
        body={"name": "Compact disc, rock", "product_line": "rock"},
        numbered=lambda n: {"sku": f"CD-{n}"},
        patch={"name": "Rock", "is_active": False, "status": "phasing_out", "launch_date": "2024-03-01", "unit": "set"},
        reader="sales_rep",
        said=ProductChanged,
        changed=ProductChanged,
    )


class TestChannels(Created, Listed, Patched, Stateful, Named, Coded):
    table = "channel"
    family = Family(
        path="/v1/channels",
        noun="channel",
        body={"name": "Web shop China", "kind": "own_site", "is_direct": True, "regions": ["CN"]},
        numbered=lambda n: {"code": f"shop-{n}"},
        patch={
            "name": "Shop",
            "is_direct": False,
            "regions": ["CN-SH"],
            "pilot_from": "2026-03-01",
            "pilot_to": "2026-05-31",
        },
        reader="sales_rep",
        said=ChannelChanged,
        changed=ChannelChanged,
    )


async def a_shop(service: ServiceHarness) -> dict[str, Any]:
    """A channel that has no cost yet."""
    body = {"code": "shop-cn", "name": "Web shop China", "kind": "own_site", "is_direct": True}
    return {"channel_id": (await service.post("/v1/channels", body)).json()["id"]}


class TestChannelCosts(Created, Listed, Patched):
    family = Family(
        path="/v1/channel-costs",
        noun="channel_cost",
        body={"kind": "marketing", "amount_base": 1_250_000},
        needs=a_shop,
        numbered=lambda n: {"month": f"{2000 + n}-02-01"},
        patch={"amount_base": 1_300_000},
        reader="sales_director",
        stranger="risk_officer",
    )


async def a_rock(service: ServiceHarness) -> dict[str, Any]:
    """A product that has no cost yet."""
    await service.post("/v1/products", {"sku": "CD-ROCK", "name": "Rock", "product_line": "rock"})
    return {}


class TestProductCosts(Listed):
    family = Family(
        path="/v1/product-costs",
        noun="product_cost",
        body={"sku": "CD-ROCK", "direct_base": 800, "indirect_share": 100_000},
        needs=a_rock,
        numbered=lambda n: {"valid_from": f"2026-01-{n:02d}"},
        reader="auditor",
        stranger="sales_rep",
    )


class TestPriceBooks(Created, Listed, Patched, Stateful, Named, Coded):
    table = "price_book"
    family = Family(
        path="/v1/price-books",
        noun="price_book",
        body={"name": "List prices", "currency": "USD", "valid_from": "2026-01-01"},
        needs=a_rock,
        numbered=lambda n: {"code": f"LIST-{n}"},
        patch={"name": "Prices", "round_to": 100, "ending": -1, "valid_from": "2026-02-01"},
        reader="sales_rep",
        stranger="service_agent",
    )


class TestCompetitorPrices(Created, Listed):
    family = Family(
        path="/v1/competitor-prices",
        noun="competitor_price",
        body={"sku": "CD-ROCK", "price": 1450, "currency": "USD", "observed_on": "2026-02-14"},
        needs=a_rock,
        numbered=lambda n: {"competitor": f"C-{n}"},
        reader="risk_officer",
        stranger="service_agent",
    )


class TestPromotionGroups(Created, Listed, Patched, Named, Coded):
    table = "promotion_group"
    family = Family(
        path="/v1/promotion-groups",
        noun="promotion_group",
        body={"name": "Spring offers", "phase": "line"},
        numbered=lambda n: {"code": f"G-{n}"},
        patch={"name": "Offers"},
        reader="sales_rep",
        stranger="service_agent",
    )


def by_dates(state: str) -> Step:
    """Another state of a promotion, as a date would bring it about."""

    async def step(service: ServiceHarness, path: str) -> None:
        async with service.transaction() as tx:
            await tx.execute("UPDATE promotion SET state = $2 WHERE id = $1", UUID(path.rpartition("/")[2]), state)

    return step


class TestPromotions(Created, Listed, Patched, Stateful, Named, Coded):
    table = "promotion"
    family = Family(
        path="/v1/promotions",
        noun="promotion",
        body=PROMOTION,
        needs=a_group,
        made=drafted,
        numbered=lambda n: {"code": f"P-{n}"},
        patch={"budget_base": 5000, "uses": 3, "uses_per_account": 1},
        reader="sales_rep",
        stranger="service_agent",
    )
    by_others: ClassVar = {
        ("approved", "scheduled"): by_dates("scheduled"),
        ("scheduled", "active"): by_dates("active"),
    }
    bodies: ClassVar = {"replace": PROMOTION | {"code": "P-REPLACED", "group_id": LINES}}


async def a_buyer(service: ServiceHarness) -> dict[str, Any]:
    """An account, and goods with prices."""
    await goods(service)
    return {"account_id": await account(service)}


def decided(state: str) -> Step:
    """Another state of a quote, as an order or a date would bring it about."""

    async def step(service: ServiceHarness, path: str) -> None:
        async with service.transaction() as tx:
            sql = "UPDATE quote SET state = $2, due_at = NULL WHERE id = $1"
            await tx.execute(sql, UUID(path.rpartition("/")[2]), state)

    return step


class TestQuotes(Created, Listed):
    family = Family(
        path="/v1/quotes",
        noun="quote",
        body={"currency": "USD", "lines": [{"sku": "CD-ROCK", "quantity": 1}]},
        needs=a_buyer,
        numbered=lambda n: {"payment_terms_days": n},
        reader="risk_officer",
        stranger="service_agent",
        said=QuoteIssued,
    )


class TestWaitingQuotes(Read, Stateful):
    family = Family(path="/v1/quotes", noun="quote", made=waiting, reader="auditor")
    by_others: ClassVar = {("issued", "accepted"): decided("accepted"), ("issued", "expired"): decided("expired")}


class TestPriceApprovals(Created, Listed, Read, Stateful):
    family = Family(
        path="/v1/price-approvals",
        noun="price_approval",
        body={"sku": "CD-ROCK", "currency": "USD", "min_unit_net": 850, "valid_from": "2026-01-01"},
        needs=a_buyer,
        numbered=lambda n: {"valid_to": f"2026-02-{n:02d}"},
        reader="sales_rep",
        stranger="service_agent",
        said=PriceApprovalGranted,
    )


async def expire(service: ServiceHarness, path: str) -> None:
    """The last day of an agreement is over."""
    async with service.transaction() as tx:
        sql = "UPDATE agreement SET state = 'expired', due_at = NULL WHERE id = $1"
        await tx.execute(sql, UUID(path.rpartition("/")[2]))


class TestAgreements(Created, Listed, Read, Stateful):
    family = Family(
        path="/v1/agreements",
        noun="agreement",
        body=AGREED | {"exclusivity": "none"},
        needs=a_partner,
        numbered=lambda n: {"notice_days": n},
        reader="sales_rep",
        stranger="service_agent",
    )
    by_others: ClassVar = {("signed", "expired"): expire}
    bodies: ClassVar = {"replace": AGREED | {"exclusivity": "none", "max_discount": 1}}
    others: ClassVar = {"sign": ("director", "sales_director")}


def become(state: str) -> Step:
    """Another state of a deal, as an order or a date would bring it about."""

    async def step(service: ServiceHarness, path: str) -> None:
        async with service.transaction() as tx:
            sql = "UPDATE deal SET state = $2, due_at = NULL WHERE id = $1"
            await tx.execute(sql, UUID(path.rpartition("/")[2]), state)

    return step


class TestDeals(Created, Listed, Read, Stateful):
    family = Family(
        path="/v1/deals",
        noun="deal",
        body=DEAL,
        needs=a_seller,
        numbered=lambda n: {"customer_name": f"Customer {n}"},
        reader="risk_officer",
        stranger="service_agent",
        foreign=("somebody", "sales_rep"),
        foreign_writes=True,
        said=DealRegistered,
    )
    by_others: ClassVar = {("approved", "won"): become("won"), ("approved", "expired"): become("expired")}
    others: ClassVar = dict.fromkeys(("approve", "reject"), ("director", "sales_director"))


async def a_conflict(service: ServiceHarness) -> str:
    """Path of a conflict of two partners."""
    return f"/v1/conflicts/{(await opened(service))['id']}"


class TestConflicts(Listed, Read):
    family = Family(path="/v1/conflicts", noun="conflict", made=a_conflict, reader="auditor", stranger="service_agent")


class TestPointsProgrammes(Created, Listed, Patched, Named, Coded):
    table = "points_programme"
    family = Family(
        path="/v1/points-programmes",
        noun="points_programme",
        body={key: value for key, value in CLUB.items() if key not in ("code", "name")} | {"name": "Club"},
        numbered=lambda n: {"code": f"CLUB-{n}"},
        patch={"name": "Club of the year", "valid_to": "2099-12-31"},
        reader="sales_rep",
    )


async def a_points_account(service: ServiceHarness) -> str:
    """Path of a new member of a programme of its own."""
    _of, member = await a_member(service, code=f"C-{new_id().hex[-12:]}")
    return f"/v1/points-accounts/{member}"


async def an_adjustment(service: ServiceHarness) -> str:
    """Path of one that waits for another person."""
    sent = {"points": 5, "reason": "Late delivery"}
    asked = await service.post(f"{await a_points_account(service)}/adjust", sent)
    return f"/v1/points-adjustments/{asked.json()['id']}"


class TestPointsAccounts(Listed, Read):
    family = Family(
        path="/v1/points-accounts",
        noun="points_account",
        made=a_points_account,
        reader="risk_officer",
        stranger="service_agent",
        foreign=("somebody", "sales_rep"),
        foreign_writes=True,
    )


class TestPointsAdjustments(Listed, Read, Stateful):
    family = Family(
        path="/v1/points-adjustments",
        noun="points_adjustment",
        made=an_adjustment,
        reader="risk_officer",
        stranger="service_agent",
        foreign=("somebody", "sales_rep"),
    )
    others: ClassVar = dict.fromkeys(("approve", "reject"), ("director", "sales_director"))


class TestProgrammes(Created, Listed, Read, Stateful, Named):
    table = "rebate_programme"
    family = Family(
        path="/v1/rebate-programmes",
        noun="rebate_programme",
        body=programme(),
        numbered=lambda n: {"name": f"Volume {n}"},
        reader="sales_director",
        stranger="sales_rep",
    )
    bodies: ClassVar = {"replace": programme(name="Volume of the year")}
