"""What the resources of targets have in common with all others."""

from __future__ import annotations

from typing import Any, ClassVar

import pytest

from kit.testing.service import ServiceHarness
from services.targets.events_out import MemberJoined, UnitChanged
from services.targets.events_out.territories import TerritoryChanged
from tests.shared_suites.identity import Coded, Named
from tests.shared_suites.machines import Stateful
from tests.shared_suites.resources import Created, Family, Listed, Patched, Read, Scoped


async def team(service: ServiceHarness) -> dict[str, Any]:
    answer = await service.post("/v1/units", {"code": "team-1", "name": "Team 1", "kind": "team"})
    return {"unit_id": answer.json()["id"]}


class TestUnits(Created, Listed, Patched, Named, Coded):
    table = "unit"
    family = Family(
        path="/v1/units",
        noun="unit",
        body={"name": "North", "kind": "region"},
        numbered=lambda n: {"code": f"unit-{n}"},
        patch={"name": "North region"},
        reader="sales_rep",
        said=UnitChanged,
        changed=UnitChanged,
    )


class TestMembers(Created, Listed, Read, Coded):
    family = Family(
        path="/v1/members",
        noun="member",
        needs=team,
        body={"role": "sales_rep", "valid_from": "2026-01-01"},
        numbered=lambda n: {"code": f"rep-{n}"},
        reader="sales_rep",
        said=MemberJoined,
    )


class TestTerritories(Created, Listed, Patched, Named, Coded):
    table = "territory"
    family = Family(
        path="/v1/territories",
        noun="territory",
        needs=team,
        body={"name": "East", "regions": ["CN-SH"], "valid_from": "2026-01-01"},
        numbered=lambda n: {"code": f"east-{n}"},
        patch={"name": "East coast"},
        reader="sales_rep",
        said=TerritoryChanged,
        changed=TerritoryChanged,
    )


class TestKpis(Created, Listed, Patched):
    family = Family(
        path="/v1/kpis",
        noun="kpi",
        body={"name": "Margin"},
        numbered=lambda n: {"code": f"kpi-{n}"},
        patch={"name": "Margin online"},
        reader="sales_rep",
        stranger="risk_officer",
        installed=15,
    )


class TestNamesOfKpis(Named, Coded):
    table = "kpi"
    family = TestKpis.family

    @pytest.fixture
    async def service(self, service: ServiceHarness) -> ServiceHarness:
        """Without the KPIs of the core, whose names would stand among the others."""
        async with service.transaction() as tx:
            await tx.execute("TRUNCATE kpi, kpi_version")
        return service


class TestObservations(Created, Listed, Read):
    family = Family(
        path="/v1/observations",
        noun="observation",
        body={
            **{"kind": "spend", "period_start": "2026-01-01", "period_end": "2026-03-31", "value": 90_000},
            **{"source": "Books", "observed_on": "2026-04-02"},
        },
        numbered=lambda n: {"external_id": f"ads-{n}"},
        reader="sales_rep",
        stranger="risk_officer",
    )


async def active_root(service: ServiceHarness) -> dict[str, Any]:
    body = {"name": "Year", "period_start": "2026-01-01", "period_end": "2026-12-31", "amount": 100}
    root = (await service.post("/v1/targets", body)).json()["id"]
    await service.post(f"/v1/targets/{root}/activate")
    return {"root_id": root}


class TestPlans(Created, Listed, Read, Stateful, Named):
    table = "target_plan"
    family = Family(
        path="/v1/plans",
        noun="plan",
        needs=active_root,
        numbered=lambda n: {"name": f"Plan {n}"},
        reader="auditor",
        stranger="risk_officer",
    )
    others: ClassVar = {"approve": ("second", "administrator")}


async def member_of_target(service: ServiceHarness) -> dict[str, Any]:
    member = {"code": "a1", "subject": "a1", "role": "sales_rep", "valid_from": "2026-01-01", **await team(service)}
    owner = (await service.post("/v1/members", member)).json()["id"]
    return {"target_id": (await active_root(service))["root_id"], "owner_id": owner}


class TestActionPlans(Created, Listed, Patched, Scoped, Stateful, Named):
    table = "action_plan"
    family = Family(
        path="/v1/action-plans",
        noun="action_plan",
        needs=member_of_target,
        numbered=lambda n: {"name": f"Plan {n}"},
        patch={"name": "Other"},
        reader="auditor",
        stranger="risk_officer",
        foreign=("a1", "sales_rep"),
    )


async def of_target(service: ServiceHarness) -> dict[str, Any]:
    return {"target_id": (await active_root(service))["root_id"]}


class TestAdjustments(Created, Listed, Patched, Scoped, Stateful):
    family = Family(
        path="/v1/adjustments",
        noun="adjustment",
        needs=of_target,
        body={"trigger": "manual", "strategy": "tactic"},
        numbered=lambda n: {"reason": f"Reason {n}"},
        patch={"reason": "Other"},
        reader="auditor",
        stranger="risk_officer",
        foreign=("manager-north", "sales_manager"),
        foreign_writes=True,
    )
    others: ClassVar = {"approve": ("second", "administrator")}


async def unit_of_reports(service: ServiceHarness) -> dict[str, Any]:
    return {**await team(service), "cadence": "weekly"}


class TestReportSchedules(Created, Listed, Patched, Scoped, Stateful):
    family = Family(
        path="/v1/report-schedules",
        noun="report_schedule",
        needs=unit_of_reports,
        numbered=lambda n: {"local_time": f"06:{n:02d}"},
        patch={"local_time": "07:30"},
        reader="auditor",
        stranger="risk_officer",
        foreign=("manager-north", "sales_manager"),
        foreign_writes=True,
    )


class TestTargets(Created, Listed, Patched, Scoped, Stateful, Named):
    table = "target"
    family = Family(
        path="/v1/targets",
        noun="target",
        body={"period_start": "2026-01-01", "period_end": "2026-03-31", "amount": 100},
        numbered=lambda n: {"name": f"Q1 {n}"},
        patch={"name": "First quarter", "amount": 101},
        reader="auditor",
        stranger="risk_officer",
        foreign=("a1", "sales_rep"),
    )
    others: ClassVar = {"approve": ("second", "administrator")}
