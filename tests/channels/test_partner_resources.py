"""What levels and statements of partners have in common with all other resources."""

from __future__ import annotations

from typing import Any, ClassVar

from kit.testing.service import ServiceHarness
from services.channels.events_out.rebates import RebateAdjusted
from tests.channels.agreements.signed import a_partner
from tests.channels.simulations.simulated import a_simulation
from tests.channels.statements.stated import a_statement
from tests.channels.tier_evaluations.ranked import LEVELS, a_programme, evaluated, seller
from tests.shared_suites.identity import Coded, Named
from tests.shared_suites.machines import Stateful
from tests.shared_suites.resources import Created, Family, Listed, Patched, Read


async def a_holder(service: ServiceHarness) -> dict[str, Any]:
    """A partner that has no certificate yet."""
    return {"partner_id": str(await seller(service))}


class TestPartnerCertificates(Created, Listed, Patched):
    family = Family(
        path="/v1/partner-certificates",
        noun="partner_certificate",
        body={"kind": "engineer", "valid_from": "2026-01-01"},
        needs=a_holder,
        numbered=lambda n: {"number": f"SE-{n}"},
        patch={"valid_from": "2026-02-01", "valid_to": "2026-12-31"},
        reader="sales_rep",
        stranger="service_agent",
    )


class TestTierProgrammes(Created, Listed, Read, Stateful, Named, Coded):
    table = "tier_programme"
    family = Family(
        path="/v1/tier-programmes",
        noun="tier_programme",
        body={"name": "Levels", "valid_from": "2026-01-01", "levels": LEVELS},
        numbered=lambda n: {"code": f"T-{n}"},
        reader="sales_rep",
        stranger="service_agent",
    )
    bodies: ClassVar = {"replace": {"name": "Of the year", "valid_from": "2026-02-01", "levels": LEVELS}}
    others: ClassVar = {"publish": ("director", "sales_director")}


async def a_preview(service: ServiceHarness) -> str:
    """Path of an evaluation that has been calculated."""
    return f"/v1/tier-evaluations/{(await evaluated(service, await a_programme(service)))['id']}"


class TestTierEvaluations(Listed, Read):
    family = Family(
        path="/v1/tier-evaluations",
        noun="tier_evaluation",
        made=a_preview,
        reader="sales_rep",
        stranger="service_agent",
    )


class TestRebateStatements(Listed, Read, Stateful):
    family = Family(
        path="/v1/rebate-statements",
        noun="rebate_statement",
        made=a_statement,
        reader="risk_officer",
        stranger="sales_manager",
    )
    bodies: ClassVar = {"pay": {}}
    others: ClassVar = {"approve": ("director", "sales_director")}


class TestRebateSimulations(Listed, Read):
    family = Family(
        path="/v1/rebate-simulations",
        noun="rebate_simulation",
        made=a_simulation,
        reader="risk_officer",
        stranger="sales_manager",
    )


class TestRebateAdjustments(Created, Listed, Read):
    family = Family(
        path="/v1/rebate-adjustments",
        noun="rebate_adjustment",
        body={"reason": "Promised"},
        needs=a_partner,
        numbered=lambda n: {"amount": n},
        reader="risk_officer",
        stranger="sales_manager",
        said=RebateAdjusted,
    )
