"""Scores are kept for three years, and those that say why a grade moved for good."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from kit.due.loop import DueLoop
from kit.testing.service import ServiceHarness
from services.risk.scorecards import dues
from services.risk.scorecards.dues import KEPT, SCORES_DUE
from tests.risk.conftest import Days, open_account
from tests.risk.scorecards.scored import DAY, example, rescore, scores
from tests.risk.scorecards.test_runs import night


async def _due(service: ServiceHarness) -> datetime:
    (row,) = await service.rows("SELECT due_at FROM score_sweep")
    due: datetime = row["due_at"]
    return due


async def _look(service: ServiceHarness) -> None:
    async with service.transaction() as tx:
        await tx.execute("UPDATE score_sweep SET due_at = now() - interval '10 years'")
    assert await DueLoop(service.runtime, [SCORES_DUE]).turn() >= 1
    assert await service.rows("SELECT * FROM due_failure") == []


async def test_what_moved_no_grade_goes_after_three_years(
    service: ServiceHarness, days: Days, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A few at a time, on the day after; whatever moved a grade or was asked for stays."""
    monkeypatch.setattr(dues, "FORGOTTEN", 2)
    days.on(DAY)
    moved = await example(service)
    for _ in range(2):
        await open_account(service, 1_000)
    asked = await rescore(service, moved)
    await night(service, days, DAY)
    made = days.moment
    assert len(await scores(service)) == 4
    days.moment = made + KEPT
    await _look(service)
    assert len(await scores(service)) == 4
    days.moment = made + KEPT + timedelta(days=1)
    await _look(service)
    (left,) = await scores(service)
    assert left["id"] == asked["id"]
    assert await _due(service) > days.moment
    assert (await service.get(f"/v1/credit-profiles/{moved}")).json()["grade"] == "BBB"


async def test_a_night_that_moved_a_grade_stays(service: ServiceHarness, days: Days) -> None:
    days.on(DAY)
    moved = await example(service)
    await night(service, days, DAY)
    days.moment += KEPT + timedelta(days=1)
    await _look(service)
    (left,) = await scores(service)
    assert (left["account_id"], left["grade_before"], left["grade_after"]) == (str(moved), "NR", "BBB")
