"""Cascades: level by level, all or nothing, every level sums to the one above; and splits that are only shown."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kit.jobs.jobs import JobRunner
from services.targets.decompositions import cascading
from services.targets.worker import jobs_of

HISTORY = {"kind": "historical_share"}
YEAR = {"name": "2026", "period_start": "2026-01-01", "period_end": "2026-12-31", "amount": 10_000_001}


async def make(world: Any, **more: Any) -> str:
    answer = await world.service.post("/v1/targets", {**YEAR, **more})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


async def cascade(world: Any, target: str, *levels: dict[str, Any], **more: Any) -> Any:
    return await world.service.post(f"/v1/targets/{target}/cascades", {"levels": list(levels), **more})


def level(dimension: str, **more: Any) -> dict[str, Any]:
    return {"dimension": dimension, **more}


def units(world: Any, *codes: str) -> dict[str, Any]:
    return level("unit", children=[{"unit_id": world.units[code]} for code in codes])


async def tree(world: Any) -> dict[tuple[str, ...], dict[str, Any]]:
    """The targets by their paths, the root by ()."""
    rows = {row["id"]: row for row in await world.service.rows("SELECT * FROM target")}
    found = {}
    for row in rows.values():
        path, one = list[str](), row
        while one["parent_id"] is not None:
            path.insert(0, one["child_key"])
            one = rows[one["parent_id"]]
        found[tuple(path)] = row
    return found


def check_sums(found: dict[tuple[str, ...], dict[str, Any]]) -> None:
    sums: dict[tuple[str, ...], int] = defaultdict(int)
    for path, row in found.items():
        if path:
            sums[path[:-1]] += row["amount"]
    assert sums == {path: found[path]["amount"] for path in sums}


async def test_three_levels_with_constraints_on_their_cells(world: Any) -> None:
    root = await make(world, unit_id=world.units["company"])
    north, team = world.units["north"], world.units["team-a"]
    constraints = [
        {"path": ["2026-Q1"], "locked": 3_000_000, "reason": "agreed"},
        {"path": ["2026-Q2", north], "cap": 500_000},
        {"path": ["2026-Q2", north, "2026-05"], "floor": 400_000},
    ]
    answer = await cascade(
        world, root, level("quarter"), units(world, "north", "south"), level("month"), constraints=constraints
    )
    assert answer.status_code == 201, answer.text
    assert answer.json() == {
        "target_id": root,
        "cells": 4 + 8 + 24,
        "levels": [
            {"dimension": "quarter", "decompositions": 1, "cells": 4},
            {"dimension": "unit", "decompositions": 4, "cells": 8},
            {"dimension": "month", "decompositions": 8, "cells": 24},
        ],
    }
    found = await tree(world)
    check_sums(found)
    assert (found["2026-Q1",]["amount"], found["2026-Q1",]["reason"]) == (3_000_000, "agreed")
    assert (found["2026-Q2", north]["amount"], found["2026-Q2", north]["bound"]) == (500_000, "cap")
    assert found["2026-Q2", north, "2026-05"]["amount"] == 400_000
    assert len(await world.service.published("targets.target.decomposed.v1")) == 13
    marks = await world.service.rows("SELECT is_crediting FROM decomposition")
    assert {row["is_crediting"] for row in marks} == {True}
    assert team not in {path[-1] for path in found if path}


async def test_a_leaf_takes_the_children_that_lie_inside_it(world: Any) -> None:
    root = await make(world, unit_id=world.units["company"])
    members = level("member", children=[{"member_id": world.members[code]} for code in ("a1", "a2", "b1")])
    months = level("month", children=[{"key": "2026-07", "floor": 5}])
    answer = await cascade(world, root, units(world, "north", "south"), members, level("half_year"), months)
    assert answer.status_code == 201, answer.text
    assert [one["cells"] for one in answer.json()["levels"]] == [2, 3, 6, 36]
    found = await tree(world)
    check_sums(found)
    north, south = world.units["north"], world.units["south"]
    assert {path[1] for path in found if path[:1] == (south,) and len(path) == 2} == {world.members["b1"]}
    assert {path[1] for path in found if path[:1] == (north,) and len(path) == 2} == {
        world.members["a1"],
        world.members["a2"],
    }


async def test_a_child_that_is_inside_no_leaf_is_named(world: Any) -> None:
    root = await make(world, unit_id=world.units["company"])
    members = level("member", children=[{"member_id": world.members[code]} for code in ("a1", "b1", "a2")])
    months = level("month", children=[{"key": "2026-07"}, {"key": "2027-07"}, {"key": "july"}])
    answer = await cascade(world, root, units(world, "north"), members)
    assert (answer.status_code, answer.json()["code"]) == (422, "children-invalid"), answer.text
    assert [(one["pointer"], one["code"]) for one in answer.json()["errors"]] == [
        ("/levels/1/children/1/member_id", "outside")
    ]
    answer = await cascade(world, root, level("half_year"), months)
    assert [one["pointer"] for one in answer.json()["errors"]] == [
        "/levels/1/children/1/key",
        "/levels/1/children/2/key",
    ]
    nested = units(world, "team-a", "south")
    answer = await cascade(world, root, units(world, "north"), nested)
    assert [one["pointer"] for one in answer.json()["errors"]] == ["/levels/1/children/1/unit_id"]
    assert await world.service.rows("SELECT 1 FROM decomposition") == []


async def test_what_a_leaf_refuses_is_named_by_its_place_in_the_level(world: Any) -> None:
    """A leaf has only some of the children of a level, so their places among those say nothing to who asked."""
    root = await make(world, unit_id=world.units["company"])
    members = level("member", children=[{"member_id": world.members[code]} for code in ("b1", "a1", "a1")])
    regions = level("region", children=[{"key": "CN-SH"}, {"key": "nowhere"}])
    refused = {
        "/levels/1/children/2/member_id": [units(world, "south", "north"), members],
        "/levels/1/children/1/key": [level("quarter"), regions],
    }
    for pointer, levels in refused.items():
        answer = await cascade(world, root, *levels)
        assert (answer.status_code, answer.json()["code"]) == (422, "children-invalid"), answer.text
        assert [one["pointer"] for one in answer.json()["errors"]] == [pointer]
    assert await world.service.rows("SELECT 1 FROM decomposition") == []


@pytest.mark.parametrize(
    ("levels", "constraints", "code", "pointer"),
    [
        ([level("quarter")], [{"path": ["2026-Q5"], "cap": 1}], "path-unknown", "/constraints/0/path"),
        ([level("quarter"), level("month")], [{"path": ["2026-Q1", "2026-05"]}], "path-unknown", "/constraints/0/path"),
        ([level("quarter")], [{"path": ["2026-Q1", "2026-01"], "cap": 1}], "path-unknown", "/constraints/0/path"),
        ([level("quarter")], [{"path": ["2026-Q1"]}, {"path": ["2026-Q1"]}], "row-repeated", "/constraints/1/path"),
        ([level("quarter")], [{"path": ["2026-Q1"], "locked": 10**12}], "decomposition-infeasible", None),
        (
            [level("month"), level("month", drivers=[{"kind": "historical_share"}])],
            [],
            "driver-data-insufficient",
            None,
        ),
        ([level("member")], [], "children-invalid", "/levels/0/children"),
    ],
)
async def test_all_or_nothing(
    world: Any, levels: list[Any], constraints: list[Any], code: str, pointer: str | None
) -> None:
    root = await make(world)
    answer = await cascade(world, root, *levels, constraints=constraints)
    assert (answer.status_code in (409, 422), answer.json()["code"]) == (True, code), answer.text
    if pointer is not None:
        assert answer.json()["errors"][0]["pointer"] == pointer
    assert await world.service.rows("SELECT 1 FROM decomposition") == []
    assert len(await tree(world)) == 1


async def ran(world: Any, job: str) -> dict[str, Any]:
    """A job once a worker has run it."""
    runtime, stop = world.service.runtime, asyncio.Event()
    task = asyncio.create_task(JobRunner(runtime.db, jobs_of(runtime), poll=0.02, retry_delay=0.01).run(stop))
    try:
        async with asyncio.timeout(60):
            while True:
                found: dict[str, Any] = (await world.service.get(f"/admin/jobs/{job}")).json()
                if found["state"] not in ("queued", "running"):
                    return found
                await asyncio.sleep(0.02)
    finally:
        stop.set()
        await task


async def test_a_cascade_has_an_end(world: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cascading, "MAX_AT_ONCE", 15)
    monkeypatch.setattr(cascading, "MAX_CELLS", 16)
    root = await make(world)
    answer = await cascade(world, root, level("quarter"), level("month"), level("day"))
    assert answer.status_code == 202, answer.text
    failed = await ran(world, answer.json()["id"])
    assert (failed["state"], "at most" in failed["error"]) == ("failed", True), failed
    assert await world.service.rows("SELECT 1 FROM decomposition") == []
    answer = await cascade(world, root, level("quarter"), level("month"))
    assert (await ran(world, answer.json()["id"]))["state"] == "succeeded"


async def test_many_cells_are_made_by_a_job_as_they_are_at_once(world: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same tree but for odd units, which go by lots of the target, under the name of who asked."""
    levels = (level("half_year"), units(world, "north", "south"), level("month", drivers=[{"kind": "working_days"}]))
    constraints = [{"path": ["2026-H1"], "locked": 3_000_000, "reason": "agreed"}]

    async def made(limit: int) -> tuple[Any, dict[tuple[str, ...], dict[str, Any]]]:
        monkeypatch.setattr(cascading, "MAX_AT_ONCE", limit)
        root = await make(world, name=f"{limit}", unit_id=world.units["company"])
        answer = await cascade(world, root, *levels, constraints=constraints)
        assert answer.status_code == (202 if limit < 30 else 201), answer.text
        body = (await ran(world, answer.json()["id"]))["result"] if answer.status_code == 202 else answer.json()
        found = await tree(world)
        async with world.service.transaction() as tx:
            await tx.execute("DELETE FROM target; DELETE FROM decomposition")
        return body, found

    (by_job, own), (at_once, other) = await made(29), await made(30)
    assert {**by_job, "target_id": at_once["target_id"]} == at_once
    check_sums(own)
    kept = ("amount", "computed", "bound", "locked", "reason", "state", "authored_by", "owner_id")
    said = {path: tuple(row[name] for name in kept) for path, row in own.items()}
    lots = {path for path in said if abs(own[path]["amount"] - other[path]["amount"]) > 1}
    assert said.keys() == other.keys()
    assert lots == set()
    assert {row["authored_by"] for row in own.values()} == {row["authored_by"] for row in other.values()}


