"""On every day one version of a book counts, from its first midnight to its last, wherever the company is."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from itertools import combinations
from typing import Any, NamedTuple
from unittest import mock

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kit import clock
from kit.ids import new_id
from kit.testing.service import ServiceHarness
from kit.work import system_work
from services.channels.price_books.rules import Buyer
from services.channels.price_books.standings import standing_entries
from tests.channels.price_books.test_router import PATH, drafted, put

FIRST = date(2026, 2, 20)
SPAN = 30
ZONES = [f"Etc/GMT{hours:+d}" for hours in range(-14, 13)]
DST = ["Asia/Shanghai", "America/Santiago", "Africa/Cairo", "Asia/Beirut", "Pacific/Chatham", "America/Havana"]
LAW = settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


class Holds(NamedTuple):
    """What an entry of a version asks for: days counted from FIRST, both included, None: open."""

    start: int | None
    end: int | None

    def on(self, day: int) -> bool:
        return (self.start is None or self.start <= day) and (self.end is None or day <= self.end)


ends = st.none() | st.integers(0, SPAN)
windows = st.builds(Holds, ends, ends).filter(lambda w: w.start is None or w.end is None or w.start <= w.end)
versions = st.dictionaries(st.integers(0, SPAN), st.lists(windows, min_size=1, max_size=3), min_size=1, max_size=3)


def at(day: int) -> date:
    return FIRST + timedelta(day)


def entries(sku: str, start: int, asked: Sequence[Holds]) -> list[dict[str, Any]]:
    """A price of its own for each window: hundreds by version, ones by entry."""
    return [
        {
            "code": f"E{number}",
            "sku": sku,
            "method": "fixed",
            "breaks": [{"min_quantity": 1, "unit_price": 1_000 * (start + 1) + number}],
            "valid_from": None if one.start is None else at(one.start).isoformat(),
            "valid_to": None if one.end is None else at(one.end).isoformat(),
        }
        for number, one in enumerate(asked)
    ]


def shares_a_day(start: int, one: Holds, other: Holds) -> bool:
    """Day by day, long after the last edge: an open end goes on."""
    return any(one.on(day) and other.on(day) for day in range(start, 2 * SPAN))


async def published(service: ServiceHarness, sku: str, asked: dict[int, list[Holds]]) -> dict[int, list[Holds]]:
    """Versions of a book by their first day, as far as they could be published."""
    assert (await service.post("/v1/products", {"sku": sku, "name": sku, "product_line": "rock"})).status_code == 201
    kept: dict[int, list[Holds]] = {}
    path = ""
    for start, own in sorted(asked.items()):
        body = {"valid_from": at(start).isoformat()}
        if not path:
            path = await drafted(service, *entries(sku, start, own), code=f"B-{sku}", **body)
        else:
            revised = await service.post(f"{path}/revise", body)
            assert revised.status_code == 201, revised.text
            path = f"{PATH}/{revised.json()['id']}"
            assert (await put(service, path, *entries(sku, start, own))).status_code == 200
        answer = await service.post(f"{path}/publish")
        is_refused = any(shares_a_day(start, *pair) for pair in combinations(own, 2))
        assert (answer.status_code, answer.json().get("code")) == (
            (422, "price-overlap") if is_refused else (200, f"B-{sku}")
        ), (start, own)
        if is_refused:
            own = own[:1]
            draft = (await service.get(path)).json()
            assert (await put(service, path, *entries(sku, start, own), version=draft["version"])).status_code == 200
            assert (await service.post(f"{path}/publish")).status_code == 200
        kept[start] = own
    return kept


def expected(kept: dict[int, list[Holds]], day: int) -> list[int]:
    """Prices of a day: of the version that began last, what its entries hold."""
    begun = [start for start in kept if start <= day]
    if not begun:
        return []
    last = max(begun)
    return [1_000 * (last + 1) + number for number, one in enumerate(kept[last]) if one.on(day)]


@LAW
@given(asked=versions)
async def test_each_day_has_the_prices_of_its_version_and_no_others(
    service: ServiceHarness, asked: dict[int, list[Holds]]
) -> None:
    sku = f"S-{new_id().hex}"
    kept = await published(service, sku, asked)
    async with service.transaction() as tx:
        work = system_work(tx, "channels", service.runtime.settings)
        for day in range(-2, SPAN + 3):
            found = await standing_entries(work, [sku], [], Buyer(at(day)))
            prices = [one.method.breaks[0].unit_price for one in found.of(sku, "rock")]
            assert sorted(prices) == expected(kept, day), (day, kept)
            assert all(one.start <= at(day) and (one.end is None or at(day) <= one.end) for one in found.of(sku, ""))


@LAW
@given(zone=st.sampled_from([*ZONES, *DST]), starts=st.lists(st.integers(0, SPAN), min_size=2, max_size=3, unique=True))
async def test_a_version_begins_at_midnight_of_the_company(
    service: ServiceHarness, zone: str, starts: list[int]
) -> None:
    """Also where the clocks are put forward at midnight: one moment before, the former version counts."""
    sku = f"S-{new_id().hex}"
    kept = await published(service, sku, {start: [Holds(None, None)] for start in starts})
    settings_there = service.runtime.settings.model_copy(update={"timezone": zone})
    for start in starts:
        midnight = clock.start_of_day(zone, at(start))
        for moment, day in ((midnight - timedelta(microseconds=1), start - 1), (midnight, start)):
            with mock.patch("kit.clock.now", return_value=moment):
                async with service.transaction() as tx:
                    work = system_work(tx, "channels", settings_there)
                    assert work.today == at(day)
                    found = await standing_entries(work, [sku], [], Buyer(work.today))
            prices = [one.method.breaks[0].unit_price for one in found.of(sku, "rock")]
            assert prices == expected(kept, day), (zone, moment)
