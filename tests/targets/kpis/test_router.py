"""KPIs over HTTP: versions, benchmarks, scopes, groups, swings, and what is refused."""

from __future__ import annotations

from typing import Any

import asyncpg
import pytest

from kit.ids import new_id
from tests.targets.kpis.conftest import Book
from tests.targets.kpis.test_core import FEBRUARY, costed, told

RATE = {"numerator": {"measure": "orders"}, "denominator": {"measure": "customers"}, "direction": "higher"}


async def made(book: Book, **body: Any) -> str:
    answer = await book.world.service.post("/v1/kpis", {"code": "own", "name": "Own"})
    kpi: str = answer.json()["id"]
    if body:
        answer = await book.world.service.post(f"/v1/kpis/{kpi}/publish", body)
        assert answer.status_code == 201, answer.text
    return kpi


async def refused(book: Book, path: str) -> tuple[int, str]:
    answer = await book.world.service.get(path)
    return answer.status_code, answer.json()["code"]


async def test_a_version_never_changes_and_values_name_it(book: Book) -> None:
    service = book.world.service
    kpi = await made(book)
    path = f"/v1/kpis/{kpi}"
    assert (await refused(book, f"{path}/values")) == (409, "kpi-not-published")
    first = (await service.post(f"{path}/publish", RATE)).json()
    assert (first["number"], first["unit"], first["author"]) == (1, "millionth", "admin")
    sums = {"numerator": {"measure": "signed_amount", "region": "CN-SH"}, "direction": "higher"}
    second = (await service.post(f"{path}/publish", sums)).json()
    assert (second["number"], second["unit"], second["numerator"]["region"]) == (2, "minor_unit", "CN-SH")
    listed = (await service.get(f"{path}/versions")).json()["items"]
    assert [item["number"] for item in listed] == [2, 1]
    assert (await service.get(path)).json()["published"] == 2
    order = book.order([costed(500, 1)], "2026-02-10")
    await book.hear(book.world.confirmed(order))
    book.ids["own"] = kpi
    newest, older = await book.values("own", *FEBRUARY), await book.values("own", *FEBRUARY, version="1")
    assert (newest["version"], newest["total"]["value"]) == (2, 500)
    assert (older["version"], older["total"]["value"]) == (1, 1_000_000)
    assert (await refused(book, f"{path}/values?version=3")) == (404, "kpi-version-not-found")
    for change in ("UPDATE kpi_version SET direction = 'lower'", "DELETE FROM kpi_version"):
        with pytest.raises(asyncpg.RestrictViolationError):
            async with service.transaction() as tx:
                await tx.execute(change)


@pytest.mark.parametrize(
    ("body", "code", "pointer"),
    [
        ({"numerator": {"measure": "happiness"}}, "measure-unknown", "/numerator/measure"),
        (
            {"numerator": {"measure": "orders", "product_line": "rock"}},
            "dimension-not-supported",
            "/numerator/product_line",
        ),
        (
            {"numerator": {"measure": "orders"}, "denominator": {"measure": "revenue"}},
            "measures-unrelated",
            "/denominator/measure",
        ),
        ({"numerator": {"measure": "orders"}, "window_days": 0}, "invalid", "/window_days"),
    ],
)
async def test_what_cannot_be_published(book: Book, body: dict[str, Any], code: str, pointer: str) -> None:
    answer = await book.world.service.post(f"/v1/kpis/{await made(book)}/publish", {**body, "direction": "higher"})
    problem = answer.json()
    assert (answer.status_code, problem["code"], problem["errors"][0]["pointer"]) == (422, code, pointer)


async def test_a_benchmark_holds_from_its_day_and_a_swing_is_told(book: Book) -> None:
    service = book.world.service
    path = f"/v1/kpis/{await book.kpi('signed-amount')}"
    for version, value, day in ((1, 200, "2026-02-01"), (2, 300, "2026-03-01"), (3, 250, "2026-02-01")):
        body = {"value": value, "source": "Plan", "from": day}
        answer = await service.request(
            "PUT", f"{path}/benchmark", body, headers=service.headers(If_Match=f'"{version}"')
        )
        assert answer.status_code == 200, answer.text
    assert [one["value"] for one in answer.json()["benchmarks"]] == [250, 300]
    stale = await service.request("PUT", f"{path}/benchmark", body, headers=service.headers(If_Match='"2"'))
    assert stale.status_code == 412
    sold = [
        book.order([costed(net, 1)], f"2026-{day}") for net, day in ((100, "01-31"), (260, "02-28"), (260, "03-31"))
    ]
    await book.hear(*(book.world.confirmed(order) for order in sold))
    months = await book.values("signed-amount", "2026-01-01", "2026-03-31", group_by="month")
    found = [
        (one["key"], one["value"], one["previous"], one["swing"], one["meets_benchmark"]) for one in months["items"]
    ]
    assert found == [
        ("2026-01", 100, 0, 100, None),
        ("2026-02", 260, 100, 160, True),
        ("2026-03", 260, 260, 0, False),
    ]
    assert (months["total"]["value"], months["total"]["benchmark"]["value"]) == (620, 300)


