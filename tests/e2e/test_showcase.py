"""Each service's side of the sample on a running system, against figures found in another way."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from cli.load import cdnow
from cli.load.cdnow import quarter_bounds
from cli.load.client import Api, connected
from cli.load.loader import settled
from cli.showcase import channels, steps
from cli.showcase.telling import Showcase, tell
from kit.native.process import free_port
from kit.testing.program import Program, run_program, start_program, system_folder
from tests.shared_suites.sample import part_of_sample

CONFIRMED = ("confirmed", "fulfilled", "closed")
MADE = (
    "/v1/grading-runs",
    "/v1/rfm-runs",
    "/v1/plans",
    "/v1/targets?parent_id[null]=true",
    "/v1/promotions",
    "/v1/promotion-groups",
    "/v1/quotes",
    "/v1/points-programmes",
    "/v1/points-accounts",
    "/v1/tier-programmes",
    "/v1/tier-evaluations",
    "/v1/conflicts",
    "/v1/orders?external_source=showcase",
    "/v1/credit-holds",
    "/v1/scoring-runs?cause=asked",
    "/v1/risks",
    "/v1/assessments",
    "/v1/scenarios",
    "/v1/studies",
    "/v1/treatments",
)


@dataclass(frozen=True)
class Shown:
    """A system whose first run has shown its sides."""

    program: Program
    folder: Path
    path: Path


@dataclass(frozen=True)
class Facts:
    """What customer's lists say of the file."""

    orders: list[dict[str, Any]]
    returns: list[dict[str, Any]]
    payments: list[dict[str, Any]]

    def until(self, day: str) -> list[dict[str, Any]]:
        """Confirmed orders dated by then."""
        return [order for order in self.orders if order["state"] in CONFIRMED and order["order_date"] <= day]


@pytest.fixture(scope="module")
def shown(prepared: Callable[[Path], Path]) -> Iterator[Shown]:
    with system_folder() as folder:
        path = part_of_sample(prepared(folder))
        port = free_port()
        place = ("--data", str(folder), "--port", str(port), "--file", str(path))
        program = start_program("run", "--load", *place, log=folder / "run.log", url=f"http://127.0.0.1:{port}")
        program.wait_output("stop with Ctrl-C")
        yield Shown(program, folder, path)
        program.stop()


@pytest.fixture(scope="module")
async def api(shown: Shown) -> AsyncIterator[Api]:
    async with connected(shown.program.url) as access:
        yield access


@pytest.fixture(scope="module")
async def showcase(api: Api) -> Showcase:
    return await tell(api)


@pytest.fixture(scope="module")
async def facts(api: Api) -> Facts:
    async def of_the_file(path: str) -> list[dict[str, Any]]:
        return [item async for item in api.pages(path, external_source=cdnow.SOURCE)]

    return Facts(*[await of_the_file(path) for path in ("/v1/orders", "/v1/returns", "/v1/payments")])


def test_the_first_run_has_shown_every_side(shown: Shown) -> None:
    printed = shown.program.output()
    assert "could not be shown" not in printed, printed
    assert printed.index("What went in") < printed.index("customer: grades"), "first what proves the load"
    for seen in (
        "customer: RFM",
        "targets: halfway",
        "channels: promotions",
        "Conflict CF-",
        "Loss curve",
        "Treatment",
    ):
        assert seen in printed
    assert "does not hold" not in printed


async def test_all_laws_hold(showcase: Showcase) -> None:
    assert showcase.broken == {}
    assert showcase.broken_laws() == []


async def test_told_again_nothing_is_made_twice(api: Api, showcase: Showcase) -> None:
    async def counts() -> dict[str, int]:
        found = {}
        for path in MADE:
            name, _, query = path.partition("?")
            asked = dict([query.split("=")]) if query else {}
            found[path] = await steps.count_of(api, name, **asked)
        return found

    before = await counts()
    assert all(before.values())
    again = await tell(api)
    assert again.holds
    assert await counts() == before
    assert again.sides["channels"] == showcase.sides["channels"]
    said, before_that = again.as_dict()["targets"], showcase.as_dict()["targets"]
    assert [said[part] for part in ("quarters", "tree", "plan")] == [
        before_that[part] for part in ("quarters", "tree", "plan")
    ]