async def test_what_a_job_would_refuse_at_once_is_refused_at_once(world: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cascading, "MAX_AT_ONCE", 10)
    root = await make(world, unit_id=world.units["company"])
    answer = await cascade(world, root, level("member", children=[]), level("month"), level("day"))
    assert (answer.status_code, answer.json()["code"]) == (422, "children-invalid"), answer.text
    inside = units(world, "north"), level("member", children=[{"member_id": world.members["a1"]}])
    answer = await cascade(world, root, *inside, level("quarter"))
    assert answer.status_code == 201, "few cells, however many there might have been"
    await world.service.post(f"/v1/targets/{root}/activate")
    await world.service.post(f"/v1/targets/{root}/close")
    answer = await cascade(world, root, level("month"), level("day"))
    assert (answer.status_code, answer.json()["code"]) == (409, "target-state"), answer.text
    assert await world.service.rows("SELECT 1 FROM job") == []


async def test_a_job_that_died_after_its_commit_makes_nothing_more(world: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cascading, "MAX_AT_ONCE", 10)
    root = await make(world)
    job = (await cascade(world, root, level("month"))).json()["id"]
    first = await ran(world, job)
    async with world.service.transaction() as tx:
        await tx.execute("UPDATE job SET state = 'queued', result = NULL, finished_at = NULL")
    again = await ran(world, job)
    assert (again["state"], again["result"]) == ("succeeded", first["result"])
    assert len(await tree(world)) == 13


