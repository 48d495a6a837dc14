"""The dashboard, and what is kept of it every night."""

from __future__ import annotations

import asyncio
import json
from datetime import date
from typing import Any

import asyncpg
import pytest

from kit.due.loop import DueLoop
from kit.ids import new_id
from kit.testing.service import ServiceHarness
from services.risk.reports.dues import SNAPSHOTS_DUE
from services.risk.reports.sealing import seal_of
from tests.risk.conftest import Days, Order, account_created, seller
from tests.risk.contracts.drafts import draft
from tests.risk.contracts.test_scores import in_force
from tests.risk.disputes.disputed import opened, owed
from tests.risk.holds.owing import place
from tests.risk.risks.register import risk_of
from tests.risk.studies.runs import run, study, work_off

PATH = "/v1/risk-snapshots"


async def night(service: ServiceHarness) -> int:
    worked = await DueLoop(service.runtime, [SNAPSHOTS_DUE]).turn()
    assert await service.rows("SELECT * FROM due_failure") == []
    return worked


async def kept(service: ServiceHarness) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = (await service.get(f"{PATH}?sort=day")).json()["items"]
    return items


async def installed(service: ServiceHarness) -> None:
    """As on the day of the migration."""
    async with service.transaction() as tx:
        await tx.execute("UPDATE snapshot_night SET day = NULL, due_at = '2020-01-01T00:00Z'")
    assert await night(service) == 1


async def dashboard(service: ServiceHarness, headers: Any = None) -> dict[str, Any]:
    answer = await service.get("/v1/risk-dashboards", headers=headers)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_the_dashboard_shows_what_the_caller_sees(service: ServiceHarness, days: Days) -> None:
    days.on(date(2026, 6, 30))
    empty = await dashboard(service)
    assert (empty["top_risks"], empty["loss_curve"], empty["ageing"]["total"]) == ([], None, 0)
    assert (empty["figures"]["insufficient_data"], len(empty["heat_map"]["cells"]), len(empty["grades"])) == (
        True,
        25,
        9,
    )
    member, account_id = new_id(), new_id()
    await service.deliver(seller(member, "rep-1"), account_created(account_id, member))
    order = Order(account_id, 500)
    await service.deliver(order.placed(), order.confirmed("2026-05-01"))
    await opened(service, (order, 200), opened_on="2026-06-01")
    other = await owed(service, 70, on="2026-06-20")
    await place(service, account_id=str(account_id), reason="rumour")
    risk = await risk_of(service)
    body = {**risk, "kind": "current", "likelihood": 4, "impact": 5, "rationale": "late"}
    assert (await service.post("/v1/assessments", body)).status_code == 201
    contract = await draft(service, account_id, ends_on="2026-10-31", notice_days=60)
    await in_force(service, contract)
    await run(service, await study(service, is_reference=True))
    await work_off(service)
    found = await dashboard(service)
    assert [(one["likelihood"], one["impact"], one["band"]) for one in found["top_risks"]] == [(4, 5, "extreme")]
    assert (found["ageing"]["total"], found["ageing"]["disputed"], found["ageing"]["d1_30"]) == (570, 200, 500)
    assert found["figures"]["dso"] == "90.0"
    assert {one["grade"]: one["accounts"] for one in found["grades"]}["NR"] == 2
    expected = round(500 * 0.05 * 0.45) + round(70 * 0.05 * 0.45)
    assert found["expected_loss"] == expected
    assert {one["hold_reason"]: one["holds"] for one in found["holds"]}["manual"] == 1
    assert [(one["level"], one["alerts"]) for one in found["alerts"]] == [("red", 0), ("amber", 0)]
    assert [(one["ends_on"], one["notice_by"]) for one in found["renewals"]] == [("2026-10-31", "2026-09-01")]
    assert len(found["loss_curve"]["points"]) > 5
    own = await dashboard(service, service.headers("rep-1", "sales_rep"))
    assert (own["ageing"]["total"], own["loss_curve"], own["top_risks"]) == (500, None, [])
    assert (len(own["renewals"]), sum(one["accounts"] for one in own["grades"])) == (1, 1)
    nobody = await dashboard(service, service.headers("rep-2", "sales_rep"))
    assert (nobody["ageing"]["total"], nobody["renewals"], nobody["expected_loss"]) == (0, [], 0)
    assert other.account_id != account_id


