"""What the resources of the register have in common with all others."""

from __future__ import annotations

from typing import ClassVar
from uuid import UUID

from kit.testing.service import ServiceHarness
from services.risk.assessments.schemas import EXAMPLE as ASSESSMENT
from services.risk.controls.schemas import EXAMPLE as CONTROL
from services.risk.events_out.incidents import IncidentRecorded
from services.risk.events_out.risks import RiskIdentified
from services.risk.events_out.treatments import TreatmentPlanned
from services.risk.incidents.schemas import EXAMPLE as INCIDENT
from services.risk.indicators.schemas import EXAMPLE as INDICATOR
from services.risk.risks.schemas import EXAMPLE
from services.risk.scenarios.schemas import EXAMPLE as SCENARIO
from services.risk.studies.schemas import EXAMPLE as STUDY
from services.risk.treatments.schemas import EXAMPLE as TREATMENT
from tests.risk.indicators.watched import alerted
from tests.risk.risks.register import assessed, entered, risk_of
from tests.risk.studies.runs import scenario_of, work_off
from tests.risk.test_resources import by_date
from tests.risk.treatments.plans import planned
from tests.shared_suites.identity import Coded, Named
from tests.shared_suites.machines import Stateful
from tests.shared_suites.resources import Created, Family, Listed, Patched, Read, Scoped


class TestRisks(Created, Listed, Patched, Scoped, Stateful, Named, Coded):
    table, name_field = "risk", "title"
    family = Family(
        path="/v1/risks",
        noun="risk",
        body=EXAMPLE,
        numbered=lambda n: {"code": f"R-{n}"},
        made=entered,
        patch={"title": "A customer pays nothing", "source": "indicator"},
        reader="auditor",
        stranger="channel_manager",
        foreign=("rep-1", "sales_rep"),
        said=RiskIdentified,
    )
    by_others: ClassVar = {
        ("identified", "assessed"): assessed,
        ("assessed", "treated"): by_date("treated", "risk"),
    }


class TestAssessments(Listed):
    family = Family(
        path="/v1/assessments",
        noun="assessment",
        body=ASSESSMENT,
        needs=risk_of,
        reader="sales_director",
        stranger="channel_manager",
    )


class TestControls(Created, Listed, Patched, Scoped, Named):
    table, name_field = "control", "title"
    family = Family(
        path="/v1/controls",
        noun="control",
        body=CONTROL,
        numbered=lambda n: {"title": f"Deposits {n}"},
        needs=risk_of,
        patch={"claimed_effect": 800000, "test_every_days": 30},
        reader="auditor",
        stranger="channel_manager",
        foreign=("rep-1", "sales_rep"),
    )


class TestMovesOfControls(Read, Stateful):
    family = Family(path="/v1/controls", noun="control", body=CONTROL, needs=risk_of, reader="auditor")


class TestIncidents(Created, Listed, Patched, Scoped, Stateful):
    family = Family(
        path="/v1/incidents",
        noun="incident",
        body=INCIDENT,
        numbered=lambda n: {"gross_loss": 2000000 + n},
        needs=risk_of,
        patch={"gross_loss": 3000000, "recoveries": 450000, "occurred_on": "2025-11-10"},
        reader="auditor",
        stranger="channel_manager",
        foreign=("rep-1", "sales_rep"),
        said=IncidentRecorded,
        changed=IncidentRecorded,
    )


class TestScenarios(Created, Listed, Patched, Scoped, Stateful, Named):
    table, name_field = "scenario", "name"
    family = Family(
        path="/v1/scenarios",
        noun="scenario",
        body=SCENARIO,
        numbered=lambda n: {"name": f"Losses {n}"},
        needs=risk_of,
        patch={"name": "Late payers", "frequency": {"kind": "bernoulli", "p": 0.3}},
        reader="auditor",
        stranger="channel_manager",
        foreign=("rep-1", "sales_rep"),
    )


async def computed(service: ServiceHarness, _path: str) -> None:
    """A worker has done its job."""
    await work_off(service)


async def too_large(service: ServiceHarness, path: str) -> None:
    """Its computation was refused."""
    async with service.transaction() as tx:
        sql = "UPDATE study SET state = 'failed', failure = 'loss-too-large', finished_at = now() WHERE id = $1"
        await tx.execute(sql, UUID(path.rpartition("/")[2]))


class TestStudies(Created, Listed, Patched, Scoped, Stateful, Named):
    table, name_field = "study", "name"
    family = Family(
        path="/v1/studies",
        noun="study",
        body={**STUDY, "trials": 10_000},
        numbered=lambda n: {"name": f"Losses {n}"},
        needs=scenario_of,
        patch={"name": "Losses of the year", "trials": 20_000, "appetite": None},
        reader="auditor",
        stranger="channel_manager",
        foreign=("rep-1", "sales_rep"),
    )
    by_others: ClassVar = {("running", "completed"): computed, ("running", "failed"): too_large}


class TestTreatments(Created, Listed, Patched, Scoped):
    family = Family(
        path="/v1/treatments",
        noun="treatment",
        body=TREATMENT,
        numbered=lambda n: {"cost_once": 3000000 + n},
        needs=risk_of,
        patch={"effect": {"kind": "avoid", "share": 250000}, "cost_yearly": 5},
        reader="auditor",
        stranger="channel_manager",
        foreign=("rep-1", "sales_rep"),
        said=TreatmentPlanned,
    )


class TestMovesOfTreatments(Read, Stateful):
    """Plans of an officer, which the administrator may approve; what is done long ago is proved at once."""

    family = Family(path="/v1/treatments", noun="treatment", made=planned, reader="auditor")
    bodies: ClassVar = {"start": {"on": "2024-01-08"}, "complete": {"on": "2024-03-29"}}


class TestIndicators(Created, Listed, Patched, Scoped, Stateful):
    family = Family(
        path="/v1/indicators",
        noun="indicator",
        body=INDICATOR,
        numbered=lambda n: {"amber": 100000 + n},
        patch={"red": 300000, "min_sample": 7},
        reader="auditor",
        stranger="channel_manager",
        foreign=("rep-1", "sales_rep"),
    )


class TestRiskAlerts(Listed, Stateful):
    family = Family(
        path="/v1/risk-alerts", noun="risk_alert", made=alerted, reader="auditor", stranger="channel_manager"
    )
