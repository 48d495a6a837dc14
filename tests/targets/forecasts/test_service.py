"""Forecasts and their record over HTTP: figures, scope, refusals, backtests as jobs."""

from __future__ import annotations

import asyncio
import csv
import time
from collections.abc import AsyncIterator
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from bench.forecast import pizzaplace, record_of, studies
from kit.clock import business_date
from kit.ids import new_id
from kit.jobs.jobs import JobRunner
from kit.testing.postgres import TestServer
from kit.testing.service import service_harness
from services.targets.forecasts.enums import Method
from services.targets.forecasts.methods import Asked, draw_daily, outlook, p_hit, seed_of, widened
from services.targets.forecasts.periods import Span
from services.targets.worker import jobs_of
from tests.targets.conftest import World, make_world

SALES = Path(__file__).parents[1] / "day_profiles" / "pizzaplace_2015.csv"
TODAY = business_date("Asia/Shanghai")
DECEMBER = {"name": "December", "period_start": "2015-12-01", "period_end": "2015-12-31", "amount": 6_600_000}


@pytest.fixture
async def plain_world(postgres_server: TestServer) -> AsyncIterator[World]:
    """A company whose calendar has no holidays."""
    async with service_harness(postgres_server, "targets", calendar_country="") as harness:
        yield await make_world(harness)


async def sell(world: Any, amounts: dict[date, int], code: str = "a1") -> None:
    """An order of each day."""
    orders = [world.order({code: 1_000_000}, [amount], day.isoformat()) for day, amount in amounts.items()]
    await world.service.deliver(*(world.confirmed(order) for order in orders))


async def sell_the_year(world: Any) -> None:
    """The restaurant's year."""
    with SALES.open() as file:
        await sell(world, {date.fromisoformat(row["date"]): int(row["cents"]) for row in csv.DictReader(file)})


async def make_target(world: Any, **more: Any) -> str:
    answer = await world.service.post("/v1/targets", {**DECEMBER, **more})
    assert answer.status_code == 201, answer.text
    made: str = answer.json()["id"]
    return made


async def told(world: Any, path: Any = "/v1/forecasts", by: Any = None, **params: Any) -> Any:
    query = "&".join(f"{name}={value}" for name, value in params.items())
    answer = await world.service.get(f"{path}?{query}", headers=by)
    assert answer.status_code == 200, answer.text
    return answer.json()


calibration = partial(told, path="/v1/forecasts/calibration")


async def work_off(world: Any) -> None:
    """Let a worker do the jobs that are queued."""
    runtime, stop = world.service.runtime, asyncio.Event()
    task = asyncio.create_task(JobRunner(runtime.db, jobs_of(runtime), poll=0.02, retry_delay=0.01).run(stop))
    deadline = time.monotonic() + 180
    while left := await world.service.rows("SELECT kind, state, error FROM job WHERE state IN ('queued', 'running')"):
        assert time.monotonic() < deadline, left
        await asyncio.sleep(0.02)
    stop.set()
    await task


async def backtested(world: Any, **body: Any) -> dict[str, Any]:
    """The job of a backtest, once it has ended."""
    accepted = await world.service.post("/v1/forecasts/backtests", body)
    assert accepted.status_code == 202, accepted.text
    await work_off(world)
    job: dict[str, Any] = (await world.service.get(accepted.headers["location"])).json()
    assert job["state"] == "succeeded", job
    return job


