"""Runs score all accounts, once, whatever dies meanwhile; every night at 00:10."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from kit.due.loop import DueLoop
from kit.ids import new_id
from kit.jobs.context import JobContext
from kit.testing.service import ServiceHarness
from services.risk.events_out.profiles import CreditGradeChanged
from services.risk.scorecards import jobs
from services.risk.scorecards.dues import NIGHTS_DUE, is_night, next_night
from tests.risk.conftest import Days, Order, open_account, seller
from tests.risk.holds.owing import cause
from tests.risk.scorecards.scored import DAY, OFFICER, example, profile, rescore, run, scores, set_terms
from tests.risk.studies.runs import work_off

ZONE = "Asia/Shanghai"


def at_night(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 0, 10, tzinfo=ZoneInfo(ZONE))


async def night(service: ServiceHarness, days: Days, day: date) -> int:
    """The night of a day, as the due row of it comes."""
    days.moment = at_night(day) + timedelta(seconds=1)
    async with service.transaction() as tx:
        await tx.execute("UPDATE scoring_night SET due_at = $1", at_night(day))
    worked = await DueLoop(service.runtime, [NIGHTS_DUE]).turn()
    assert await service.rows("SELECT * FROM due_failure") == []
    await work_off(service)
    return worked


def test_nights() -> None:
    moment = at_night(date(2026, 6, 30))
    assert (is_night(moment, ZONE), is_night(moment, "UTC")) == (True, False)
    assert next_night(moment - timedelta(seconds=1), DAY, ZONE) == moment
    assert next_night(moment, DAY, ZONE) == moment + timedelta(1)


async def test_what_is_installed_waits_for_the_night(service: ServiceHarness, days: Days) -> None:
    days.moment = datetime.now(UTC)
    assert await DueLoop(service.runtime, [NIGHTS_DUE]).turn() == 1
    (row,) = await service.rows("SELECT due_at FROM scoring_night")
    assert is_night(row["due_at"], ZONE)
    assert await service.rows("SELECT FROM scoring_run") == []


async def test_a_night_scores_once_and_two_nights_raise(service: ServiceHarness, days: Days) -> None:
    days.on(DAY)
    account_id = await example(service)
    await set_terms(service, rise_points=5)
    async with service.transaction() as tx:
        await tx.execute("UPDATE credit_profile SET scored_grade = 'BB', grade = 'BB' WHERE id = $1", account_id)
    for _ in range(3):
        found = await rescore(service, account_id)
        assert (found["score"], found["scored_grade"], found["grade_after"]) == (64, "BBB", "BB"), "no night, under 65"
    for number, grade in ((1, "BB"), (2, "BBB"), (3, "BBB")):
        assert await night(service, days, date(2026, 7, number)) == 1
        assert (await profile(service, account_id))["grade"] == grade, number
    await night(service, days, date(2026, 7, 3))
    runs = (await service.get("/v1/scoring-runs?cause=nightly")).json()["items"]
    assert [(one["as_of"], one["accounts"], one["created_by"]) for one in runs] == [
        (f"2026-07-0{number}", 1, "system") for number in (3, 2, 1)
    ]
    assert len(await scores(service, "&cause=nightly")) == 3
    assert len(await service.published(CreditGradeChanged.TYPE)) == 2, "its terms of BB at first, then BBB"
    (row,) = await service.rows("SELECT due_at FROM scoring_night")
    assert row["due_at"] == at_night(date(2026, 7, 4))


async def test_a_kill_scores_nobody_twice(service: ServiceHarness, days: Days, monkeypatch: pytest.MonkeyPatch) -> None:
    days.on(DAY)
    accounts = [await example(service) for _ in range(5)]
    monkeypatch.setattr(jobs, "CHUNK", 2)
    whole, calls = JobContext.checkpoint, []

    async def die(self: Any, state: object, tx: Any = None) -> None:
        calls.append(state)
        if len(calls) in (2, 4):
            raise RuntimeError("killed")
        await whole(self, state, tx)

    monkeypatch.setattr(JobContext, "checkpoint", die)
    found = await run(service)
    assert (found["accounts"], found["applies"]) == (5, True)
    kept = await scores(service, f"&run_id={found['id']}")
    assert sorted(one["account_id"] for one in kept) == sorted(map(str, accounts))
    said = await service.published(CreditGradeChanged.TYPE)
    assert sorted(event.subject for event in said) == sorted(map(str, accounts))


async def test_an_earlier_day_grades_nobody(service: ServiceHarness, days: Days) -> None:
    days.on(DAY)
    account_id = await example(service)
    await rescore(service, account_id)
    before = await profile(service, account_id)
    days.on(DAY - timedelta(3))
    await rescore(service, account_id)
    assert await profile(service, account_id) == before
    future = await service.post("/v1/scoring-runs", {"as_of": "2026-06-28"}, headers=service.headers(*OFFICER))
    assert (future.status_code, future.json()["code"]) == (422, "future-date")


async def test_orders_and_scores_of_one_account_take_turns(service: ServiceHarness, days: Days) -> None:
    days.on(DAY)
    account_id = await example(service)
    orders = [Order(account_id, 10) for _ in range(8)]

    async def place() -> None:
        await service.deliver(*(order.placed(payment_terms_days=60) for order in orders))

    await asyncio.gather(place(), *(rescore(service, account_id) for _ in range(4)))
    assert {await cause(service, order) for order in orders} <= {None, "terms_exceeded"}
    assert len(await service.published(CreditGradeChanged.TYPE)) == 1
    assert len(await scores(service)) == 4
    assert (await profile(service, account_id))["grade"] == "BBB"


async def test_who_may_score_and_see(service: ServiceHarness, days: Days) -> None:
    days.on(DAY)
    member = new_id()
    await service.deliver(seller(member, "rep-1"))
    mine = await example(service, owner_id=member)
    await open_account(service, 100)
    await run(service)
    rep = service.headers("rep-1", "sales_rep")
    seen = (await service.get("/v1/credit-scores", headers=rep)).json()["items"]
    assert [one["account_id"] for one in seen] == [str(mine)]
    assert len(await scores(service)) == 2
    path = f"/v1/credit-profiles/{mine}"
    body = {"grade": "D", "until": "2026-12-31", "reason": "x"}
    for who in (rep, service.headers("boss", "sales_director"), service.headers("a", "auditor")):
        for name in ("rescore", "set-grade"):
            assert (await service.post(f"{path}/{name}", body, headers=who)).status_code == 403
        assert (await service.post("/v1/scoring-runs", {}, headers=who)).status_code == 403
        assert (await service.get("/v1/scoring-runs", headers=who)).status_code == 200