async def test_grades_and_segments_are_of_all_who_had_ordered(showcase: Showcase, facts: Facts) -> None:
    side = showcase.as_dict()["customer"]
    ordered = {order["account_id"] for order in facts.until(str(steps.AS_OF))}
    assert sum(row["accounts"] for row in side["grades"]) == len(ordered)
    assert sum(row["accounts"] for row in side["segments"]) == len(ordered)


async def test_what_is_open_is_ordered_less_paid_less_returned(showcase: Showcase, facts: Facts) -> None:
    side, day = showcase.as_dict()["risk"], str(steps.AS_OF)
    ordered = sum(order["gross_base"] for order in facts.until(day))
    paid = sum(payment["amount"] for payment in facts.payments if payment["received_on"] <= day)
    returned = sum(item["settled_base"] for item in facts.returns if item["return_date"] <= day)
    assert side["ageing_total"]["total"] == ordered - paid - returned
    decided = {row["decision"]: row["orders"] for row in side["decisions"]}
    assert decided["automatic"] + decided["refused"] == len(facts.orders) + len(channels.ORDERS)


async def test_losses_are_those_of_the_sample(showcase: Showcase, facts: Facts) -> None:
    side = showcase.as_dict()["risk"]
    losses = {row["code"]: row["losses"] for row in side["scenarios"]}
    in_time = [item for item in facts.returns if item["return_date"] <= str(steps.SAMPLE_END)]
    assert losses["SHOW-RETURN"] == len(in_time) >= 10, "fewer are too few to estimate from"
    assert losses["SHOW-DEFAULT"] >= 10
    assert abs(sum(row["expected_loss"] for row in side["scenarios"]) - side["expected_loss"]) <= len(losses)
    amounts = [point["amount"] for point in side["curve"]]
    assert len(set(amounts)) > 5
    assert side["treatment"]["after"] < side["treatment"]["before"]
    saved = side["treatment"]["before"] - side["treatment"]["after"] - side["treatment"]["cost"]
    assert side["treatment"]["roi"] == pytest.approx(saved / side["treatment"]["cost"], abs=1e-4)


async def test_partners_are_judged_by_what_they_sold(api: Api, showcase: Showcase, facts: Facts) -> None:
    names = {partner["id"]: partner["name"] async for partner in api.pages("/v1/partners")}
    first, last = (str(day) for day in quarter_bounds(channels.QUARTER))
    returned: Counter[str] = Counter()
    for item in facts.returns:
        returned[item["order_id"]] += item["net_base"]
    sold: Counter[str] = Counter()
    for order in facts.until(last):
        if order["partner_id"] is not None and order["order_date"] >= first:
            sold[names[order["partner_id"]]] += order["net_base"] + returned[order["id"]]
    standings = {row["partner"]: row["revenue"] for row in showcase.as_dict()["channels"]["standings"]}
    assert standings == {partner: sold[partner] for partner in standings}
    assert sum(sold.values()) == sum(standings.values()) > 0


async def test_quarters_hold_what_was_credited_in_them(api: Api, showcase: Showcase) -> None:
    side = showcase.as_dict()["targets"]
    days = {"from": steps.SAMPLE_START, "to": steps.SAMPLE_END}
    (whole,) = (await api.get("/v1/attainment", **days))["items"]
    assert sum(row["final"] for row in side["quarters"]) == whole["actual"]
    assert all(row["actual"] > 0 for row in side["quarters"])
    assert any(row["p_hit"] is not None for row in side["quarters"])
    last = side["plan"]["changes"][-1]
    assert last["after"] > last["before"], "the plan moved something"


async def test_the_table_agrees_and_everything_rebuilt_is_equal(api: Api, shown: Shown, showcase: Showcase) -> None:
    assert showcase.holds
    await settled(api)
    answer = run_program("demo", "--check", "--json", "--url", shown.program.url, "--full", str(shown.path))
    assert (answer.returncode, json.loads(answer.stdout)["agrees"]) == (0, True), answer.stdout
    rebuilt = run_program("rebuild", "all", "--data", str(shown.folder), "--json")
    assert rebuilt.returncode == 0, rebuilt.stdout[-3000:]
    assert all(report["equal"] for report in json.loads(rebuilt.stdout))
    verified = run_program("verify", "--data", str(shown.folder), "--json")
    assert verified.returncode == 0, verified.stdout[-3000:]
