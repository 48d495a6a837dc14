"""Reorganisations, moves, joins and ends at once."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

from tests.targets.reorganisations.test_service import EVE, post, reorganise

LOOSE = """
SELECT s.member_id, u.code FROM membership s JOIN unit u ON u.id = s.unit_id
WHERE u.valid_to IS NOT NULL AND (s.valid_to IS NULL OR s.valid_to > u.valid_to + 1)
   OR u.valid_from IS NOT NULL AND s.valid_from < u.valid_from
"""
"""Memberships on days on which their unit is not there."""


def codes(answers: Sequence[Any]) -> list[int]:
    return sorted(answer.status_code for answer in answers)


async def test_two_reorganisations_of_a_unit_at_once(world: Any) -> None:
    answers = await asyncio.gather(
        reorganise(world, "team-a", "south"), reorganise(world, "team-a", "south", code="other")
    )
    assert codes(answers) == [200, 409]
    assert {answer.json().get("code") for answer in answers} == {None, "unit-ended"}
    successors = await world.service.rows("SELECT id FROM unit WHERE valid_from IS NOT NULL")
    assert len(successors) == 1
    assert await world.service.rows(LOOSE) == []


async def test_two_units_that_go_below_each_other(world: Any) -> None:
    """One wins; the other finds what came below it begin on that very day."""
    north = [{"unit_id": world.units["team-a"], "code": "team-a-2"}]
    south = [{"unit_id": world.units["team-b"], "code": "team-b-2"}]
    answers = await asyncio.gather(
        reorganise(world, "north", "south", below=north), reorganise(world, "south", "north", below=south)
    )
    assert codes(answers) == [200, 409]
    assert {answer.json().get("code") for answer in answers} == {None, "unit-not-begun"}
    assert await world.service.rows(LOOSE) == []
    paths = await world.service.rows("SELECT u.path, p.path AS above FROM unit u JOIN unit p ON p.id = u.parent_id")
    assert all(row["path"][:-1] == row["above"] for row in paths)


async def test_a_reorganisation_beside_moves_of_its_members(world: Any) -> None:
    """In, out and within: whoever comes first, everybody ends up where both changes put them, or one is refused."""
    for start, to in (("2026-02-15", "south"), ("2026-02-25", "north"), ("2026-03-05", "south")):
        day = date.fromisoformat(start)
        out = {"unit_id": world.units["team-b"], "from": str(day + timedelta(5))}
        back = {"unit_id": world.units["team-a"], "from": str(day + timedelta(1))}
        role = {"role": "sales_supervisor", "from": str(day + timedelta(3))}
        answers = await asyncio.gather(
            reorganise(world, "team-a", to, code=f"team-{start}", **{"from": start}),
            world.service.post(f"/v1/members/{world.members['a1']}/move", out),
            world.service.post(f"/v1/members/{world.members['b1']}/move", back),
            world.service.post(f"/v1/members/{world.members['a2']}/change-role", role),
            world.service.post("/v1/members/batch", {"rows": [batch_row(world, "a2")]}),
        )
        assert answers[0].status_code == 200, answers[0].text
        assert {answer.status_code for answer in answers[1:]} <= {200, 409, 412, 422}
        assert await world.service.rows(LOOSE) == []
        (new,) = answers[0].json()["successors"]
        for code in ("a1", "a2", "b1"):
            spans = (await world.service.get(f"/v1/members/{world.members[code]}")).json()["memberships"]
            assert all(a["valid_to"] == b["valid_from"] for a, b in pairwise(spans))
        world.units["team-a"] = new["id"]


def batch_row(world: Any, code: str) -> dict[str, Any]:
    return {"code": code, "role": "sales_rep", "unit_id": world.units["team-b"], "valid_from": "2026-03-10"}


async def test_an_end_beside_joins(world: Any) -> None:
    """Either the end is refused, or the joins are: nobody belongs to what has ended."""
    for number in range(5):
        body = {"code": f"u{number}", "name": "U", "kind": "team", "parent_id": world.units["north"]}
        world.units["u"] = (await world.service.post("/v1/units", body)).json()["id"]
        seller = {"role": "sales_rep", "unit_id": world.units["u"], "valid_from": "2026-01-01"}
        below = {"code": f"b{number}", "name": "B", "kind": "team", "parent_id": world.units["u"]}
        answers = await asyncio.gather(
            post(world, "u", "end", {"on": EVE}),
            world.service.post("/v1/members", seller | {"code": f"j{number}"}),
            world.service.post("/v1/members/batch", {"rows": [seller | {"code": f"k{number}"}]}),
            world.service.post("/v1/units", below),
        )
        ended, joined, batch, made = answers
        assert {answer.status_code for answer in answers} <= {200, 201, 409, 422}
        (row,) = batch.json()["results"]
        results = [joined.status_code == 201, row["status"] == "created", made.status_code == 201]
        if ended.status_code == 200:
            assert results == [False] * 3
        else:
            assert ended.json()["code"] == "unit-in-use"
            assert any(results)
    assert await world.service.rows(LOOSE) == []


async def test_a_reorganisation_beside_orders(world: Any) -> None:
    """Lines and memberships agree in the end, or the reorganisation is refused."""
    orders = [world.order({"a1": 600_000, "a2": 400_000}, [100], f"2026-02-{14 + number}") for number in range(6)]
    first, *_ = await asyncio.gather(
        reorganise(world), *(world.service.deliver(world.confirmed(order)) for order in orders)
    )
    assert first.status_code in (200, 409)
    if first.status_code == 409:
        assert (await reorganise(world, correction=True)).status_code == 200
    wrong = await world.service.rows(
        "SELECT c.order_id FROM credit_line c JOIN membership s ON s.member_id = c.member_id "
        "AND s.valid_from <= c.order_date AND (s.valid_to IS NULL OR s.valid_to > c.order_date) "
        "JOIN unit u ON u.id = s.unit_id WHERE c.unit_path <> u.path GROUP BY c.order_id, c.unit_path "
        "HAVING sum(c.amount) <> 0"
    )
    assert wrong == []