async def test_the_restaurant_through_the_api(plain_world: World) -> None:
    """A forecast, its record, and the forecast by it: what the rules say, the same bytes each time."""
    world = plain_world
    await sell_the_year(world)
    target = await make_target(world)
    path, as_of = f"/v1/forecasts?target_id={target}&as_of=2015-12-10", date(2015, 12, 10)
    first = await world.service.get(path)
    body = first.json()
    assert first.content == (await world.service.get(path)).content
    asked = Asked(Span(date(2015, 12, 1), date(2015, 12, 31)), as_of, seed_of(target, as_of))
    raw = draw_daily(pizzaplace(knows_closing_days=False), asked)
    assert not isinstance(raw, tuple)
    draws = widened(raw, 1_500_000)
    assert (body["p10"], body["p50"], body["p90"]) == outlook(draws)
    assert (body["p_hit"], body["seed"]) == (p_hit(draws, 6_600_000), asked.seed)
    assert (body["method"], body["draws"], body["spread"], body["final"]) == ("daily", 2_000, 1_500_000, False)
    assert (body["calibration"], body["insufficient_data"], body["currency"]) == (None, None, "USD")
    assert 0 < body["actual"] < body["p10"] < body["p50"] < body["p90"]
    assert body["sample_size"] == 358 - 20

    nothing = await calibration(world)
    assert nothing["insufficient_data"] == {"reason": "not-backtested", "have": 0, "need": 1}
    job = await backtested(world, kind="month", as_of="2015-12-31")
    assert job["result"] == {"backtest_id": job["id"], "periods": 12, "serves": "daily"}
    found = await calibration(world)
    assert (found["serves"], found["periods"], found["sample_size"], found["as_of"]) == ("daily", 12, 358, "2015-12-31")
    record = record_of(studies()[0])
    wanted = [{**one._asdict(), "bins": [each._asdict() for each in one.bins]} for one in record.figures]
    assert found["methods"] == wanted, "the API serves what the bench prints"

    assert (await world.service.get(path)).content == first.content, "a forecast of a past day knows no later record"
    last = await told(world, target_id=target, as_of="2015-12-31")
    assert (last["final"], last["p_hit"], last["p10"]) == (True, 0, last["actual"])
    assert (last["method"], last["draws"], last["seed"]) == (None, None, None)
    beyond = {"from": "2016-01-01", "to": "2016-01-31"}
    january = await told(world, **beyond, as_of="2015-12-31", amount=1)
    used = january["calibration"]
    assert (used["backtest_id"], used["is_own"], used["brier"]) == (job["id"], True, wanted[0]["brier"])
    assert (january["p_hit"], january["actual"], january["method"]) == (1_000_000, 0, "daily")
    await world.sell("rock")
    narrower = await told(world, **beyond, as_of="2015-12-31", product_line="rock")
    assert (narrower["p_hit"], narrower["method"]) == (None, None), "its lines are no rock"
    own = await told(world, **beyond, as_of="2015-12-31", region="CN-SH")
    assert own["calibration"]["is_own"] is False, "the company's record stands in"
    assert own["p50"] == pytest.approx(january["p50"], rel=0.02)


def days_back(number: int) -> dict[date, int]:
    """So many days until yesterday, of 100 each."""
    return {TODAY - timedelta(days=back): 100 for back in range(1, number + 1)}


async def test_a_period_that_runs_from_yesterday_on(world: Any) -> None:
    await sell(world, days_back(60))
    await sell(world, {TODAY: 5_000})
    first, last = TODAY - timedelta(days=10), TODAY + timedelta(days=9)
    body = await told(world, **{"from": first, "to": last, "amount": 10**9})
    assert (body["as_of"], body["actual"], body["p_hit"]) == (str(TODAY - timedelta(days=1)), 1_000, 0)
    today = await told(world, **{"from": first, "to": last, "as_of": TODAY})
    assert today["actual"] == 6_000, "when it is asked for, today counts as a whole day"
    over = await told(world, **{"from": first, "to": TODAY - timedelta(days=1), "amount": 1_000})
    assert (over["final"], over["p_hit"], over["p10"], over["p90"]) == (True, 1_000_000, 1_000, 1_000)
    missed = await told(world, **{"from": first, "to": TODAY - timedelta(days=1), "amount": 1_001})
    assert missed["p_hit"] == 0


async def test_a_period_that_begins_later(world: Any) -> None:
    """Nothing of it is there yet, and some days before it are still to come."""
    await sell(world, {TODAY - timedelta(days=number): 1_000 for number in range(1, 90)})
    first, last = TODAY + timedelta(days=3), TODAY + timedelta(days=32)
    found = await told(world, **{"from": first, "to": last}, amount=30_000)
    assert (found["method"], found["actual"]) == ("daily", 0)
    assert 20_000 < found["p50"] < 40_000


async def test_too_little_is_said_and_is_not_nought(world: Any) -> None:
    span = {"from": TODAY - timedelta(days=5), "to": TODAY + timedelta(days=20), "amount": 10}
    nothing = await told(world, **span)
    assert (nothing["p_hit"], nothing["p50"], nothing["actual"]) == (None, None, 0)
    assert nothing["insufficient_data"] == {"reason": "results", "have": 0, "need": 1}
    await sell(world, days_back(55))
    short = await told(world, **span)
    assert (short["p_hit"], short["method"], short["sample_size"]) == (None, None, 55)
    assert short["insufficient_data"] == {"reason": "history-too-short", "have": 55, "need": 56}
    year = await told(world, **{"from": TODAY - timedelta(days=5), "to": TODAY + timedelta(days=360)})
    assert year["insufficient_data"] == {"reason": "earlier-periods", "have": 0, "need": 3}


