"""Assessments and heat maps over HTTP."""

from __future__ import annotations

import asyncio
from datetime import date
from typing import Any

from kit.ids import new_id
from kit.testing.service import ServiceHarness
from services.risk.assessments.schemas import EXAMPLE
from tests.risk.conftest import Days, seller
from tests.risk.risks.register import assessed, entered, state_of


async def heat_map(service: ServiceHarness, query: str = "", **options: Any) -> dict[str, Any]:
    answer = await service.get(f"/v1/heat-maps?{query}", **options)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def filled(found: dict[str, Any]) -> dict[tuple[int, int], int]:
    return {(cell["likelihood"], cell["impact"]): cell["count"] for cell in found["cells"] if cell["count"]}


async def test_an_assessment_has_the_band_of_its_cell_and_says_so(service: ServiceHarness) -> None:
    path = await entered(service)
    made = await assessed(service, path, likelihood=1, impact=5)
    assert (made["band"], made["matrix_version"], made["ordinal"]) == ("high", 1, 1)
    assert (await service.get(f"/v1/assessments/{made['id']}")).json() == made
    assert await state_of(service, path) == ("assessed", None)
    (fact,) = await service.published("risk.risk.assessed.v1")
    assert (fact.payload["band"], fact.payload["likelihood"], fact.payload["state"]) == ("high", 1, "assessed")
    assert (fact.subject, fact.key, fact.sequence) == (path.rpartition("/")[2], path.rpartition("/")[2], 2)
    (audited,) = await service.rows("SELECT action FROM audit_log WHERE resource = 'assessment'")
    assert audited["action"] == "create"


async def test_residual_never_exceeds_inherent(service: ServiceHarness) -> None:
    path = await entered(service)
    await assessed(service, path, kind="inherent", likelihood=3, impact=3)
    body = {**EXAMPLE, "risk_id": path.rpartition("/")[2], "kind": "residual", "likelihood": 4, "impact": 3}
    answer = await service.post("/v1/assessments", body)
    assert (answer.status_code, answer.json()["code"]) == (422, "residual-exceeds-inherent")
    await assessed(service, path, kind="residual", likelihood=3, impact=2)
    answer = await service.post("/v1/assessments", {**body, "kind": "inherent", "likelihood": 1, "impact": 5})
    assert answer.json()["code"] == "residual-exceeds-inherent"
    await assessed(service, path, kind="current", likelihood=5, impact=5)
    assert len(await service.rows("SELECT FROM assessment")) == 3


async def test_assessments_of_one_risk_take_turns(service: ServiceHarness) -> None:
    path = await entered(service)
    await asyncio.gather(*(assessed(service, path, kind="current", likelihood=1 + n % 5) for n in range(8)))
    rows = await service.rows("SELECT ordinal FROM assessment ORDER BY ordinal")
    assert [row["ordinal"] for row in rows] == list(range(1, 9))
    assert (await service.get(path)).json()["assessments"] == 8


async def test_a_closed_risk_is_not_assessed_and_an_unknown_one_not_either(service: ServiceHarness) -> None:
    path = await entered(service)
    await assessed(service, path)
    await service.post(f"{path}/monitor")
    await service.post(f"{path}/close", {"reason": "over"})
    body = {**EXAMPLE, "risk_id": path.rpartition("/")[2]}
    answer = await service.post("/v1/assessments", body)
    assert (answer.status_code, answer.json()["code"]) == (409, "risk-state")
    answer = await service.post("/v1/assessments", {**body, "risk_id": str(new_id())})
    assert (answer.status_code, answer.json()["code"]) == (422, "unknown-reference")


async def test_a_heat_map_of_any_day(service: ServiceHarness, days: Days) -> None:
    days.on(date(2026, 3, 1))
    first, second, third = [await entered(service, code=f"R-{n}") for n in range(3)]
    for path in (first, second):
        await assessed(service, path, kind="current", likelihood=2, impact=2)
    days.on(date(2026, 4, 1))
    await assessed(service, first, kind="current", likelihood=5, impact=4)
    await service.post(f"{second}/monitor")
    await service.post(f"{second}/close", {"reason": "over"})
    now = await heat_map(service, "from=2026-03-15")
    assert (len(now["cells"]), filled(now), now["unassessed"]["count"]) == (25, {(5, 4): 1}, 1)
    assert now["unassessed"]["risks"][0]["id"] == third.rpartition("/")[2]
    (cell,) = [cell for cell in now["cells"] if cell["count"]]
    assert (cell["band"], cell["risks"][0]["code"]) == ("extreme", "R-0")
    two = {"likelihood": 2, "impact": 2}
    assert [(one["code"], one["before"], one["after"]) for one in now["moves"]["risks"]] == [
        ("R-0", two, {"likelihood": 5, "impact": 4}),
        ("R-1", two, None),
    ]
    then = await heat_map(service, "as_of=2026-03-15")
    assert (filled(then), then["moves"]) == ({(2, 2): 2}, None)
    assert filled(await heat_map(service, "as_of=2026-02-28")) == {}
    assert filled(await heat_map(service, "kind=inherent")) == {}
    assert (await heat_map(service, "class=market"))["unassessed"]["count"] == 0


async def test_what_a_heat_map_may_not_be_asked(service: ServiceHarness) -> None:
    for query, code in (
        ("as_of=2026-01-01&from=2026-01-02", "date-order"),
        ("matrix_version=9", "unknown-reference"),
        ("kind=other", "bad-query"),
        ("surprise=1", "bad-query"),
    ):
        answer = await service.get(f"/v1/heat-maps?{query}")
        assert (answer.status_code in (400, 422), answer.json()["code"]) == (True, code), query


async def test_a_heat_map_shows_what_its_reader_sees(service: ServiceHarness) -> None:
    member = new_id()
    await service.deliver(seller(member, "rep-1"))
    await entered(service)
    await entered(service, owner_id=str(member))
    mine = await heat_map(service, headers=service.headers("rep-1", "sales_rep"))
    assert mine["unassessed"]["count"] == 1
    assert (await heat_map(service))["unassessed"]["count"] == 2
    assert (await heat_map(service, f"owner_id={member}"))["unassessed"]["count"] == 1
    nobody = (await service.get(f"/v1/heat-maps?owner_id={new_id()}")).json()
    assert (nobody["code"], nobody["retryable"]) == ("unknown-reference", True)
