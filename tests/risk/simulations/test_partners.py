"""Policies are simulated over partners as well as over accounts."""

from __future__ import annotations

from typing import Any

import pytest

from kit.ids import new_id
from kit.jobs.context import JobContext
from kit.testing.service import ServiceHarness
from services.risk.simulations import jobs
from tests.risk.conftest import Days, seller
from tests.risk.credit.test_partners import partner
from tests.risk.scorecards.scored import DAY, LIMIT, profile, rescore, run
from tests.risk.scorecards.test_partners import history
from tests.risk.simulations.simulated import PATH, draft, results, simulated
from tests.risk.simulations.test_simulations import everything, higher, put_in_force


async def test_terms_move_partners_and_do_nothing(service: ServiceHarness, days: Days) -> None:
    days.on(DAY)
    owner = new_id()
    partner_id = await partner(service, LIMIT, owner)
    unbound = await partner(service)
    await history(service, partner_id)
    await rescore(service, partner_id)
    path = await draft(service, "terms", grades=await higher(service), limit_mode="both")
    before = await everything(service)
    found, moved = await simulated(service, path)
    after = await everything(service)
    assert {table for table in before if before[table] != after[table]} == {"audit_log"}
    assert found["subjects"] == 6, "four accounts and two partners"
    (one,) = [each for each in moved if each["partner_id"] is not None]
    assert (one["partner_id"], one["account_id"], one["owner_id"]) == (str(partner_id), None, str(owner))
    assert (one["before"]["grade"], one["after"]["grade"]) == ("BBB", "BB")
    assert {"grade", "terms_days"} <= set(one["parts"])
    assert one["partner_name"]
    made = f"{PATH}/{found['id']}"
    assert await results(service, made, f"&partner_id={partner_id}") == [one]
    assert await results(service, made, f"&partner_id={unbound}") == []
    await service.deliver(seller(owner, "rep-1"), seller(new_id(), "rep-2"))
    for subject, count in (("rep-1", 1), ("rep-2", 0)):
        answer = await service.get(f"{made}/results", headers=service.headers(subject, "sales_rep"))
        assert len(answer.json()["items"]) == count


async def test_it_says_what_a_run_then_does_to_a_partner(service: ServiceHarness, days: Days) -> None:
    days.on(DAY)
    partner_id = await partner(service, LIMIT)
    await history(service, partner_id)
    await rescore(service, partner_id)
    path = await draft(service, "terms", grades=await higher(service), limit_mode="both")
    _found, moved = await simulated(service, path)
    (one,) = [each for each in moved if each["partner_id"] == str(partner_id)]
    await put_in_force(service, path)
    await run(service)
    now = await profile(service, partner_id)
    then = {name: one["after"][name] for name in ("score", "grade", "terms_days", "credit_limit")}
    assert then == {name: now[name] for name in then}


async def test_a_kill_between_the_kinds_finds_nobody_twice(
    service: ServiceHarness, days: Days, monkeypatch: pytest.MonkeyPatch
) -> None:
    days.on(DAY)
    partners = [await partner(service, LIMIT) for _ in range(3)]
    for each in partners:
        await history(service, each)
        await rescore(service, each)
    path = await draft(service, "terms", grades=await higher(service))
    monkeypatch.setattr(jobs, "CHUNK", 2)
    whole, calls = JobContext.checkpoint, []

    async def die(self: Any, state: object, tx: Any = None) -> None:
        calls.append(state)
        if len(calls) in (7, 9):
            raise RuntimeError("killed")
        await whole(self, state, tx)

    monkeypatch.setattr(JobContext, "checkpoint", die)
    found, moved = await simulated(service, path)
    assert (found["subjects"], found["progress"]) == (15, 15)
    named = sorted(one["partner_id"] for one in moved if one["partner_id"] is not None)
    assert named == sorted(map(str, partners))
