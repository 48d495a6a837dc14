"""What the resources of the register have in common with all others."""

from __future__ import annotations

from typing import ClassVar

from services.risk.assessments.schemas import EXAMPLE as ASSESSMENT
from services.risk.controls.schemas import EXAMPLE as CONTROL
from services.risk.events_out.incidents import IncidentRecorded
from services.risk.events_out.risks import RiskIdentified
from services.risk.incidents.schemas import EXAMPLE as INCIDENT
from services.risk.risks.schemas import EXAMPLE
from tests.risk.risks.register import assessed, entered, risk_of
from tests.risk.test_resources import by_date
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