async def test_a_record_of_too_little(world: Any) -> None:
    job = await backtested(world, kind="year")
    assert job["result"] == {"backtest_id": job["id"], "periods": 0, "serves": None}
    found = await calibration(world, kind="year")
    assert (found["methods"], found["serves"], found["backtest_id"]) == ([], None, job["id"])
    assert found["insufficient_data"] == {"reason": "earlier-periods", "have": 0, "need": 4}


async def test_the_newest_record_counts_and_a_scope_has_its_own(world: Any) -> None:
    await sell(world, days_back(40))
    bodies: list[dict[str, Any]] = [
        {"kind": "week"},
        {"kind": "week"},
        {"kind": "week", "unit_id": world.units["north"]},
    ]
    accepted = await asyncio.gather(*(world.service.post("/v1/forecasts/backtests", body) for body in bodies))
    assert [answer.status_code for answer in accepted] == [202] * 3
    last = (await backtested(world, kind="week", levels=[1_000_000]))["id"]
    rows = await world.service.rows("SELECT id, unit_id FROM forecast_backtest")
    assert len(rows) == 4
    company = await calibration(world, kind="week")
    assert (company["backtest_id"], company["levels"]) == (last, [1_000_000])
    north = await calibration(world, kind="week", unit_id=world.units["north"])
    assert north["backtest_id"] == accepted[2].json()["id"]
    assert (north["unit_id"], company["unit_id"]) == (world.units["north"], None)
    assert (await calibration(world, kind="month"))["backtest_id"] is None
    week = TODAY - timedelta(days=TODAY.weekday())
    target = await make_target(
        world,
        **{"period_start": str(week), "period_end": str(week + timedelta(days=6)), "unit_id": world.units["north"]},
    )
    assert (await calibration(world, target_id=target))["backtest_id"] == north["backtest_id"]


async def test_a_job_that_runs_again_keeps_one_record(world: Any) -> None:
    """A worker that died after it had kept its record: the next one keeps nothing more, and what it says stands."""
    await sell(world, days_back(40))
    job = (await backtested(world, kind="week"))["id"]
    before = await world.service.rows("SELECT * FROM forecast_backtest")
    async with world.service.transaction() as tx:
        await tx.execute("UPDATE job SET state = 'queued', finished_at = NULL, result = NULL WHERE id = $1", job)
    await work_off(world)
    assert (await world.service.get(f"/v1/forecasts/backtests/{job}")).json()["state"] == "succeeded"
    assert await world.service.rows("SELECT * FROM forecast_backtest") == before


async def test_who_sees_what(world: Any) -> None:
    await sell(world, days_back(60), "a1")
    await sell(world, days_back(60), "b1")
    span = {"from": str(TODAY - timedelta(days=3)), "to": str(TODAY + timedelta(days=3))}
    period = {"period_start": span["from"], "period_end": span["to"]}
    own, other = [await make_target(world, member_id=world.members[code], **period) for code in ("a1", "b1")]
    rep = world.service.headers("a1", "sales_rep")
    manager = world.service.headers("manager-north", "sales_manager")
    for by in (rep, manager):
        assert (await told(world, by=by, target_id=own))["actual"] == 300
        for path in ("/v1/forecasts", "/v1/forecasts/calibration"):
            refused = await world.service.get(f"{path}?target_id={other}", headers=by)
            assert (refused.status_code, refused.json()["code"]) == (404, "target-not-found")
        assert (await told(world, by=by, **span))["actual"] == 300, "of all only what is theirs"
        hidden = await world.service.get(
            f"/v1/forecasts?from={span['from']}&to={span['to']}&member_id={world.members['b1']}", headers=by
        )
        assert hidden.status_code == 404
        assert (await world.service.post("/v1/forecasts/backtests", {}, headers=by)).status_code == 403
    assert (await told(world, **span))["actual"] == 600
    officer = world.service.headers("risk-1", "risk_officer")
    assert (await world.service.get(f"/v1/forecasts?target_id={own}", headers=officer)).status_code == 403
    auditor = world.service.headers("auditor-1", "auditor")
    assert (await told(world, by=auditor, **span))["actual"] == 600
    director = world.service.headers("director-1", "sales_director")
    assert (await world.service.post("/v1/forecasts/backtests", {}, headers=director)).status_code == 202


SOME = "01900000-0000-7000-8000-000000000001"
PERIOD = "from=2026-01-01&to=2026-01-31"


