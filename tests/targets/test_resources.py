"""What the resources of targets have in common with all others."""

from __future__ import annotations

from typing import Any, ClassVar

from kit.testing.service import ServiceHarness
from services.targets.events_out import MemberJoined, UnitChanged
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
