"""A decomposition and its target tell of the same credits: children and what lies outside of them are the whole."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

UNITS = ("company", "north", "south", "team-a", "team-b")
MEMBERS = ("manager-north", "a1", "a2", "b1")
VALUES = {
    "product_line": ("rock", "jazz"),
    "region": ("CN-SH", "CN-BJ"),
    "customer_type": ("new", "existing"),
}
DIMENSIONS = ("month", "quarter", "unit", "member", *VALUES)
day = st.dates(date(2025, 12, 20), date(2026, 4, 10))


def maybe(*values: str) -> st.SearchStrategy[str | None]:
    return st.one_of(st.none(), st.sampled_from(values))


@st.composite
def orders(draw: st.DrawFn) -> dict[str, Any]:
    who = draw(st.lists(st.sampled_from(MEMBERS), min_size=1, max_size=3, unique=True))
    shares = dict.fromkeys(who, 1_000_000 // len(who))
    shares[who[0]] += 1_000_000 - sum(shares.values())
    return {
        "credits": shares,
        "amounts": draw(st.lists(st.integers(1, 10_000), min_size=1, max_size=4)),
        "day": draw(day).isoformat(),
        "region": draw(maybe("CN-SH", "CN-BJ", "CN-GD")),
        "customer_type": draw(maybe("new", "existing", "dormant")),
    }


@st.composite
def scopes(draw: st.DrawFn) -> dict[str, Any]:
    first = draw(day)
    narrowed = {name: value for name, values in VALUES.items() if (value := draw(maybe(*values)))}
    if unit := draw(maybe(*UNITS)):
        narrowed["unit_id"] = unit
    if not draw(st.integers(0, 3)):
        narrowed["member_id"] = draw(st.sampled_from(MEMBERS))
    last = first + timedelta(days=draw(st.integers(0, 100)))
    return {**narrowed, "period_start": first.isoformat(), "period_end": last.isoformat()}


@st.composite
def splits(draw: st.DrawFn) -> tuple[str, list[str]]:
    dimension = draw(st.sampled_from(DIMENSIONS))
    values = {"unit": UNITS, "member": MEMBERS, "month": (), "quarter": ()} | VALUES
    named = values[dimension]
    return dimension, draw(st.lists(st.sampled_from(named), min_size=1, unique=True)) if named else []


@pytest.fixture
async def law_world(world: Any) -> Any:
    """Products of two lines, and a2 in the north until the middle of February."""
    await world.sell("rock", "jazz")
    moved = {"unit_id": world.units["team-b"], "from": "2026-02-15"}
    assert (await world.service.post(f"/v1/members/{world.members['a2']}/move", moved)).status_code == 200
    return world


def inside(target: dict[str, Any], line: dict[str, Any]) -> bool:
    """Whether a credit line belongs to a target, told by the rows alone."""
    return (
        target["period_start"] <= line["posting_date"] <= target["period_end"]
        and (target["unit_id"] is None or target["unit_id"] in line["unit_path"])
        and all(
            target[name] is None or target[name] == line[name]
            for name in ("member_id", "product_line", "region", "customer_type")
        )
    )


async def decompose(world: Any, target_id: str, dimension: str, named: list[str]) -> Any:
    ids = {"unit": ("unit_id", world.units), "member": ("member_id", world.members)}
    field, known = ids.get(dimension, ("key", {}))
    children = [{field: known.get(value, value)} for value in named]
    answer = await world.service.post(
        f"/v1/targets/{target_id}/decompositions", {"dimension": dimension, "children": children}
    )
    assert answer.status_code in (201, 409, 422), answer.text
    return answer


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(orders(), max_size=4), scopes(), st.lists(splits(), min_size=1, max_size=3))
async def test_children_and_unallocated_are_the_target(
    law_world: Any, made: list[dict[str, Any]], scope: dict[str, Any], wanted: list[tuple[str, list[str]]]
) -> None:
    """Any scope, decomposed in parallel and below each other, over orders that pile up from case to case."""
    world = law_world
    await world.service.deliver(*(world.confirmed(world.order(**order)) for order in made))
    ids = {"unit_id": world.units, "member_id": world.members}
    body = {name: ids[name][value] if name in ids else value for name, value in scope.items()}
    answer = await world.service.post("/v1/targets", {"name": "T", "amount": 1000, **body})
    if answer.status_code == 422:
        assert answer.json()["code"] == "member-outside"
        return
    root_id = answer.json()["id"]
    for dimension, named in wanted:
        at_root = await decompose(world, root_id, dimension, named)
        if at_root.status_code == 201:
            await decompose(world, at_root.json()["children"][0]["target_id"], *wanted[0])
    items = (await world.attainment(root_id=root_id))["items"]
    rows = {str(row["id"]): row for row in await world.service.rows("SELECT * FROM target")}
    lines = await world.lines()
    for item in items:
        if item["key"] != "unallocated":
            own = [line["amount"] for line in lines if inside(rows[item["target_id"]], line)]
            assert (item["actual"], item["lines"]) == (sum(own), len(own))
            continue
        split = [one for one in items if one.get("decomposition_id") == item["decomposition_id"] and one != item]
        parent = next(one for one in items if one.get("target_id") == item["parent_id"])
        assert sum(one["actual"] for one in split) + item["actual"] == parent["actual"]
        assert item["overlapping"] is False
        outside = []
        for line in lines:
            holders = sum(inside(rows[child["target_id"]], line) for child in split)
            assert holders <= inside(rows[item["parent_id"]], line), "apart from each other, inside their target"
            outside += [line["amount"]] if inside(rows[item["parent_id"]], line) and not holders else []
        assert (item["actual"], item["lines"]) == (sum(outside), len(outside))


async def test_children_inside_each_other_count_once(world: Any) -> None:
    """A decomposition of an early release: north, a team of north, and the team of the south."""
    await world.service.deliver(
        *(world.confirmed(world.order({code: 1_000_000}, [n])) for code, n in (("a1", 5), ("manager-north", 20)))
    )
    await world.service.deliver(world.confirmed(world.order({"b1": 1_000_000}, [300])))
    body = {"name": "T", "amount": 1000, "period_start": "2026-01-01", "period_end": "2026-03-31"}
    target_id = (await world.service.post("/v1/targets", body)).json()["id"]
    assert (await decompose(world, target_id, "unit", ["team-a", "team-b"])).status_code == 201
    later = (await decompose(world, target_id, "unit", ["south", "team-a"])).json()
    async with world.service.transaction() as tx:
        await tx.execute(
            "UPDATE target SET unit_id = $1::uuid, child_key = $1::text WHERE unit_id = $2::uuid",
            world.units["north"],
            world.units["south"],
        )
    items = (await world.attainment(target_id=target_id, children="true"))["items"]
    (before,) = [one["actual"] for one in items if one.get("overlapping") is False]
    (item,) = [one for one in items if one.get("overlapping")]
    assert before == 20, "of the manager, who belongs to no team"
    assert (item["decomposition_id"], item["actual"], item["lines"]) == (later["id"], 300, 1)