@pytest.mark.parametrize(
    ("query", "status", "pointer", "code"),
    [
        ("", 400, "from", "missing"),
        ("from=2026-01-01", 400, "to", "missing"),
        ("from=2026-01-02&to=2026-01-01", 400, "to", "before-start"),
        (f"{PERIOD}&as_of=2190-01-01", 400, "as_of", "in-future"),
        (f"target_id={SOME}&to=2026-01-01", 400, "to", "excluded"),
        (f"target_id={SOME}&amount=1", 400, "amount", "excluded"),
        (f"target_id={SOME}&region=CN-SH", 400, "region", "excluded"),
        (f"{PERIOD}&unit_id={SOME}", 422, "unit_id", "unknown-reference"),
        (f"{PERIOD}&member_id={SOME}", 422, "member_id", "unknown-reference"),
        (f"{PERIOD}&region=Shanghai", 422, "region", "unknown-reference"),
        (f"{PERIOD}&product_line=nothing", 422, "product_line", "unknown-reference"),
    ],
)
async def test_bad_queries_name_what_is_wrong(world: Any, query: str, status: int, pointer: str, code: str) -> None:
    await world.sell("rock")
    answer = await world.service.get(f"/v1/forecasts?{query}")
    assert answer.status_code == status, answer.text
    (error,) = answer.json()["errors"]
    assert (error["pointer"], error["code"]) == (pointer, code)


async def test_bad_queries_of_the_record(world: Any) -> None:
    await world.sell("rock")
    for query, status, pointer in (
        (f"target_id={SOME}&kind=month", 400, "kind"),
        (f"unit_id={SOME}", 422, "unit_id"),
        (f"member_id={SOME}", 422, "member_id"),
        (f"channel_id={SOME}", 422, "channel_id"),
        ("product_line=nothing", 422, "product_line"),
        ("region=Shanghai", 422, "region"),
    ):
        answer = await world.service.get(f"/v1/forecasts/calibration?{query}")
        assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (status, pointer), answer.text
    gone = await world.service.get(f"/v1/forecasts/calibration?target_id={SOME}")
    assert (gone.status_code, gone.json()["code"]) == (404, "target-not-found")


async def test_bad_backtests_name_what_is_wrong(world: Any) -> None:
    await world.sell("rock")
    for body, pointer in (
        ({"unit_id": SOME}, "/unit_id"),
        ({"member_id": SOME}, "/member_id"),
        ({"product_line": "nothing"}, "/product_line"),
        ({"region": "Shanghai"}, "/region"),
        ({"kind": "days"}, "/kind"),
        ({"levels": []}, "/levels"),
        ({"levels": [0]}, "/levels/0"),
        ({"as_of": "2190-01-01"}, "/as_of"),
    ):
        answer = await world.service.post("/v1/forecasts/backtests", body)
        assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, pointer), answer.text
    other = (await world.service.post("/v1/attainment/rebuilds", {})).json()["id"]
    for job in (other, str(new_id())):
        answer = await world.service.get(f"/v1/forecasts/backtests/{job}")
        assert (answer.status_code, answer.json()["code"]) == (404, "job-not-found")


async def test_periods_far_away_are_answered(world: Any) -> None:
    await sell(world, days_back(60))
    for first, last, reason in (
        ("2199-01-01", "2199-01-31", "period-too-far"),
        ("1900-01-01", "2200-12-31", "earlier-periods"),
    ):
        body = await told(world, **{"from": first, "to": last})
        assert body["insufficient_data"]["reason"] == reason
    past = await told(world, **{"from": "1900-01-01", "to": "1900-01-31", "as_of": "1900-01-15"})
    assert (past["actual"], past["insufficient_data"]["reason"]) == (0, "results")


async def test_a_method_that_serves_is_the_one_of_the_record(world: Any) -> None:
    """Weeks that all have the same share by the same day: the share is right where single days are not."""
    first = TODAY - timedelta(days=TODAY.weekday() + 7 * 20)
    amounts = {}
    for number in range((TODAY - first).days):
        weeks, day = divmod(number, 7)
        amounts[first + timedelta(days=number)] = (10 + 90 * (weeks % 2)) * (1 + day)
    await sell(world, amounts)
    assert (await backtested(world, kind="week"))["result"]["serves"] == Method.SHARE
    week = TODAY - timedelta(days=TODAY.weekday())
    as_of = week - timedelta(days=4)
    late = await told(world, **{"from": week - timedelta(days=7), "to": week - timedelta(days=1), "as_of": as_of})
    assert (late["method"], late["calibration"]) == ("daily", None), "on that day there was no record"
    yesterday = TODAY - timedelta(days=1)
    if yesterday >= week:
        body = await told(world, **{"from": week, "to": week + timedelta(days=6)})
        assert (body["method"], body["spread"], body["calibration"]["brier"]) == ("share", None, 0)
