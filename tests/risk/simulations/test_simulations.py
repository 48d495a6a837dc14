"""A simulation says what the next night would do under a draft, and does nothing."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

import pytest

from kit.ids import new_id
from kit.jobs.context import JobContext
from kit.testing.service import ServiceHarness
from services.risk.simulations import jobs
from tests.risk.conftest import Days, Order, account_created, draft_policy, open_account, seller
from tests.risk.redirects.test_decisions import redirect
from tests.risk.risks.register import assessed, entered
from tests.risk.scorecards.scored import DAY, example, profile, rescore, run, scores
from tests.risk.simulations.simulated import PATH, body_of, draft, results, simulated, start
from tests.risk.studies.runs import work_off

TABLES = ("credit_profile", "credit_score", "credit_hold", "assessment", "risk", "scoring_run", "outbox", "audit_log")


async def everything(service: ServiceHarness) -> dict[str, Any]:
    """What must stay as it is."""
    return {table: sorted(map(str, await service.rows(f"SELECT * FROM {table}"))) for table in TABLES}


async def put_in_force(service: ServiceHarness, path: str) -> None:
    """As if the draft had held all along."""
    async with service.transaction() as tx:
        sql = "UPDATE risk_policy p SET body = d.body FROM risk_policy d WHERE d.id = $1 AND p.kind = d.kind"
        await tx.execute(sql, UUID(path[-36:]))


async def higher(service: ServiceHarness) -> list[dict[str, Any]]:
    """Grades of which BBB begins at 65."""
    grades = (await body_of(service, "terms"))["grades"]
    return [{**one, "score_from": 65} if one["grade"] == "BBB" else one for one in grades]


async def test_terms_move_grades_terms_and_what_is_recommended(service: ServiceHarness, days: Days) -> None:
    days.on(DAY)
    mine, unscored = await example(service), await open_account(service, 100)
    await rescore(service, mine)
    path = await draft(service, "terms", grades=await higher(service), limit_mode="both")
    before = await everything(service)
    found, (one,) = await simulated(service, path)
    after = await everything(service)
    assert {table for table in TABLES if before[table] != after[table]} == {"audit_log"}, "that it was asked for"
    assert (found["subjects"], found["moved"], found["kind"]) == (2, 1, "terms")
    assert (found["policy_version"], found["against_version"], found["as_of"]) == (2, 1, str(DAY))
    assert one["account_id"] == str(mine) != str(unscored)
    assert (one["before"]["score"], one["after"]["score"]) == (64, 64)
    assert (one["before"]["grade"], one["after"]["grade"]) == ("BBB", "BB")
    assert (one["before"]["terms_days"], one["after"]["terms_days"]) == (30, 15)
    assert {"grade", "terms_days"} <= set(one["parts"])
    assert one["before"]["credit_limit"] == 4_247, "a run recommends"
    assert one["after"]["credit_limit"] == one["after"]["recommended_limit"]


@pytest.mark.parametrize("kind", ["scorecard", "terms", "holds"])
async def test_it_says_what_the_draft_then_does(service: ServiceHarness, days: Days, kind: str) -> None:
    days.on(DAY)
    accounts = [await example(service) for _ in range(3)]
    late = await open_account(service, 900)
    await service.deliver(Order(late, 500).confirmed("2026-05-15", 30))
    cases: dict[str, dict[str, Any]] = {
        "scorecard": {"default_after_days": 10},
        "terms": {"grades": await higher(service), "limit_mode": "both"},
        "holds": {"overdue_days": 10, "items_from": "2020-01-01"},
    }
    path = await draft(service, kind, **cases[kind])
    _found, moved = await simulated(service, path)
    assert moved, "it moves somebody"
    await put_in_force(service, path)
    await run(service)
    named = {one["account_id"]: one for one in moved}
    for account_id in (*accounts, late):
        now = await profile(service, account_id)
        if one := named.get(str(account_id)):
            then = {name: one["after"][name] for name in ("score", "grade", "terms_days", "credit_limit")}
            assert then == {name: now[name] for name in then}
    advised = {one["account_id"]: one["recommended_limit"] for one in await scores(service)}
    assert {key: one["after"]["recommended_limit"] for key, one in named.items()}.items() <= advised.items()


async def test_what_was_asked_for_is_what_is_simulated(service: ServiceHarness, days: Days) -> None:
    """A draft that changes meanwhile, or another version that holds by then, does not mix in."""
    days.on(DAY)
    await example(service)
    path = await draft(service, "terms", grades=await higher(service))
    made = await start(service, path)
    body = {"kind": "terms", "body": await body_of(service, "terms")}
    assert (await service.patch(path, body, 1)).status_code == 200
    other = await draft(service, "terms", limit_mode="both")
    today = {"effective_from": str(DAY)}
    assert (await service.post(f"{other}/approve")).status_code == 200
    assert (await service.post(f"{other}/activate", today)).status_code == 200
    await work_off(service)
    found = (await service.get(made)).json()
    assert (found["moved"], found["against_version"]) == (1, 1)
    (one,) = await results(service, made)
    assert "credit_limit" not in one["parts"]


async def test_holds_move_by_their_items_and_groups_are_one(service: ServiceHarness, days: Days) -> None:
    days.on(DAY)
    root, member, free = [await open_account(service, 9_000) for _ in range(3)]
    await service.deliver(Order(member, 500).confirmed("2026-05-20", 30))  # due 06-19, 11 days ago
    await service.deliver(*redirect(root, member, new_id()))
    assert free
    late = await draft(service, "holds", overdue_days=10, items_from="2020-01-01")
    _found, (one,) = await simulated(service, late)
    assert (one["account_id"], one["parts"]) == (str(root), ["hold_reasons"])
    assert (one["before"]["hold_reasons"], one["after"]["hold_reasons"]) == ([], ["overdue"])
    for same in ({"overdue_days": 11, "items_from": "2020-01-01"}, {"overdue_days": 10, "items_from": "2026-05-21"}):
        assert (await simulated(service, await draft(service, "holds", **same)))[1] == []
    assert await service.rows("SELECT FROM credit_hold") == []


async def test_matrices_move_bands_of_last_assessments(service: ServiceHarness, days: Days) -> None:
    days.on(DAY)
    path = await entered(service)
    await assessed(service, path)
    await entered(service, code="R-2")
    ((last),) = await service.rows("SELECT * FROM assessment")
    cells = (await body_of(service, "matrix"))["cells"]
    where = {"likelihood": last["likelihood"], "impact": last["impact"]}
    others = [{**one, "band": "low"} if {**one, "band": 0} == {**where, "band": 0} else one for one in cells]
    found, (one,) = await simulated(service, await draft(service, "matrix", cells=others))
    assert (found["subjects"], found["moved"]) == (2, 1)
    assert (one["risk_id"], one["assessment_kind"], one["parts"]) == (path[-36:], last["kind"], ["band"])
    assert (one["before"]["band"], one["after"]["band"]) == (last["band"], "low")
    assert one["account_id"] is None


async def test_a_kill_finds_nobody_twice(service: ServiceHarness, days: Days, monkeypatch: pytest.MonkeyPatch) -> None:
    days.on(DAY)
    accounts = [await example(service) for _ in range(5)]
    path = await draft(service, "terms", grades=await higher(service))
    monkeypatch.setattr(jobs, "CHUNK", 2)
    whole, calls = JobContext.checkpoint, []

    async def die(self: Any, state: object, tx: Any = None) -> None:
        calls.append(state)
        if len(calls) in (2, 4):
            raise RuntimeError("killed")
        await whole(self, state, tx)

    monkeypatch.setattr(JobContext, "checkpoint", die)
    found, moved = await simulated(service, path)
    assert (found["subjects"], found["moved"], found["progress"]) == (5, 5, 5)
    assert sorted(one["account_id"] for one in moved) == sorted(map(str, accounts))
    made = f"{PATH}/{found['id']}"
    assert await results(service, made, "&part=grade") == moved
    assert await results(service, made, "&part=band") == []
    assert [one["id"] for one in await results(service, made, f"&account_id={accounts[3]}")] == [
        one["id"] for one in moved if one["account_id"] == str(accounts[3])
    ]


async def test_a_cancelled_one_stops_between_steps(
    service: ServiceHarness, days: Days, monkeypatch: pytest.MonkeyPatch
) -> None:
    days.on(DAY)
    for _ in range(3):
        await example(service)
    made = await start(service, await draft(service, "terms", grades=await higher(service)))
    monkeypatch.setattr(jobs, "CHUNK", 1)
    whole, calls = JobContext.checkpoint, []

    async def cancel(self: Any, state: object, tx: Any = None) -> None:
        calls.append(state)
        await whole(self, state, tx)
        if len(calls) == 2:
            self.cancel_requested = True
            self.check()

    monkeypatch.setattr(JobContext, "checkpoint", cancel)
    await work_off(service)
    found = (await service.get(made)).json()
    assert (found["state"], found["subjects"], found["moved"]) == ("cancelled", None, None)
    assert len(await results(service, made)) == 1, "the step that was not kept is not there"


async def test_who_may_simulate_and_see(service: ServiceHarness, days: Days) -> None:
    days.on(DAY)
    member = new_id()
    await service.deliver(seller(member, "rep-1"))
    mine = await example(service, owner_id=member)
    await example(service)
    path = await draft(service, "terms", grades=await higher(service))
    for who in ("sales_director", "auditor", "sales_rep"):
        refused = await service.post(f"{path}/simulate", headers=service.headers("x", who))
        assert refused.status_code == 403
    found, moved = await simulated(service, path)
    assert len(moved) == 2
    rep = service.headers("rep-1", "sales_rep")
    seen = (await service.get(f"{PATH}/{found['id']}/results", headers=rep)).json()["items"]
    assert [one["account_id"] for one in seen] == [str(mine)]
    assert (await service.get(f"{PATH}/{new_id()}/results")).status_code == 404
    assert (await service.post(f"/v1/risk-policies/{new_id()}/simulate")).status_code == 404
    forward = await draft_policy(service)
    refused = await service.post(f"/v1/risk-policies/{forward['id']}/simulate")
    assert (refused.status_code, refused.json()["code"]) == (422, "kind-not-simulated")
    listed = (await service.get(f"{PATH}?policy_id={path[-36:]}")).json()["items"]
    assert [one["id"] for one in listed] == [found["id"]]
    assert json.dumps(listed[0]) == json.dumps(found)


async def test_nobody_to_look_at(service: ServiceHarness, days: Days) -> None:
    days.on(DAY)
    found, moved = await simulated(service, await draft(service, "terms", limit_mode="both"))
    assert (found["subjects"], found["moved"], moved) == (0, 0, [])
    await service.deliver(account_created(new_id()))
    found, moved = await simulated(service, await draft(service, "scorecard", min_items=1))
    assert (found["subjects"], moved) == (1, [])
