"""What is kept of partners, as all other resources are."""

from __future__ import annotations

from typing import Any, ClassVar

from kit.ids import new_id
from kit.testing.service import ServiceHarness
from tests.channels.partner_screening.screened import SCREENINGS, TERMS, latest, published, screened
from tests.channels.tier_evaluations.ranked import seller
from tests.shared_suites.identity import Coded, Named
from tests.shared_suites.machines import Stateful
from tests.shared_suites.resources import Created, Family, Listed, Patched, Read


async def a_seller(service: ServiceHarness) -> dict[str, Any]:
    """A partner of whom nothing is kept yet."""
    return {"partner_id": str(await seller(service))}


class TestPartnerContacts(Created, Listed, Patched, Named):
    table = "partner_contact"
    of_persons = True
    family = Family(
        path="/v1/partner-contacts",
        noun="partner_contact",
        body={"role": "sales", "email": "li.na@harbour.example", "phone": "138 1234 5678"},
        needs=a_seller,
        numbered=lambda n: {"name": f"Li {n}"},
        patch={"title": "Director", "role": "owner", "email": "na.li@harbour.example", "phone": None},
        reader="sales_rep",
        stranger="service_agent",
    )


class TestPartnerDocuments(Created, Listed, Patched):
    family = Family(
        path="/v1/partner-documents",
        noun="partner_document",
        body={"kind": "licence", "valid_to": "2099-12-31", "reference": "archive/1"},
        needs=a_seller,
        numbered=lambda n: {"number": f"L-{n}"},
        patch={"valid_to": "2100-12-31", "is_mandatory": True, "sha256": "0" * 64},
        reader="sales_rep",
        stranger="service_agent",
    )


class TestPartnerTasks(Created, Listed, Patched, Stateful):
    family = Family(
        path="/v1/partner-tasks",
        noun="partner_task",
        body={"due_on": "2026-03-31"},
        needs=a_seller,
        numbered=lambda n: {"subject": f"Step {n}"},
        patch={"subject": "Another", "is_mandatory": True, "due_on": None, "note": "later"},
        reader="sales_rep",
        stranger="service_agent",
    )


class TestPartnerCriteria(Created, Listed, Read, Stateful):
    family = Family(
        path="/v1/partner-criteria",
        noun="partner_criteria",
        body=TERMS,
        numbered=lambda n: {"pass_mark": 7000 + n},
        reader="sales_rep",
        stranger="service_agent",
    )
    bodies: ClassVar = {"replace": TERMS}
    others: ClassVar = {"publish": ("director", "sales_director")}


async def a_screening(service: ServiceHarness) -> str:
    """Path of a screening of a partner of its own."""
    await published(service)
    partner_id = await screened(service, code=f"P-{new_id().hex}")
    return f"{SCREENINGS}/{(await latest(service, partner_id))['id']}"


class TestPartnerScreenings(Listed, Read):
    family = Family(
        path=SCREENINGS,
        noun="partner_screening",
        made=a_screening,
        reader="auditor",
        stranger="service_agent",
    )


class TestTrainings(Created, Listed, Patched, Named, Coded):
    table = "training"
    family = Family(
        path="/v1/trainings",
        noun="training",
        body={"name": "Engineer", "held_on": "2026-02-14", "certificate_kind": "engineer"},
        numbered=lambda n: {"code": f"T-{n}"},
        patch={"name": "Engineers", "held_on": "2026-02-15"},
        reader="sales_rep",
        stranger="service_agent",
    )


class TestPartnerLogs(Created, Listed, Patched, Stateful):
    family = Family(
        path="/v1/partner-logs",
        noun="partner_log",
        body={"kind": "need", "happened_on": "2026-02-14", "follow_up_on": "2026-02-28"},
        needs=a_seller,
        numbered=lambda n: {"note": f"Samples {n}"},
        patch={"follow_up_on": "2026-03-15"},
        reader="auditor",
        stranger="service_agent",
    )
    bodies: ClassVar = {"close": {"outcome": "Sent"}}
