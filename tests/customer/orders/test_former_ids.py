"""A cancelled order gives its external id back."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.customer.conftest import World

NAMED = {"external_id": {"source": "shop", "id": "1"}}


async def sent(world: World, *rows: dict[str, Any]) -> list[dict[str, Any]]:
    answer = await world.service.post("/v1/orders/batch", {"rows": rows})
    results: list[dict[str, Any]] = answer.json()["results"]
    return results


async def cancelled(world: World, order_id: str, *, by_release_before: bool = False) -> dict[str, Any]:
    answer = await world.service.post(f"/v1/orders/{order_id}/cancel", {"reason": "typo"})
    assert answer.status_code == 200, answer.text
    if by_release_before:
        async with world.service.transaction() as tx:
            await tx.execute(
                "UPDATE orders SET external_source = former_external_source, external_id = former_external_id, "
                "former_external_source = NULL, former_external_id = NULL WHERE id = $1",
                order_id,
            )
    return await world.order(order_id)


@pytest.mark.parametrize("by_release_before", [False, True])
async def test_a_row_is_the_cancelled_order_or_a_new_one(world: World, by_release_before: bool) -> None:
    row = world.order_body(await world.account(), **NAMED)
    (first,) = await sent(world, row)
    order = await cancelled(world, first["id"], by_release_before=by_release_before)
    if not by_release_before:
        assert (order["external_id"], order["former_external_source"], order["former_external_id"]) == (
            None,
            "shop",
            "1",
        )
    assert await sent(world, row) == [{**first, "status": "unchanged"}]
    assert await sent(world, {**row, "place": True}) == [{**first, "status": "unchanged"}]
    (broken,) = await sent(world, {**row, "payment_terms_days": 9, "total": 1})
    assert broken["status"] == "problem"
    other = {**row, "payment_terms_days": 9}
    (second,) = await sent(world, other)
    assert (second["status"], second["id"] != first["id"]) == ("created", True)
    assert await sent(world, other) == [{**second, "status": "unchanged"}]
    assert (await world.order(first["id"]))["former_external_id"] == "1"
    await cancelled(world, second["id"])
    assert [one["id"] for one in await sent(world, row, other)] == [first["id"], second["id"]]
    found = (await world.service.get("/v1/orders?former_external_id=1")).json()["items"]
    assert {one["id"] for one in found} == {first["id"], second["id"]}


@pytest.mark.parametrize("by_release_before", [False, True])
async def test_an_order_is_created_under_the_id_again(world: World, by_release_before: bool) -> None:
    body = world.order_body(await world.account(), **NAMED)
    first = (await world.service.post("/v1/orders", body)).json()
    await cancelled(world, first["id"], by_release_before=by_release_before)
    answer = await world.service.post("/v1/orders", body)
    assert (answer.status_code, answer.json()["external_id"]) == (201, "1")
    answer = await world.service.post("/v1/orders", body)
    assert (answer.status_code, answer.json()["code"]) == (409, "order-external-id-taken")


async def test_what_somebody_else_cancelled_is_not_told(world: World) -> None:
    """Who does not see the cancelled order learns nothing of it, and has the id."""
    body = world.order_body(await world.account(), **NAMED)
    (first,) = await sent(world, body)
    await cancelled(world, first["id"])
    async with world.service.transaction() as tx:
        await tx.execute("UPDATE account SET owner_id = NULL")
    mine = await world.account()
    answer = await world.service.post(
        "/v1/orders/batch",
        {"rows": [{**body, "account_id": mine["id"]}]},
        headers=world.service.headers("manager-north", "sales_manager"),
    )
    (result,) = answer.json()["results"]
    assert (result["status"], result["id"] != first["id"]) == ("created", True), answer.text


async def test_a_cancellation_and_rows_at_once(world: World) -> None:
    account = await world.account()
    for number in range(5):
        row = world.order_body(account, external_id={"source": "shop", "id": f"r{number}"})
        (first,) = await sent(world, row)
        changed = {**row, "payment_terms_days": 9}
        _answer, *results = await asyncio.gather(
            world.service.post(f"/v1/orders/{first['id']}/cancel", {"reason": "typo"}),
            *(sent(world, changed) for _ in range(3)),
        )
        assert {result["status"] for (result,) in results} <= {"created", "updated", "unchanged"}
        live = await world.service.rows(
            "SELECT id FROM orders WHERE external_id = $1 OR former_external_id = $1", f"r{number}"
        )
        assert len(live) <= 2
        assert (await world.order(first["id"]))["state"] == "cancelled"
