"""The funnel on a database: eight opportunities whose figures are known, whatever way they went."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from kit.ids import new_id
from kit.testing.service import codes
from tests.customer.conftest import OTHER_REP, PARTNER, REP_1, World
from tests.customer.opportunities.conftest import acted, opened
from tests.customer.pipelines.test_service import made

START = datetime(2026, 1, 5, 2, tzinfo=UTC)
WAYS: dict[str, tuple[list[tuple[int, int]], str, int, int]] = {
    "a": ([(1, 0), (2, 5), (3, 12), (4, 20), (5, 25)], "win", 30, 100_000),
    "b": ([(1, 0), (2, 10)], "lose", 18, 1),
    "c": ([(1, 2), (2, 4), (3, 9), (2, 14), (3, 21), (4, 30)], "win", 42, 200_000),
    "d": ([(1, 3)], "lose", 9, 1),
    "e": ([(1, 4), (3, 10)], "lose", 24, 1),
    "f": ([(1, 5), (2, 8)], "", 0, 1),
    "g": ([(2, 6), (3, 16), (4, 26)], "lose", 31, 1),
    "h": ([(1, 7)], "", 0, 1),
}
"""(Stage, day it was entered) of each, how it ended, on which day, its amount."""


def at(day: int) -> str:
    return (START + timedelta(day)).isoformat()


async def gone(world: World, account: dict[str, Any], way: str, **fields: Any) -> dict[str, Any]:
    """An opportunity that went its way."""
    (first, *steps), end, day, amount = WAYS[way]
    body = {"name": way, "amount": amount, "currency": "USD", "pipeline": "five", **fields}
    one = await opened(world, account, **body, stage=f"s{first[0]}", opened_at=at(first[1]))
    for stage, entered in steps:
        await acted(world, one, "move", stage=f"s{stage}", at=at(entered))
    if end:
        one = await acted(world, one, end, at=at(day), **({"lost_reason": "price"} if end == "lose" else {}))
    return one


async def eight(world: World, **fields: Any) -> dict[str, dict[str, Any]]:
    await made(world, "five", [f"s{number}" for number in range(1, 6)])
    account = await world.account()
    return {way: await gone(world, account, way, **fields) for way in WAYS}


async def funnel(world: World, query: str = "", **options: Any) -> dict[str, Any]:
    answer = await world.service.get(f"/v1/funnel?pipeline=five&from=2026-01-05&to=2026-01-12{query}", **options)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def interval(share: dict[str, Any]) -> tuple[int, ...]:
    """Ends in ten thousandths."""
    return tuple(round(share[end] / 100) for end in ("low", "high"))


async def test_eight_opportunities(world: World) -> None:
    await eight(world)
    found = await funnel(world)
    stages = found["stages"]
    assert [stage["reached"] for stage in stages] == [8, 6, 4, 3, 2]
    assert (found["sample_size"], found["won"], found["lost"], found["number"]) == (8, 2, 4, 1)
    assert [stage["lost"] for stage in stages] == [1, 1, 1, 1, 0]
    assert [stage["open"] for stage in stages] == [1, 1, 0, 0, 0]
    assert [stage["is_mature"] for stage in stages] == [False, False, True, True, True]
    assert [stage["conversion"]["value"] for stage in stages] == [750000, 666667, 750000, 666667, 1000000]
    assert interval(stages[0]["conversion"]) == (4093, 9285)
    assert interval(stages[1]["conversion"]) == (3000, 9032)
    assert [(stage["decided"]["value"], stage["decided"]["sample_size"]) for stage in stages] == [
        (857143, 7), (800000, 5), (None, 4), (None, 3), (None, 2),
    ]  # fmt: skip
    assert [stage["decided"]["insufficient_data"] for stage in stages] == [False, False, True, True, True]
    assert stages[1]["stays"] == {"median": 9.0, "p90": 11.4, "sample_size": 4, "still_in": 1}
    assert [stage["stays"]["still_in"] for stage in stages] == [1, 1, 0, 0, 0]
    assert (found["win_rate"]["value"], interval(found["win_rate"])) == (333333, (968, 7000))
    assert found["velocity_base"] == {"value": 11429, "sample_size": 6, "insufficient_data": False}


async def test_a_cohort_is_that_of_its_days_owner_account_and_partner(world: World) -> None:
    all_of = await eight(world)
    elsewhere = await world.account(name="Elsewhere", owner_id=str(OTHER_REP))
    other = await gone(world, elsewhere, "a", owner_id=str(OTHER_REP), partner_id=str(PARTNER))
    assert (await funnel(world))["sample_size"] == 9
    for query, count in (
        (f"&owner_id={REP_1}", 8),
        (f"&owner_id={OTHER_REP}", 1),
        (f"&account_id={other['account_id']}", 1),
        (f"&partner_id={PARTNER}", 1),
        (f"&account_id={all_of['a']['account_id']}&partner_id={PARTNER}", 0),
    ):
        assert (await funnel(world, query))["sample_size"] == count, query
    for name in ("owner_id", "account_id", "partner_id"):
        answer = await world.service.get(f"/v1/funnel?pipeline=five&from=2026-01-05&to=2026-01-12&{name}={new_id()}")
        assert (answer.status_code, answer.json()["code"], codes(answer.json())) == (422, "unknown-reference", [name])
        assert answer.json().get("retryable", False) == (name != "account_id"), "accounts are the service's own"
    days = await world.service.get("/v1/funnel?pipeline=five&from=2026-01-07&to=2026-01-09")
    assert [stage["reached"] for stage in days.json()["stages"]] == [3, 2, 2, 1, 1]


async def test_who_sees_an_opportunity_has_it_in_the_funnel(world: World) -> None:
    await eight(world)
    for subject, count in (("rep-1", 8), ("rep-3", 0)):
        found = await funnel(world, headers=world.service.headers(subject, "sales_rep"))
        assert found["sample_size"] == count, subject
    assert (found["win_rate"]["value"], found["win_rate"]["insufficient_data"]) == (None, True)
    assert {stage["conversion"]["value"] for stage in found["stages"]} == {None}
    assert found["stages"][0]["stays"] == {"median": None, "p90": None, "sample_size": 0, "still_in": 0}
    assert found["velocity_base"]["insufficient_data"] is True


async def test_what_is_reopened_is_open_where_it_came_furthest(world: World) -> None:
    all_of = await eight(world)
    await acted(world, all_of["c"], "reopen", stage="s2")
    found = await funnel(world)
    assert [stage["reached"] for stage in found["stages"]] == [8, 6, 4, 3, 1]
    assert [stage["open"] for stage in found["stages"]] == [1, 1, 0, 1, 0]
    assert [stage["stays"]["still_in"] for stage in found["stages"]] == [1, 2, 0, 0, 0]
    assert found["win_rate"]["sample_size"] == 5


async def test_stages_of_another_version_count_by_their_code(world: World) -> None:
    await eight(world)
    await made(world, "five", ["s1", "s3", "new"])
    found = await funnel(world)
    assert (found["number"], [stage["stage"] for stage in found["stages"]]) == (2, ["s1", "s3", "new"])
    assert [stage["reached"] for stage in found["stages"]] == [8, 4, 2]


async def test_what_a_funnel_cannot_be_of(world: World) -> None:
    for query, status, pointer in (
        ("from=2026-01-05&to=2026-01-04", 400, ["to"]),
        ("pipeline=none&from=2026-01-05&to=2026-01-12", 404, []),
        ("from=2026-01-05", 400, ["to"]),
    ):
        answer = await world.service.get(f"/v1/funnel?{query}")
        assert (answer.status_code, codes(answer.json())) == (status, pointer), query
    headers = world.service.headers("x", "service_agent")
    answer = await world.service.get("/v1/funnel?from=2026-01-05&to=2026-01-12", headers=headers)
    assert answer.status_code == 403