async def test_each_night_keeps_the_day_before(service: ServiceHarness, days: Days) -> None:
    days.on(date(2026, 6, 9))
    await installed(service)
    assert ([one["day"] for one in await kept(service)], await night(service)) == (["2026-06-08"], 0)
    await owed(service, 500, on="2026-06-09")
    days.on(date(2026, 6, 10), 0)
    assert await night(service) == 0  # it is not 00:20 yet
    days.on(date(2026, 6, 10), 1)
    await owed(service, 70, on="2026-06-10")
    assert (await night(service), await night(service)) == (1, 0)
    one = (await kept(service))[1]
    assert (one["day"], one["is_late"]) == ("2026-06-09", False)
    answer = await service.get(f"{PATH}/{one['id']}")
    body = answer.json()["body"]
    assert (body["as_of"], body["ageing"]["total"]) == ("2026-06-09", 500)
    assert seal_of(body) == one["sha256"] == answer.json()["sha256"]
    days.on(date(2026, 6, 14))  # four days without a worker
    await night(service)
    found = [(one["day"], one["is_late"]) for one in await kept(service)]
    late = [(f"2026-06-{day}", True) for day in (10, 11, 12)]
    assert found == [("2026-06-08", False), ("2026-06-09", False), *late, ("2026-06-13", False)]
    (last,) = (await service.get(f"{PATH}?day=2026-06-12&is_late=true")).json()["items"]
    shown = (await service.get(f"{PATH}/{last['id']}")).json()["body"]
    assert (shown["as_of"], shown["ageing"]["total"]) == ("2026-06-12", 570)


async def test_two_nights_at_once_keep_one(service: ServiceHarness, days: Days) -> None:
    days.on(date(2026, 6, 9))
    await installed(service)
    days.on(date(2026, 6, 10))
    await asyncio.gather(night(service), night(service), night(service))
    assert [one["day"] for one in await kept(service)] == ["2026-06-08", "2026-06-09"]
    async with service.transaction() as tx:  # the row was set back
        await tx.execute("UPDATE snapshot_night SET day = '2026-06-09', due_at = '2020-01-01T00:00Z'")
    await night(service)
    assert len(await kept(service)) == 2


async def test_nothing_changes_a_snapshot(service: ServiceHarness, days: Days) -> None:
    days.on(date(2026, 6, 10))
    await installed(service)
    before = await service.rows("SELECT * FROM risk_snapshot")
    for statement in (
        "UPDATE risk_snapshot SET is_late = true",
        "UPDATE risk_snapshot SET body = '{}'",
        "DELETE FROM risk_snapshot",
        "TRUNCATE risk_snapshot",
    ):
        with pytest.raises(asyncpg.IntegrityConstraintViolationError):
            async with service.transaction() as tx:
                await tx.execute(statement)
    assert await service.rows("SELECT * FROM risk_snapshot") == before
    assert json.loads(before[0]["body"])["as_of"] == "2026-06-09"


async def test_only_who_sees_everything_sees_snapshots(service: ServiceHarness, days: Days) -> None:
    days.on(date(2026, 6, 10))
    await installed(service)
    (one,) = await kept(service)
    rep, auditor = service.headers("rep-1", "sales_rep"), service.headers("auditor", "auditor")
    assert (await service.get(PATH, headers=rep)).json()["items"] == []
    missing = await service.get(f"{PATH}/{one['id']}", headers=rep)
    assert (missing.status_code, missing.json()["code"]) == (404, "risk-snapshot-not-found")
    assert (await service.get(f"{PATH}/{one['id']}", headers=auditor)).status_code == 200
    stranger = service.headers("agent", "service_agent")
    for path in (PATH, "/v1/risk-dashboards"):
        assert (await service.get(path, headers=stranger)).status_code == 403


async def test_the_night_waits_for_what_it_is_read_from(service: ServiceHarness, days: Days) -> None:
    days.on(date(2026, 6, 9))
    await installed(service)
    days.on(date(2026, 6, 10))
    async with service.transaction() as tx:
        await tx.execute("INSERT INTO projection_state (name, version, state) VALUES ('receivable', 1, 'building')")
    await DueLoop(service.runtime, [SNAPSHOTS_DUE]).turn()
    assert len(await kept(service)) == 1
    assert (await service.get("/v1/risk-dashboards")).status_code == 503
    async with service.transaction() as tx:
        await tx.execute("DELETE FROM projection_state WHERE name = 'receivable'")
        await tx.execute("DELETE FROM due_failure")
    await night(service)
    assert [one["day"] for one in await kept(service)] == ["2026-06-08", "2026-06-09"]
