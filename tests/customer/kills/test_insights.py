"""Judgements over all accounts whose workers are killed at one statement after the other: a run is there whole or not
at all, and says what one says that nobody disturbed."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from services.customer.churn import jobs as churn_jobs
from services.customer.churn import service as churn
from services.customer.churn.fitting import Fitted
from services.customer.churn.rules import Fit
from tests.customer.churn.conftest import Order, bought
from tests.customer.conftest import World, work_off
from tests.customer.kills.lives import Lives, totals

DAY = date(2026, 1, 31)
PUBLISHED = Fitted(Fit(0.2426, 4.4136, 0.7929, 2.4259), -9582.43, is_converged=True)
ACCOUNTS = 7


def sold() -> list[Order]:
    """Accounts that bought on one day more each than the one before, the first on three."""
    return [
        (f"n{number}", DAY - timedelta(days=40 + 17 * step + number), 1_000 * (step + 1) + number)
        for number in range(ACCOUNTS)
        for step in range(3 + number)
    ]


async def started(world: World, path: str) -> dict[str, Any]:
    answer = await world.service.post(path, {"as_of": DAY.isoformat()})
    assert (answer.status_code, answer.json()["state"]) == (202, "queued"), answer.text
    found: dict[str, Any] = answer.json()
    return found


async def said_by(world: World, table: str, run: str, made: dict[str, Any]) -> list[dict[str, Any]]:
    """What a run says of each account."""
    rows = await world.service.rows(f"SELECT * FROM {table} WHERE {run}::text = $1 ORDER BY account_id", made["id"])
    return [{name: value for name, value in row.items() if name != run} for row in rows]


async def test_an_rfm_run(world: World, lives: Lives) -> None:
    await bought(world.service, sold())
    made = await started(world, "/v1/rfm-runs")

    async def is_whole() -> None:
        (seen,) = await world.service.rows(
            "SELECT (SELECT count(*) FROM rfm_score) AS scores, (SELECT sum(sample_size) FROM rfm_run) AS sample"
        )
        assert len(set(totals([seen]).values())) == 1, seen

    assert await lives.work_through(is_whole) > 5
    scores = await said_by(world, "rfm_score", "run_id", made)
    assert len(scores) == ACCOUNTS
    again = await started(world, "/v1/rfm-runs")
    await work_off(world.service)
    assert await said_by(world, "rfm_score", "run_id", again) == scores


async def test_a_churn_fit(world: World, lives: Lives, monkeypatch: pytest.MonkeyPatch) -> None:
    """The search itself asks the database nothing; its end is given here."""
    monkeypatch.setattr(churn, "CHUNK", 2)
    monkeypatch.setattr(churn_jobs, "LEAST_REPEAT_BUYERS", 1)
    monkeypatch.setattr(churn_jobs, "fit_groups", lambda _groups: PUBLISHED)
    await bought(world.service, sold())
    made = await started(world, "/v1/churn-fits")

    async def is_whole() -> None:
        (seen,) = await world.service.rows(
            "SELECT (SELECT count(*) FROM churn_score) AS scores, "
            "(SELECT sum(scored_accounts) FROM churn_fit) AS scored, (SELECT sum(sample_size) FROM churn_fit) AS sample"
        )
        assert len(set(totals([seen]).values())) == 1, seen

    assert await lives.work_through(is_whole) > 5
    scores = await said_by(world, "churn_score", "fit_id", made)
    assert len(scores) == ACCOUNTS
    done = (await world.service.get(f"/v1/churn-fits/{made['id']}")).json()
    assert (done["state"], done["warned_accounts"]) == ("succeeded", sum(one["is_warned"] for one in scores))
    again = await started(world, "/v1/churn-fits")
    await work_off(world.service)
    assert await said_by(world, "churn_score", "fit_id", again) == scores
