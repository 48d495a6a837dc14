"""The monthly sums: any slice and any target come to what the credit lines say, and a migration fills them."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from kit.db.migrate import run_alembic
from kit.testing.postgres import TestServer
from kit.testing.service import service_harness
from services.targets.credits.repository import KEYS
from tests.targets.attainment.test_laws import inside, orders
from tests.targets.conftest import World, make_world

GROUPS = (
    "",
    "unit",
    "member",
    "day",
    "week",
    "month",
    "quarter",
    "year",
    "product_line",
    "region",
    "customer_type",
    "channel",
)
CHANNELS = ("01989f2e-0000-7000-8000-0000000000b2", "01989f2e-0000-7000-8000-0000000000b3", None)
days = st.dates(date(2025, 11, 15), date(2026, 5, 20))
NARROWED = st.fixed_dictionaries(
    {},
    optional={
        "unit_id": st.sampled_from(("company", "north", "south", "team-a")),
        "product_line": st.just("rock"),
        "region": st.sampled_from(("CN-SH", "CN-BJ")),
        "customer_type": st.just("retail"),
        "member_id": st.sampled_from(("a1", "b1")),
    },
)


def key_of(line: dict[str, Any], group: str) -> str | None:
    """The group of a line, told by the line alone."""
    day: date = line["posting_date"]
    year, week, _ = day.isocalendar()
    keys: dict[str, str | None] = {
        "": None,
        "unit": str(line["unit_path"][-1]) if line["unit_path"] else None,
        "member": str(line["member_id"]),
        "day": day.isoformat(),
        "week": f"{year:04d}-W{week:02d}",
        "month": f"{day:%Y-%m}",
        "quarter": f"{day:%Y}-Q{(day.month + 2) // 3}",
        "year": f"{day:%Y}",
        **{name: line[name] for name in ("product_line", "region", "customer_type")},
        "channel": str(line["channel_id"]) if line["channel_id"] else None,
    }
    return keys[group]


async def deliver(world: Any, drawn: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The lines of orders, some of which came back."""
    for number, one in enumerate(drawn):
        order = world.order(**one, channel_id=CHANNELS[number % 3])
        events = [world.confirmed(order)]
        if one["amounts"][0] % 2:
            events.append(world.returned(order, {1: (0, one["amounts"][0] // 2)}, "2026-03-01"))
        await world.service.deliver(*events)
    found: list[dict[str, Any]] = await world.lines()
    return found


@given(
    drawn=st.lists(orders(), min_size=1, max_size=6),
    first=st.one_of(st.none(), days),
    last=st.one_of(st.none(), days),
    narrowed=NARROWED,
    groups=st.lists(st.sampled_from(GROUPS[1:]), max_size=2, unique=True),
)
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
async def test_any_slice_is_the_sum_of_its_lines(
    world: Any,
    drawn: list[dict[str, Any]],
    first: date | None,
    last: date | None,
    narrowed: dict[str, str],
    groups: list[str],
) -> None:
    if first and last and last < first:
        first, last = last, first
    lines = await deliver(world, drawn)
    known = {name: {line[name] for line in lines} for name in ("customer_type", "product_line")}
    assume(all(narrowed[name] in values for name, values in known.items() if narrowed.get(name)))  # else it is 422
    ids = {**world.units, **world.members}
    query = {name: ids.get(value, value) for name, value in narrowed.items()}
    if first:
        query["from"] = str(first)
    if last:
        query["to"] = str(last)
    if groups:
        query["group_by"] = ",".join(groups)
    scope = {"unit_id": None, "member_id": None, "product_line": None, "region": None, "customer_type": None} | {
        name: ids.get(value, value) for name, value in narrowed.items()
    }
    ends = {"period_start": str(first or "1900-01-01"), "period_end": str(last or "2200-01-01")}
    sums, counts = Counter[Any](), Counter[Any]()
    for line in lines:
        told = {**line, "posting_date": str(line["posting_date"]), "unit_path": [str(one) for one in line["unit_path"]]}
        told["member_id"] = str(line["member_id"])
        if inside({**scope, **ends}, told):
            keys = tuple(key_of(line, group) for group in (*groups, "", "")[:2])
            sums[keys] += line["amount"]
            counts[keys] += 1
    items = (await world.attainment(**query))["items"]
    found = {(item["key"], item.get("second_key")): (item["actual"], item["lines"]) for item in items}
    wanted = {keys: (sums[keys], counts[keys]) for keys in counts}
    assert found == (wanted if groups else wanted or {(None, None): (0, 0)})


@pytest.mark.parametrize("group", ["member", "unit", "member,unit", "unit,region", "member,product_line", "quarter"])
@pytest.mark.parametrize(
    ("first", "last"),
    [
        ("2026-01-04", "2026-03-28"),  # months less some days
        ("2026-01-28", "2026-03-04"),  # months and some days
        ("2026-01-16", "2026-03-16"),
        ("2026-01-31", "2026-04-01"),
        ("2026-01-02", "2026-02-27"),
    ],
)
async def test_odd_days_are_added_or_taken_off(world: World, first: str, last: str, group: str) -> None:
    """Each day of four months brings another amount, so that no two parts of a period come to the same."""
    start = date(2026, 1, 1)
    every = [start + timedelta(days=number) for number in range(120)]
    await world.service.deliver(
        *(
            world.confirmed(world.order({("a1", "b1")[number % 2]: 1_000_000}, [3**9 + number**3], str(day)))
            for number, day in enumerate(every)
        )
    )
    period: dict[str, Any] = {"from": first, "to": last}
    found = (await world.attainment(group_by=group, **period))["items"]
    wanted = [3**9 + number**3 for number, day in enumerate(every) if first <= str(day) <= last]
    assert sum(one["actual"] for one in found) == sum(wanted)
    assert sum(one["lines"] for one in found) == len(wanted)
    assert all(one["lines"] > 0 for one in found), "a group that the days taken off leave nothing of is none"


@given(
    drawn=st.lists(orders(), min_size=1, max_size=6),
    first=days,
    length=st.integers(0, 150),
    narrowed=NARROWED,
    as_of=st.one_of(st.none(), days),
)
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
async def test_any_target_is_the_sum_of_its_lines(
    world: Any,
    drawn: list[dict[str, Any]],
    first: date,
    length: int,
    narrowed: dict[str, str],
    as_of: date | None,
) -> None:
    lines = await deliver(world, drawn)
    known = {name: {line[name] for line in lines} for name in ("customer_type", "product_line")}
    assume(all(narrowed[name] in values for name, values in known.items() if narrowed.get(name)))  # else it is 422
    await world.sell("rock")
    ids = {**world.units, **world.members}
    last = first + timedelta(days=length)
    dimensions = {name: ids.get(value, value) for name, value in narrowed.items()}
    body = {"name": "T", "period_start": str(first), "period_end": str(last), "amount": 1, **dimensions}
    answer = await world.service.post("/v1/targets", body)
    if answer.status_code != 201:
        assert answer.json()["code"] == "member-outside"
        return
    target = answer.json()
    told = [
        {
            **line,
            "posting_date": str(line["posting_date"]),
            "unit_path": [str(one) for one in line["unit_path"]],
            "member_id": str(line["member_id"]),
        }
        for line in lines
    ]
    counted = [one for one in told if inside(target, one) and one["posting_date"] <= str(as_of or "9999")]
    query = {"target_id": target["id"]} | ({"as_of": str(as_of)} if as_of else {})
    (item,) = (await world.attainment(**query))["items"]
    assert (item["actual"], item["lines"]) == (sum(one["amount"] for one in counted), len(counted))
    if item["actual"] > 0:
        unassigned = sum(one["amount"] for one in counted if not one["unit_path"])
        assert abs(item["unassigned_share"] - unassigned * 1_000_000 / item["actual"]) <= 1


@pytest.fixture
async def own_world(postgres_server: TestServer) -> AsyncIterator[World]:
    """On a database of its own: its tables go."""
    async with service_harness(postgres_server, "targets") as harness:
        yield await make_world(harness)


async def test_the_migration_fills_what_the_fold_would(own_world: World) -> None:
    world = own_world
    for number, code in enumerate(("a1", "a2", "b1")):
        order = world.order({code: 1_000_000}, [100 + number, 7], f"2026-0{number + 1}-15", region=maybe_region(number))
        await world.service.deliver(world.confirmed(order), world.returned(order, {1: (0, 30)}, "2026-02-28"))
    await world.service.deliver(world.confirmed(world.order({"a1": 1_000_000}, [5], "2025-01-01")))
    tables = (
        "credit_month",
        "credit_label",
        *(table for table in KEYS if table not in ("credit_bucket", "credit_month")),
    )
    before = [await world.service.rows(f"SELECT * FROM {table} t ORDER BY t::text") for table in tables]
    connect = world.service.runtime.settings.database_connect()
    await asyncio.to_thread(run_alembic, "targets", connect, "downgrade", "0011")
    await asyncio.to_thread(run_alembic, "targets", connect, "upgrade", "head")
    assert [await world.service.rows(f"SELECT * FROM {table} t ORDER BY t::text") for table in tables] == before
    assert len(before[0]) >= 4


def maybe_region(number: int) -> str | None:
    return (None, "CN-SH", "CN-BJ")[number]