async def test_below_what_is_active_everything_counts_at_once(world: Any) -> None:
    root = await make(world)
    await world.service.post(f"/v1/targets/{root}/activate")
    assert (await cascade(world, root, level("quarter"), level("month"))).status_code == 201
    found = await tree(world)
    assert {row["state"] for row in found.values()} == {"active"}
    assert len(await world.service.published("targets.target.activated.v1")) == 17
    assert {row["closes_on"].isoformat() for path, row in found.items() if path[-1:] == ("2026-03",)} == {"2026-04-10"}


@given(
    st.integers(-(10**13), 10**13),
    st.lists(st.sampled_from(["year", "half_year", "quarter", "month", "week"]), min_size=1, max_size=3),
)
@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
async def test_every_level_sums(world: Any, amount: int, dimensions: list[str]) -> None:
    async with world.service.transaction() as tx:
        await tx.execute("DELETE FROM target; DELETE FROM decomposition")
    root = await make(world, amount=amount, period_start="2026-02-03", period_end="2026-08-20")
    answer = await cascade(world, root, *(level(dimension) for dimension in dimensions))
    assert answer.status_code == 201, answer.text
    found = await tree(world)
    check_sums(found)
    assert len(found) == 1 + answer.json()["cells"]


async def test_a_split_that_is_only_shown_leaves_nothing(world: Any) -> None:
    root = await make(world)
    path = f"/v1/targets/{root}/decompositions"
    shown = await world.service.post(path, {"dimension": "quarter", "dry_run": True})
    assert shown.status_code == 200, shown.text
    assert await world.service.rows("SELECT 1 FROM decomposition") == []
    assert await world.service.published("targets.target.decomposed.v1") == []
    made = (await world.service.post(path, {"dimension": "quarter"})).json()
    for cell, child in zip(shown.json()["children"], made["children"], strict=True):
        assert cell == {name: child[name] for name in cell}
    assert shown.json()["drivers"] == made["drivers"]
