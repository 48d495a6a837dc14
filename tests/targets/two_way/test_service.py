"""Tables through the service: both margins stand in the database, whoever writes."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from typing import Any

import asyncpg
import pytest

from kit.ids import new_id

LINES = ["books", "games", "music"]
REGIONS = ["CN-BJ", "CN-GD", "CN-SH", "CN-ZJ"]
ROWS, COLUMNS = [450, 230, 320], [280, 240, 200, 280]
SEED = [[120, 80, 60, 140], [50, 90, 70, 30], [200, 150, 160, 210]]
ANSWER = [[139, 89, 65, 157], [50, 85, 66, 29], [91, 66, 69, 94]]
YEAR = {"name": "Y", "period_start": "2026-01-01", "period_end": "2026-12-31"}


class Plan:
    """A target with two decompositions."""

    def __init__(self, world: Any, target: dict[str, Any], rows: dict[str, Any], columns: dict[str, Any]) -> None:
        self.world, self.target, self.rows, self.columns = world, target, rows, columns
        self.path = f"/v1/targets/{target['id']}/tables"

    def body(self, **more: Any) -> dict[str, Any]:
        return {"row_decomposition_id": self.rows["id"], "column_decomposition_id": self.columns["id"], **more}

    async def ask(self, *, headers: dict[str, str] | None = None, **more: Any) -> Any:
        return await self.world.service.post(self.path, self.body(**more), headers=headers)

    async def make(self, **more: Any) -> dict[str, Any]:
        answer = await self.ask(**more)
        assert answer.status_code == 201, answer.text
        made: dict[str, Any] = answer.json()
        return made


async def split(world: Any, target_id: str, dimension: str, given: dict[str, int] | None = None) -> dict[str, Any]:
    field = "member_id" if dimension == "member" else "unit_id" if dimension == "unit" else "key"
    body: dict[str, Any] = {"dimension": dimension}
    if given is not None:
        body["children"] = [{field: key, "locked": amount} for key, amount in given.items()]
    answer = await world.service.post(f"/v1/targets/{target_id}/decompositions", body)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def plan_of(
    world: Any,
    *sides: tuple[str, dict[str, int] | None],
    **more: Any,
) -> Plan:
    await world.sell(*LINES)
    made = await world.service.post("/v1/targets", {**YEAR, "amount": 1_000, **more})
    assert made.status_code == 201, made.text
    rows, columns = [await split(world, made.json()["id"], *side) for side in sides]
    return Plan(world, made.json(), rows, columns)


async def worked(world: Any) -> Plan:
    """Product lines by region, with the amounts of the worked example."""
    lines, regions = dict(zip(LINES, ROWS, strict=True)), dict(zip(REGIONS, COLUMNS, strict=True))
    return await plan_of(world, ("product_line", lines), ("region", regions))


def seeds(matrix: list[list[int]] = SEED) -> list[dict[str, Any]]:
    return [
        {"row": row, "column": column, "value": value}
        for row, values in zip(LINES, matrix, strict=True)
        for column, value in zip(REGIONS, values, strict=True)
    ]


def amounts(table: dict[str, Any]) -> list[list[int]]:
    flat = [cell["amount"] for cell in table["cells"]]
    return [flat[i : i + len(REGIONS)] for i in range(0, len(flat), len(REGIONS))]


async def test_the_worked_example_and_where_its_cells_are(world: Any) -> None:
    plan = await worked(world)
    made = await plan.make(values=seeds())
    assert amounts(made) == ANSWER
    assert (made["rounding"], made["error"], made["amount"]) == ("controlled", 0, 1_000)
    first = made["cells"][0]
    assert (first["row"], first["column"], first["fitted"], first["driver_values"]) == (
        "books",
        "CN-BJ",
        138_693,
        [120],
    )
    assert (first["name"], first["bound"], first["seed"]) == ("Y / books / CN-BJ", None, round(120 / 1360 * 1000))
    cell = (await world.service.get(f"/v1/targets/{first['target_id']}")).json()
    assert (cell["product_line"], cell["region"], cell["state"]) == ("books", "CN-BJ", "draft")
    row = next(child for child in plan.rows["children"] if child["key"] == "books")
    assert cell["parent_id"] == row["target_id"]
    of_row = await decompositions(world, row["target_id"])
    assert [(one["dimension"], one["is_cross"], one["is_crediting"]) for one in of_row] == [("region", False, True)]
    column = next(child for child in plan.columns["children"] if child["key"] == "CN-BJ")
    [cross] = await decompositions(world, column["target_id"])
    assert (cross["dimension"], cross["is_cross"], cross["is_crediting"]) == ("product_line", True, True)
    assert (cross["amount"], cross["children_sum"], cross["table_id"]) == (280, 280, made["id"])
    path = f"/v1/targets/{column['target_id']}/decompositions/{cross['id']}"
    shown = (await world.service.get(path)).json()["children"]
    assert [(one["key"], one["amount"]) for one in shown] == [("books", 139), ("games", 50), ("music", 91)]
    assert shown[0]["target_id"] == first["target_id"] == cell["id"]
    assert cell["cross_id"] == cross["id"]
    assert (await world.service.get(f"{plan.path}/{made['id']}")).json() == made
    listed = (await world.service.get(plan.path)).json()["items"]
    assert [one["id"] for one in listed] == [made["id"]]


async def decompositions(world: Any, target_id: str) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = (await world.service.get(f"/v1/targets/{target_id}/decompositions")).json()["items"]
    return items


async def test_it_is_announced_by_row_and_by_column(world: Any) -> None:
    plan = await worked(world)
    made = await plan.make(values=seeds())
    said = [
        event for event in await world.service.published("targets.target.decomposed.v1") if event.payload["table_id"]
    ]
    assert {event.payload["table_id"] for event in said} == {made["id"]}
    assert Counter(event.payload["is_cross"] for event in said) == {False: 3, True: 4}
    for event in said:
        assert sum(child["amount"] for child in event.payload["children"]) == event.payload["amount"]
    [audited] = await world.service.rows("SELECT after FROM audit_log WHERE action = 'tabulate'")
    assert made["id"] in str(audited["after"])


async def test_a_dry_run_answers_the_cells_and_keeps_nothing(world: Any) -> None:
    plan = await worked(world)
    answer = await plan.ask(values=seeds(), dry_run=True)
    assert answer.status_code == 200, answer.text
    assert amounts(answer.json()) == ANSWER
    assert (await world.service.get(plan.path)).json()["items"] == []
    assert await world.service.rows("SELECT 1 FROM target WHERE cross_id IS NOT NULL") == []


async def test_constraints_decide_and_say_so(world: Any) -> None:
    plan = await worked(world)
    cells = [
        {"row": "books", "column": "CN-BJ", "locked": 100, "reason": "agreed"},
        {"row": "games", "column": "CN-ZJ", "floor": 60},
        {"row": "music", "column": "CN-SH", "cap": 50},
    ]
    made = await plan.make(values=seeds(), cells=cells)
    found = {(cell["row"], cell["column"]): cell for cell in made["cells"]}
    bound = {key: (cell["amount"], cell["bound"], cell["reason"]) for key, cell in found.items() if cell["bound"]}
    assert bound == {
        ("books", "CN-BJ"): (100, "locked", "agreed"),
        ("games", "CN-ZJ"): (60, "floor", None),
        ("music", "CN-SH"): (50, "cap", None),
    }
    assert [sum(line) for line in amounts(made)] == ROWS
    assert [sum(line) for line in zip(*amounts(made), strict=True)] == COLUMNS


async def test_what_cannot_be_names_the_cut(world: Any) -> None:
    plan = await worked(world)
    caps = [{"row": "books", "column": region, "cap": 100} for region in REGIONS]
    answer = await plan.ask(values=seeds(), cells=caps)
    assert (answer.status_code, answer.json()["code"]) == (409, "table-infeasible")
    problem = answer.json()
    assert (problem["rows"], problem["columns"], problem["missing"]) == (["books"], [], 50)
    assert [(one["column"], one["kind"]) for one in problem["constraints"]] == [(region, "cap") for region in REGIONS]
    assert (await world.service.get(plan.path)).json()["items"] == []


STATEMENTS = (
    "UPDATE target SET amount = amount + 1 WHERE child_key = 'CN-BJ' AND cross_key = 'books'",
    # right for the row, wrong for both columns
    "UPDATE target SET amount = amount + CASE child_key WHEN 'CN-BJ' THEN 1 ELSE -1 END "
    "WHERE cross_key = 'books' AND child_key IN ('CN-BJ', 'CN-GD')",
    # right for the column, wrong for both rows
    "UPDATE target SET amount = amount + CASE cross_key WHEN 'books' THEN 1 ELSE -1 END "
    "WHERE child_key = 'CN-BJ' AND cross_key IN ('books', 'games')",
    "UPDATE target SET cross_id = NULL, cross_key = NULL WHERE child_key = 'CN-BJ' AND cross_key = 'books'",
    "DELETE FROM target WHERE child_key = 'CN-BJ' AND cross_key = 'books'",
    "UPDATE decomposition SET amount = amount + 1 WHERE is_cross",
    "UPDATE target SET amount = amount + CASE child_key WHEN 'CN-BJ' THEN 1 ELSE -1 END "
    "WHERE cross_id IS NULL AND child_key IN ('CN-BJ', 'CN-GD')",
)


@pytest.mark.parametrize("statement", STATEMENTS)
async def test_the_database_refuses_cells_that_miss_either_margin(world: Any, statement: str) -> None:
    plan = await worked(world)
    await plan.make(values=seeds())
    with pytest.raises(asyncpg.CheckViolationError, match="children sum"):
        async with world.service.transaction() as tx:
            await tx.execute(statement)


async def test_the_database_lets_a_change_around_a_rectangle_pass(world: Any) -> None:
    plan = await worked(world)
    made = await plan.make(values=seeds())
    around = (
        "UPDATE target SET amount = amount "
        "+ CASE WHEN (child_key = 'CN-BJ') = (cross_key = 'books') THEN 7 ELSE -7 END "
        "WHERE child_key IN ('CN-BJ', 'CN-GD') AND cross_key IN ('books', 'games')"
    )
    async with world.service.transaction() as tx:
        await tx.execute(around)
    after = (await world.service.get(f"{plan.path}/{made['id']}")).json()
    assert amounts(after)[0][:2] == [139 + 7, 89 - 7]


async def test_margins_that_belong_to_no_one_table(world: Any) -> None:
    plan = await worked(world)
    other = await plan_of(world, ("quarter", None), ("month", None))
    twice = await split(world, plan.target["id"], "region", dict(zip(REGIONS, COLUMNS, strict=True)))
    units = await split(world, plan.target["id"], "unit", {world.units["north"]: 600, world.units["south"]: 400})
    members = await split(world, plan.target["id"], "member", {world.members["a1"]: 600, world.members["b1"]: 400})
    await plan.make(values=seeds())
    row = plan.rows["children"][0]["target_id"]
    column = plan.columns["children"][0]["target_id"]
    [cross] = await decompositions(world, column)
    months = await split(world, column, "month")

    async def asked(target: str, rows: str, columns: str) -> tuple[int, Any, Any]:
        body = {"row_decomposition_id": rows, "column_decomposition_id": columns}
        answer = await world.service.post(f"/v1/targets/{target}/tables", body)
        return answer.status_code, answer.json()["code"], [error["pointer"] for error in answer.json()["errors"]]

    first, second = (f"/{name}_decomposition_id" for name in ("row", "column"))
    root, refused = plan.target["id"], (422, "margins-unrelated")
    assert await asked(root, plan.rows["id"], other.columns["id"]) == (*refused, [second])
    assert await asked(root, str(new_id()), plan.columns["id"]) == (*refused, [first])
    assert await asked(root, plan.columns["id"], twice["id"]) == (*refused, [second])
    assert await asked(root, units["id"], members["id"]) == (*refused, [second])
    assert await asked(other.target["id"], other.rows["id"], other.columns["id"]) == (*refused, [second])
    assert await asked(column, cross["id"], months["id"]) == (*refused, [first])
    assert (await asked(row, plan.rows["id"], plan.columns["id"]))[:2] == refused
    assert (await asked(str(new_id()), plan.rows["id"], plan.columns["id"]))[:2] == (404, "target-not-found")


@pytest.mark.parametrize(
    ("body", "code", "pointer"),
    [
        ({"values": [{"row": "tea", "column": "CN-BJ", "value": 1}]}, "path-unknown", "/values/0/row"),
        ({"cells": [{"row": "books", "column": "CN-XJ", "cap": 1}]}, "path-unknown", "/cells/0/column"),
        ({"values": seeds()[:1] * 2}, "row-repeated", "/values/1/column"),
        ({"cells": [{"row": "books", "column": "CN-BJ", "cap": 1}] * 2}, "row-repeated", "/cells/1/column"),
        ({"values": seeds(), "drivers": [{"kind": "equal"}]}, "table-invalid", "/values"),
        ({"drivers": [{"kind": "custom"}]}, "table-invalid", "/drivers/0/kind"),
        ({"drivers": [{"kind": "equal"}, {"kind": "seasonality"}]}, "table-invalid", "/drivers/1/kind"),
    ],
)
async def test_bad_input_names_its_field(world: Any, body: dict[str, Any], code: str, pointer: str) -> None:
    plan = await worked(world)
    answer = await plan.ask(**body)
    status = 409 if code == "row-repeated" else 422
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]


async def test_history_by_month_and_line_seeds_and_closing_months_are_left_out(world: Any) -> None:
    plan = await plan_of(world, ("month", None), ("region", {"CN-SH": 700, "CN-BJ": 300}))
    refused = await plan.ask(drivers=[{"kind": "historical_share"}])
    assert (refused.status_code, refused.json()["code"]) == (409, "driver-data-insufficient")
    for day, region, amount in (("2025-03-05", "CN-SH", 100), ("2025-03-31", "CN-BJ", 300), ("2025-04-01", "CN-SH", 7)):
        await world.service.deliver(world.confirmed(world.order({"a1": 1_000_000}, [amount], day) | {"region": region}))
    shown = await plan.ask(drivers=[{"kind": "historical_share"}], dry_run=True)
    assert (shown.status_code, shown.json()["code"]) == (409, "table-infeasible"), "January has an amount and no cell"
    made = await plan.make(drivers=[{"kind": "working_days", "weight": 700_000}, {"kind": "equal", "weight": 300_000}])
    january = [cell for cell in made["cells"] if cell["row"] == "2026-01"]
    assert [cell["driver_values"] for cell in january] == [[21, 1], [21, 1]]
    assert {cell["period_end"] for cell in january} == {"2026-01-31"}
    assert sum(cell["amount"] for cell in made["cells"] if cell["column"] == "CN-SH") == 700


async def test_members_by_month_belong_to_their_members(world: Any) -> None:
    given = {world.members["a1"]: 600, world.members["b1"]: 400}
    plan = await plan_of(world, ("month", None), ("member", given))
    made = await plan.make()
    cell = (await world.service.get(f"/v1/targets/{made['cells'][0]['target_id']}")).json()
    assert cell["member_id"] == cell["owner_id"] == made["cells"][0]["column"]
    reader = world.service.headers("a1", "sales_rep")
    assert (await world.service.get(f"/v1/targets/{cell['id']}", headers=reader)).status_code in (200, 404)
    missing = await world.service.get(f"{plan.path}/{made['id']}", headers=reader)
    assert (missing.status_code, missing.json()["code"]) == (404, "target-not-found")
    assert (await plan.ask(headers=reader)).status_code == 403


async def test_the_plan_of_a_column_goes_by_its_cells(world: Any) -> None:
    """The crediting decomposition by time of a column is the cross one, whose children are those of the months."""
    plan = await plan_of(world, ("month", None), ("region", {"CN-SH": 700, "CN-BJ": 300}))
    made = await plan.make()
    column = next(one["target_id"] for one in plan.columns["children"] if one["key"] == "CN-SH")
    await world.service.post(f"/v1/targets/{plan.target['id']}/activate")
    found = await world.attainment(target_id=column, as_of="2026-03-31")
    ended = sum(c["amount"] for c in made["cells"] if c["column"] == "CN-SH" and c["row"] <= "2026-03")
    assert found["items"][0]["expected_plan"] == ended > 0


async def test_cells_of_what_is_active_count_at_once(world: Any) -> None:
    plan = await worked(world)
    assert (await world.service.post(f"/v1/targets/{plan.target['id']}/activate")).status_code == 200
    made = await plan.make(values=seeds())
    assert {cell["state"] for cell in made["cells"]} == {"active"}
    activated = await world.service.published("targets.target.activated.v1")
    assert {cell["target_id"] for cell in made["cells"]} <= {event.payload["id"] for event in activated}
    row = plan.rows["children"][0]["target_id"]
    assert (await world.service.post(f"/v1/targets/{row}/close")).status_code == 200
    refused = await plan.ask(values=seeds())
    assert (refused.status_code, refused.json()["code"]) == (409, "target-state")


async def test_a_table_voids_what_was_proposed(world: Any) -> None:
    plan = await worked(world)
    await world.service.post(f"/v1/targets/{plan.target['id']}/propose")
    made = await plan.make(values=seeds())
    states = await world.service.rows("SELECT DISTINCT state FROM target")
    assert [row["state"] for row in states] == ["draft"]
    below = (await world.service.get(f"/v1/targets/{made['cells'][0]['target_id']}")).json()
    inner = await split(world, below["id"], "month")
    child = (await world.service.get(f"/v1/targets/{inner['children'][0]['target_id']}")).json()
    assert (child["cross_id"], child["cross_key"], child["fitted"]) == (None, None, None)


async def test_two_at_once_make_two_tables_that_sum(world: Any) -> None:
    plan = await worked(world)
    answers = await asyncio.gather(plan.ask(values=seeds()), plan.ask(values=seeds()))
    assert [answer.status_code for answer in answers] == [201, 201]
    crediting = await world.service.rows(
        "SELECT target_id FROM decomposition WHERE table_id IS NOT NULL AND is_crediting"
    )
    assert len(crediting) == len({row["target_id"] for row in crediting}) == 7
    wrong = await world.service.rows("SELECT 1 FROM decomposition WHERE amount <> children_sum")
    assert wrong == []


async def test_ten_thousand_cells_in_a_few_seconds(world: Any) -> None:
    lines = [f"line-{number:03}" for number in range(85)]
    await world.sell(*lines)
    more = {"period_start": "2020-01-01", "period_end": "2029-12-31"}
    plan = await plan_of(
        world, ("product_line", dict.fromkeys(lines, 117_647_059)), ("month", None), amount=85 * 117_647_059, **more
    )
    values = [
        {"row": line, "column": one["key"], "value": (7 * i + 13 * j) % 101 + 1}
        for i, line in enumerate(lines)
        for j, one in enumerate(plan.columns["children"])
    ]
    assert (await plan.ask(values=values, dry_run=True)).status_code == 200, "the solver is imported then"
    begun = time.process_time()
    made = await plan.make(values=values)
    taken = time.process_time() - begun
    assert len(made["cells"]) == 10_200
    sums = Counter[str]()
    for cell in made["cells"]:
        sums[cell["row"]] += cell["amount"]
        sums[cell["column"]] += cell["amount"]
    wanted = {one["key"]: one["amount"] for side in (plan.rows, plan.columns) for one in side["children"]}
    assert sums == wanted
    assert taken < 6, "of the service's own time"
