"""Leads by external id: what is new, what differs, what is as it was; whose they are; several batches at once."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID

from tests.customer.conftest import OTHER_REP, REP_1, World
from tests.customer.leads.conftest import ZHANG, acted


def row(number: int, **fields: Any) -> dict[str, Any]:
    return {**ZHANG, "owner_id": str(REP_1), "external_id": {"source": "site", "id": f"L-{number}"}, **fields}


async def sent(world: World, *rows: dict[str, Any], **options: Any) -> list[tuple[str, str | None]]:
    """Status and code of each row."""
    answer = await world.service.post("/v1/leads/batch", {"rows": list(rows)}, **options)
    assert answer.status_code == 200, answer.text
    results = answer.json()["results"]
    return [(one["status"], one["problem"] and one["problem"]["code"]) for one in results]


async def test_new_changed_and_as_it_was(world: World) -> None:
    assert await sent(world, row(1), row(2), row(1)) == [
        ("created", None),
        ("created", None),
        ("problem", "row-repeated"),
    ]
    assert await sent(world, row(1, phone="+86 13812345678"), row(2, campaign="other")) == [
        ("unchanged", None),
        ("updated", None),
    ]
    less = {"external_id": {"source": "site", "id": "L-1"}, "source": "web"}
    assert await sent(world, less, {"external_id": less["external_id"], "company": 1}) == [
        ("updated", None),
        ("problem", "invalid"),
    ]
    items = (await world.service.get("/v1/leads?sort=created_at")).json()["items"]
    assert {(item["external_id"], item["source"], item["campaign"]) for item in items} == {
        ("L-1", "web", "spring-2026"),
        ("L-2", "trade_fair", "other"),
    }
    assert {(item["email"], item["score"], item["version"]) for item in items} == {("Zhang.Wei@Quay.example", 100, 2)}
    created = await world.service.published("customer.lead.created.v1")
    assert len(created) == 2


async def test_bad_rows_stop_no_other(world: World) -> None:
    unknown = str(UUID(int=1))
    assert await sent(
        world,
        row(1, email="nobody"),
        row(2, owner_id=unknown),
        {"external_id": {"source": "site", "id": "L-3"}},
        row(4),
    ) == [
        ("problem", "email-invalid"),
        ("problem", "unknown-reference"),
        ("problem", "lead-nameless"),
        ("created", None),
    ]


async def test_whose_rows_they_are(world: World) -> None:
    seller, other = world.service.headers("rep-1", "sales_rep"), world.service.headers("rep-3", "sales_rep")
    plain = {name: value for name, value in row(1).items() if name != "owner_id"}
    assert await sent(world, plain, row(2, owner_id=str(OTHER_REP)), headers=seller) == [
        ("created", None),
        ("problem", "unknown-reference"),
    ]
    assert await sent(world, {**plain, "source": "web"}, headers=other) == [("problem", "lead-external-id-taken")]
    assert await sent(world, plain, headers=seller) == [("unchanged", None)]


async def test_what_was_converted_stays_as_it_was(world: World) -> None:
    await sent(world, row(1))
    (one,) = (await world.service.get("/v1/leads")).json()["items"]
    await acted(world, one, "start")
    await acted(world, one, "qualify")
    answer = await world.service.post(f"/v1/leads/{one['id']}/convert", {"create_account": {}})
    assert answer.status_code == 200, answer.text
    assert await sent(world, row(1)) == [("unchanged", None)]
    assert await sent(world, row(1, campaign="other")) == [("problem", "lead-converted")]


async def test_batches_at_once_make_each_lead_once(world: World) -> None:
    rows = [row(number, email=f"{number}@quay.example") for number in range(30)]
    answers = await asyncio.gather(*(sent(world, *(rows[::-1] if turn % 2 else rows)) for turn in range(4)))
    statuses = [status for answer in answers for status, _ in answer]
    assert sorted(set(statuses)) == ["created", "unchanged"]
    assert statuses.count("created") == 30
    (count,) = await world.service.rows("SELECT count(*) AS n, (SELECT count(*) FROM data_key) AS k FROM lead")
    assert (count["n"], count["k"]) == (30, 30)
