"""Returns: amounts telescope, nothing comes back twice."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from kit.testing.service import codes
from tests.customer.conftest import World


def _lines(*pairs: tuple[int, int]) -> dict[str, Any]:
    return {"lines": [{"line_no": number, "quantity": quantity} for number, quantity in pairs]}


async def test_returns_in_pieces_sum_to_the_order(world: World) -> None:
    order = await world.confirmed()
    path = f"/v1/orders/{order['id']}/returns"
    first = await world.service.post(path, _lines((1, 1)))
    assert first.status_code == 201, first.text
    for lines in (_lines((1, 1), (2, 1)), _lines((2, 1)), _lines((1, 1))):
        assert (await world.service.post(path, lines)).status_code == 201
    events = await world.service.published("customer.order.returned.v1")
    for name in ("net", "tax", "gross", "net_base", "tax_base", "gross_base"):
        assert sum(event.payload[f"return_{name}"] for event in events) == -order[name]
    last = events[-1].payload
    assert [line["returned"] for line in last["lines"]] == [3, 2]
    assert last["returned_lines"][0]["returned_net_base_after"] == order["lines"][0]["net_base"]
    assert [event.sequence for event in events] == [4, 5, 6, 7]
    listed = (await world.service.get(path)).json()["items"]
    assert [item["id"] for item in listed] == [event.payload["return_id"] for event in events]
    assert listed[0] == first.json()
    answer = await world.service.post(path, _lines((1, 1)))
    assert (answer.status_code, answer.json()["code"]) == (409, "return-exceeds-ordered")


async def test_returns_at_once_never_exceed_the_order(world: World) -> None:
    order = await world.confirmed()
    path = f"/v1/orders/{order['id']}/returns"
    answers = await asyncio.gather(*[world.service.post(path, _lines((1, 2))) for _ in range(4)])
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]
    assert (await world.order(order["id"]))["lines"][0]["returned"] == 2


@pytest.mark.parametrize(
    ("body", "status", "pointer"),
    [
        (_lines((3, 1)), 422, "/lines/0/line_no"),
        (_lines((1, 1), (1, 1)), 422, "/lines/1/line_no"),
        (_lines((1, 4)), 409, "/lines/0/quantity"),
        (_lines((1, 0)), 422, "/lines"),
        (_lines((1, -1)), 422, "/lines/0/quantity"),
        ({"lines": []}, 422, "/lines"),
        ({**_lines((1, 1)), "return_date": "2026-01-01"}, 422, "/return_date"),
        ({**_lines((1, 1)), "return_date": "2199-01-01"}, 422, "/return_date"),
    ],
)
async def test_bad_returns(world: World, body: dict[str, Any], status: int, pointer: str) -> None:
    order = await world.confirmed()
    answer = await world.service.post(f"/v1/orders/{order['id']}/returns", body)
    assert (answer.status_code, codes(answer.json())) == (status, [pointer])
    assert await world.service.published("customer.order.returned.v1") == []


async def test_only_confirmed_orders_come_back(world: World) -> None:
    order = await world.placed()
    answer = await world.service.post(f"/v1/orders/{order['id']}/returns", _lines((1, 1)))
    assert (answer.status_code, answer.json()["code"]) == (409, "order-state")
    headers = world.service.headers("rep-3", "sales_rep")
    for method in ("POST", "GET"):
        body = _lines((1, 1)) if method == "POST" else None
        path = f"/v1/orders/{order['id']}/returns"
        assert (await world.service.request(method, path, body, headers=headers)).status_code == 404


async def test_batches_return_each_once(world: World) -> None:
    order = await world.confirmed(external_id={"source": "shop", "id": "1"})

    def row(number: int, line: int, quantity: int) -> dict[str, Any]:
        ref = {"source": "shop", "id": "1"}
        return {**_lines((line, quantity)), "order_ref": ref, "external_id": {"source": "shop", "id": f"r{number}"}}

    rows = [
        row(1, 1, 1),
        row(2, 1, 1),
        row(3, 1, 2),
        row(1, 1, 1),
        {**row(4, 2, 1), "order_ref": {"source": "x", "id": "y"}},
    ]
    bodies = await asyncio.gather(*[world.service.post("/v1/returns/batch", {"rows": rows}) for _ in range(3)])
    assert [body.status_code for body in bodies] == [200, 200, 200]
    assert sum(body.json()["created"] for body in bodies) == 2
    found = [(r["status"], (r["problem"] or {}).get("code")) for r in bodies[0].json()["results"]]
    assert found[2:] == [
        ("problem", "return-exceeds-ordered"),
        ("unchanged", None),
        ("problem", "unknown-reference"),
    ]
    changed = await world.service.post("/v1/returns/batch", {"rows": [row(1, 1, 2)]})
    assert changed.json()["results"][0]["problem"]["code"] == "return-external-id-taken"
    order = await world.order(order["id"])
    assert [line["returned"] for line in order["lines"]] == [2, 0]
    events = await world.service.published("customer.order.returned.v1")
    assert [event.payload["returned_lines"][0]["returned_before"] for event in events] == [0, 1]


async def test_a_line_may_be_named_with_no_piece(world: World) -> None:
    """It takes part with odd cents; alone it is a return of nothing."""
    order = await world.confirmed()
    path = f"/v1/orders/{order['id']}/returns"
    answer = await world.service.post(path, _lines((1, 1), (2, 0)))
    assert answer.status_code == 201, answer.text
    assert [(line["line_no"], line["quantity"]) for line in answer.json()["lines"]] == [(1, 1)]
    refused = await world.service.post(path, _lines((1, 0), (2, 0)))
    assert (refused.status_code, refused.json()["errors"][0]["code"]) == (422, "empty-return")
    assert len(await world.service.published("customer.order.returned.v1")) == 1


async def test_a_return_of_no_piece_takes_the_cents_that_an_earlier_release_kept(world: World) -> None:
    order = await world.confirmed()
    path = f"/v1/orders/{order['id']}/returns"
    first = (await world.service.post(path, _lines((1, 1)))).json()
    async with world.service.transaction() as tx:
        await tx.execute(
            "UPDATE order_return SET net = net + 1, gross = gross + 1, lines = (SELECT jsonb_agg("
            "l || jsonb_build_object('net', (l->>'net')::int + 1, 'gross', (l->>'gross')::int + 1)) "
            "FROM jsonb_array_elements(lines) l)"
        )
        await tx.execute("UPDATE orders SET returned = returned - 1")
    answer = await world.service.post(path, _lines((1, 0)))
    assert answer.status_code == 201, answer.text
    rest = answer.json()
    assert [(line["line_no"], line["quantity"], line["net"]) for line in rest["lines"]] == [(1, 0, -1)]
    assert (await world.order(order["id"]))["returned"] == -first["gross"]