async def test_groups_and_totals_are_counted_anew(book: Book) -> None:
    """A rate of the whole is no mean of the rates of its parts."""
    orders = [
        book.order([costed(100, 50)], "2026-02-10"),
        book.order([costed(300, 270)], "2026-02-10", "b1", region="CN-BJ"),
    ]
    await book.hear(*(book.world.confirmed(order) for order in orders))
    by_region = await book.values("gross-margin", *FEBRUARY, group_by="region")
    assert [(one["key"], *told(one)) for one in by_region["items"]] == [
        ("CN-BJ", 100_000, 30, 300),
        ("CN-SH", 500_000, 50, 100),
    ]
    assert told(by_region["total"]) == (200_000, 80, 400)
    pairs = await book.values("gross-margin", *FEBRUARY, group_by="week,member", member_id=book.world.members["a1"])
    assert [(one["key"], one["second_key"], one["value"]) for one in pairs["items"]] == [
        ("2026-W07", book.world.members["a1"], 500_000)
    ]
    only = await book.total("gross-margin", *FEBRUARY, unit_id=book.world.units["south"])
    assert told(only) == (100_000, 30, 300)
    assert told(await book.total("gross-margin", *FEBRUARY, region="CN-SH", product_line="rock")) == (500_000, 50, 100)


async def test_a_window_ends_with_the_period(book: Book) -> None:
    book.ids["own"] = await made(book, numerator={"measure": "orders"}, window_days=30, direction="higher")
    orders = [book.order([costed(1, 1)], day) for day in ("2026-01-29", "2026-01-30", "2026-02-28")]
    await book.hear(*(book.world.confirmed(order) for order in orders))
    assert (await book.total("own", *FEBRUARY))["value"] == 2_000


async def test_shares_of_an_order_are_those_of_its_sellers(book: Book) -> None:
    order = book.order([costed(100, 50)], "2026-02-10", is_first_order=True)
    halves = [
        {"member_id": book.world.members[code], "share": share} for code, share in (("a1", 600_000), ("b1", 400_000))
    ]
    await book.hear(book.world.confirmed({**order, "credits": halves}))
    by_unit = await book.values("gross-margin", *FEBRUARY, group_by="unit")
    assert sorted(one["numerator"] for one in by_unit["items"]) == [20, 30]
    own = await book.total("gross-margin", *FEBRUARY, by=book.world.service.headers("a1", "sales_manager"))
    assert told(own) == (500_000, 30, 60)


async def test_everybody_sees_their_own_and_costs_are_for_those_who_may_know(book: Book) -> None:
    service = book.world.service
    orders = [book.order([costed(100, 50)], "2026-02-10", by) for by in ("a1", "b1")]
    await book.hear(*(book.world.confirmed(order) for order in orders))
    rep, manager = service.headers("a1", "sales_rep"), service.headers("manager-north", "sales_manager")
    for caller in (rep, manager):
        assert (await book.total("signed-amount", *FEBRUARY, by=caller))["value"] == 100
    hidden = await book.values("gross-margin", *FEBRUARY, by=rep, group_by="unit")
    assert (hidden["is_withheld"], hidden["items"], hidden["total"]["numerator"]) == (True, [], None)
    assert (await book.total("gross-margin", *FEBRUARY, by=manager))["value"] == 500_000
    path = f"/v1/kpis/{await book.kpi('signed-amount')}/values?unit_id={book.world.units['south']}"
    assert (await service.get(path, headers=manager)).status_code == 404
    assert (await service.post("/v1/kpis", {"code": "x", "name": "X"}, headers=manager)).status_code == 403


async def test_questions_that_have_no_answer(book: Book) -> None:
    path = f"/v1/kpis/{await book.kpi('visit-conversion')}/values"
    for query, code, pointer in (
        ("from=2026-02-02&to=2026-02-01", "bad-query", "to"),
        ("from=2000-01-01&to=2026-02-01", "bad-query", "to"),
        ("as_of=2199-01-01", "bad-query", "as_of"),
        ("from=2199-01-01&to=2199-02-01", "bad-query", "from"),
        ("group_by=month,week", "bad-query", "group_by"),
        ("from=2020-01-01&to=2025-12-31&group_by=day", "bad-query", "group_by"),
        ("product_line=rock", "dimension-not-supported", "product_line"),
        ("group_by=channel", "dimension-not-supported", "group_by"),
        (f"unit_id={new_id()}", "unknown-reference", "unit_id"),
    ):
        answer = await book.world.service.get(f"{path}?{query}")
        problem = answer.json()
        found = (answer.status_code, problem["code"], [error["pointer"] for error in problem["errors"]])
        assert found == (400 if code == "bad-query" else 422, code, [pointer]), query
    assert (await book.world.service.get(f"{path}?group_by=surprise")).status_code in (400, 422)
    margin = f"/v1/kpis/{await book.kpi('gross-margin')}/values"
    for name, value in (("region", "Shanghai"), ("product_line", "Rok"), ("customer_type", "x")):
        answer = await book.world.service.get(f"{margin}?{name}={value}")
        said = answer.json()
        assert answer.status_code == 422, said
        assert (said["code"], said["errors"][0]["pointer"]) == ("unknown-reference", name)
