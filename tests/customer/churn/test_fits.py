"""Fits of the published sample, and how warnings turned out, compared with a plain computation."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest

from cli.load.cdnow import read, sample_path
from kit.clock import business_date
from kit.db.database import Tx
from kit.ids import new_id
from kit.jobs.context import JobContext
from kit.jobs.jobs import enqueue
from kit.testing.service import ServiceHarness
from services.customer.churn import repository
from services.customer.churn.rules import Fit, Line, Scoring, Signals, Weights, points_on
from services.customer.churn.service import MONTHLY
from services.customer.policies.schemas import CHURN
from tests.customer.churn.conftest import Order, account_id, bought, fitted
from tests.customer.conftest import work_off

END = date(1997, 9, 30)
_RETURN = """
INSERT INTO order_return (id, order_id, return_date, currency, base_currency, net, tax, gross, net_base, tax_base,
  gross_base, lines, content_hash, created_at)
SELECT gen_random_uuid(), id, $2, 'USD', 'USD', -net, 0, -net, -net, 0, -net, '[]', '', now() FROM orders
WHERE account_id = $1
"""


@pytest.fixture(scope="module")
def sample() -> list[Order]:
    return [(one.customer, one.day, one.cents) for one in read(sample_path())]


def areas(marks: Sequence[bool], values: Sequence[float]) -> float:
    """How often one that is marked ranks before one that is not, by comparing all pairs."""
    of, without = (
        [value for mark, value in zip(marks, values, strict=True) if mark is which] for which in (True, False)
    )
    won = sum((one > other) + (one == other) / 2 for one in of for other in without)
    return won / (len(of) * len(without))


async def test_the_published_fit_and_how_it_turned_out(service: ServiceHarness, sample: list[Order]) -> None:
    await bought(service, sample)
    made = await fitted(service, as_of=END.isoformat())
    assert (made["sample_size"], made["policy_version"], made["insufficient_data"]) == (2357, 1, None)
    assert [round(made[name], 4) for name in ("r", "alpha", "a", "b")] == [0.2426, 4.4136, 0.7929, 2.4259]
    assert round(made["log_likelihood"], 2) == -9582.43
    scoring = Scoring(
        Fit(*(made[name] for name in ("r", "alpha", "a", "b"))), Weights(30, 70, 15, 10, 10), Line(50, 35)
    )
    until, judged = END + timedelta(days=91), []
    for name in {name for name, *_ in sample}:
        days = sorted({day for who, day, _ in sample if who == name})
        points = points_on(days, END, scoring, Signals())
        if points is not None:
            since = (END - max(day for day in days if day <= END)).days
            judged.append((not any(END < day <= until for day in days), since, points))
    marks, warned = [one for one, *_ in judged], [one for one, _, points in judged if points.exact >= 50]
    assert (made["scored_accounts"], made["warned_accounts"]) == (len(judged), len(warned))
    seen = (await service.get("/v1/churn/quality", headers=service.headers("m", "sales_manager"))).json()
    assert (seen["as_of"], seen["until"], seen["fit_id"]) == (str(END), str(until), made["id"])
    assert (seen["sample_size"], seen["warned"]) == (len(judged), len(warned))
    assert seen["base_rate"]["value"] == round(10**6 * sum(marks) / len(marks))
    assert seen["precision"]["value"] == round(10**6 * sum(warned) / len(warned))
    assert seen["precision"]["low"] < seen["precision"]["value"] < seen["precision"]["high"]
    assert seen["recall"]["value"] == round(10**6 * sum(warned) / sum(marks))
    base = sum(marks) / len(marks)
    brier = sum(((points.p_silent or 0) - mark) ** 2 for mark, _, points in judged) / len(judged)
    assert (seen["brier"], seen["brier_of_base_rate"]) == (pytest.approx(brier), pytest.approx(base * (1 - base)))
    ranked = sorted((since for _, since, _ in judged), reverse=True)
    plain = [mark for mark, since, _ in judged if since >= ranked[len(warned) - 1]]
    assert (seen["plain_rule"]["days_since"], seen["plain_rule"]["warned"]) == (ranked[len(warned) - 1], len(plain))
    assert seen["plain_rule"]["precision"]["value"] == round(10**6 * sum(plain) / len(plain))
    measures = {
        "rhythm": [points.rhythm for *_, points in judged],
        "days_since": [float(since) for _, since, _ in judged],
        "p_left": [-(points.p_alive or 0) for *_, points in judged],
        "p_silent": [points.p_silent or 0 for *_, points in judged],
    }
    for name, values in measures.items():
        assert seen["areas"][name] == pytest.approx(areas(marks, values)), name


async def test_too_few_repeat_buyers_give_no_fit(service: ServiceHarness, sample: list[Order]) -> None:
    few = {str(number) for number in sorted({int(name) for name, *_ in sample})[:300]}
    await bought(service, [one for one in sample if str(int(one[0])) in few])
    made = await fitted(service, as_of=END.isoformat())
    assert made["insufficient_data"] == {"reason": "repeat_buyers", "have": made["repeat_buyers"], "need": 200}
    assert 0 < made["repeat_buyers"] < 200
    assert (made["r"], made["scored_accounts"]) == (None, None)
    assert (await service.get("/v1/churn/quality")).json()["insufficient_data"] == {
        "reason": "churn_fit", "have": 0, "need": 1,
    }  # fmt: skip


async def test_a_day_of_which_all_came_back_is_no_order_day(service: ServiceHarness) -> None:
    await bought(service, [("a", date(2026, 1, 1), 5), ("a", date(2026, 1, 9), 5), ("b", date(2026, 1, 1), 0)])
    async with service.transaction() as tx:
        await tx.execute(_RETURN, account_id("a"), date(2026, 1, 20))
        before = await repository.groups_on(tx, date(2026, 1, 19))
        after = await repository.groups_on(tx, date(2026, 1, 20))
    assert [one.repeats for one in before] == [0, 1]
    assert [(one.repeats, one.age, one.accounts) for one in after] == [(0, 19, 1)], "what cost nothing counts"


async def test_a_fit_is_whole_or_not_there(
    service: ServiceHarness, sample: list[Order], monkeypatch: pytest.MonkeyPatch
) -> None:
    await bought(service, sample)
    checkpoint = JobContext.checkpoint
    killed: list[UUID] = []

    async def kill_once(self: JobContext, state: object, tx: Tx | None = None) -> None:
        if not killed:
            killed.append(self.id)
            raise RuntimeError("killed")
        await checkpoint(self, state, tx)

    monkeypatch.setattr(JobContext, "checkpoint", kill_once)
    made = await fitted(service, as_of=END.isoformat())
    assert killed == [UUID(made["id"])]
    rows = await service.rows("SELECT count(*) AS n FROM churn_score")
    assert rows[0]["n"] == made["scored_accounts"]


async def test_each_month_has_a_fit(service: ServiceHarness) -> None:
    async def night() -> None:
        async with service.transaction() as tx:
            await enqueue(tx, MONTHLY, {}, "system", job_id=new_id())
        assert {job["state"] for job in await work_off(service)} == {"succeeded"}

    await night()
    await night()
    (made,) = (await service.get("/v1/churn-fits")).json()["items"]
    assert (made["as_of"], made["sample_size"], made["state"]) == (str(await _today(service)), 0, "succeeded")


async def _today(service: ServiceHarness) -> date:
    async with service.transaction() as tx:
        return business_date(service.work(tx).settings.timezone)


async def test_days_to_come_and_unknown_fits(service: ServiceHarness) -> None:
    answer = await service.post("/v1/churn-fits", {"as_of": "2100-01-01"})
    assert (answer.status_code, answer.json()["code"]) == (422, "future-date")
    assert answer.json()["errors"][0]["pointer"] == "/as_of"
    assert (await service.get(f"/v1/churn-fits/{UUID(int=7)}")).status_code == 404
    for role, status in (("sales_rep", 403), ("sales_director", 202), ("auditor", 403)):
        headers = service.headers("x", role)
        assert (await service.post("/v1/churn-fits", {}, headers=headers)).status_code == status, role


@pytest.mark.parametrize("as_of", ["1990-01-01", "2099-01-01"])
async def test_the_quality_of_a_day_without_a_fit(service: ServiceHarness, as_of: str) -> None:
    seen = (await service.get(f"/v1/churn/quality?as_of={as_of}")).json()
    assert (seen["as_of"], seen["insufficient_data"]["reason"], seen["precision"]) == (as_of, "churn_fit", None)


async def test_a_policy_whose_lines_cross_is_refused(service: ServiceHarness) -> None:
    body: dict[str, Any] = {**CHURN, "body": {**CHURN["body"], "clear_below": 51}, "reason": "x"}
    answer = await service.post("/v1/customer-policies", body)
    assert (answer.status_code, answer.json()["code"]) == (422, "churn-order")
    assert answer.json()["errors"][0]["pointer"] == "/body/clear_below"
