"""Batches of opportunities: by external id, each row for itself, once."""

from __future__ import annotations

import asyncio
from typing import Any

from tests.customer.conftest import World
from tests.customer.opportunities.conftest import acted, history, told


def row(number: int, account: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """A row of 10,000 yuan."""
    return {
        "external_id": {"source": "crm", "id": f"D-{number}"},
        "account_id": account["id"],
        "name": f"Deal {number}",
        "amount": 1000000,
        "currency": "CNY",
        **fields,
    }


async def sent(world: World, *rows: dict[str, Any], **options: Any) -> dict[str, Any]:
    answer = await world.service.post("/v1/opportunities/batch", {"rows": list(rows)}, **options)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def states(answer: dict[str, Any]) -> list[str]:
    return [one["problem"]["code"] if one["problem"] else one["status"] for one in answer["results"]]


async def test_the_same_rows_again_change_nothing(world: World) -> None:
    account = await world.account(external_ids={"erp": "C-1"})
    ref = {"source": "erp", "id": "C-1"}
    rows = [
        row(1, account, opened_at="2026-02-01T01:00:00Z", probability=150000, competitors=["a", "a"]),
        {**row(2, account, stage="solution"), "account_ref": ref},
    ]
    del rows[1]["account_id"]
    first = await sent(world, *rows)
    assert states(first) == ["created", "created"]
    assert states(await sent(world, *rows)) == ["unchanged", "unchanged"]
    assert [kind for kind, _ in await told(world)] == ["opened", "opened"]
    items = (await world.service.get("/v1/opportunities?sort=name")).json()["items"]
    assert [(one["opened_on"], one["stage"], one["probability"], one["competitors"]) for one in items] == [
        ("2026-02-01", "research", 150000, ["a"]),
        (items[1]["opened_on"], "solution", 400000, []),
    ]
    assert [len(await history(world, one)) for one in items] == [1, 1]


async def test_a_broken_row_stops_nothing(world: World) -> None:
    account = await world.account()
    made = await sent(
        world,
        row(1, account),
        {**row(2, account), "amount": -1},
        row(3, account, stage="none"),
        row(4, account, currency="EUR"),
        row(1, account),
        row(5, account, contact_id="018f2a64-0000-7000-8000-0000000000a1"),
        row(6, account),
    )
    assert states(made) == [
        "created", "invalid", "unknown-reference", "no-exchange-rate", "row-repeated", "unknown-reference", "created",
    ]  # fmt: skip
    pointers = [one["problem"]["errors"][0]["pointer"] for one in made["results"] if one["problem"]]
    assert pointers == [
        "/rows/1/amount", "/rows/2/stage", "/rows/3/currency", "/rows/4/external_id", "/rows/5/contact_id",
    ]  # fmt: skip
    assert (made["created"], made["problems"]) == (2, 5)


async def test_another_stage_is_a_move_and_what_is_closed_keeps_what_closed_it(world: World) -> None:
    account, other = await world.account(), await world.account(name="Elsewhere")
    (result,) = (await sent(world, row(1, account, probability=150000)))["results"]
    moved = await sent(world, row(1, account, stage="negotiation", name="Other"))
    assert states(moved) == ["updated"]
    one = (await world.service.get(f"/v1/opportunities/{result['id']}")).json()
    assert (one["stage"], one["probability"], one["name"], one["weighted_base"]) == (
        "negotiation", 700000, "Other", 95900,
    )  # fmt: skip
    assert [step["to_stage"] for step in await history(world, one)] == ["research", "negotiation"]
    won = await acted(world, one, "win")
    again = row(1, account, stage="negotiation", name="Third", probability=150000, forecast_category="commit")
    assert states(await sent(world, again)) == ["updated"]
    after = (await world.service.get(f"/v1/opportunities/{result['id']}")).json()
    kept = ("state", "probability", "closed_at", "forecast_category", "weighted_base")
    assert {name: after[name] for name in kept} == {name: won[name] for name in kept}
    assert after["name"] == "Third"
    assert states(await sent(world, row(1, account, stage="order"))) == ["opportunity-state"]
    assert states(await sent(world, row(1, other))) == ["conflict"]
    assert [kind for kind, _ in await told(world)] == ["opened", "stage_changed", "won", "updated"]


async def test_what_others_have_is_taken(world: World) -> None:
    account = await world.account()
    await sent(world, row(1, account))
    answer = await sent(world, row(1, account), headers=world.service.headers("rep-3", "sales_rep"))
    assert states(answer) == ["opportunity-external-id-taken"]
    assert "conflicting_id" not in answer["results"][0]["problem"]


async def test_two_batches_at_once_make_each_once(world: World) -> None:
    account = await world.account()
    rows = [row(number, account) for number in range(20)]
    answers = await asyncio.gather(sent(world, *rows), sent(world, *reversed(rows)))
    assert sorted(answer["created"] for answer in answers) == [0, 20]
    assert sorted(answer["unchanged"] for answer in answers) == [0, 20]
    assert len(await told(world)) == 20
