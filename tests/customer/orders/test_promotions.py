"""Promotions, points and contracts of orders."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from kit.events.envelope import Event
from kit.ids import derived_id
from kit.money import convert
from kit.testing.service import codes, make_event
from services.channels.events_out.promotions import PromotionActivated
from services.customer.orders.rules import (
    MAX_PROMOTED,
    PromotionsInvalid,
    TooManyPromoted,
    check_promoted,
    promoted_base,
)
from tests.customer.conftest import World, reserved
from tests.customer.orders.test_quoted import quoted
from tests.customer.orders.test_terms import said, states

SPRING, SUMMER, CONTRACT = (derived_id("promotion", 1), derived_id("promotion", 2), str(derived_id("contract", 1)))


def promotion(promotion_id: UUID, version: int = 1) -> Event:
    payload = {**PromotionActivated.EXAMPLE, "id": promotion_id, "version": version}
    return make_event("channels.promotion.activated.v1", payload, promotion_id)


def part(promotion_id: UUID, line_no: int, discount: int) -> dict[str, Any]:
    return {"promotion_id": str(promotion_id), "line_no": line_no, "discount": discount}


LINES: list[dict[str, Any]] = [
    {"sku": "CD-ROCK", "quantity": 3, "unit_price": 1000, "discount": 500},
    {"sku": "CD-JAZZ", "quantity": 2, "unit_price": 777, "discount": 300},
]
PARTS = [part(SPRING, 1, 333), part(SUMMER, 1, 167), part(SPRING, 2, 100)]


@pytest.fixture
async def season(world: World) -> World:
    """Two promotions have begun."""
    await world.service.deliver(promotion(SPRING), promotion(SUMMER))
    assert await world.service.parked() == []
    return world


@pytest.mark.parametrize(
    ("parts", "pointer"),
    [
        ([(SPRING, 3, 1)], "/promotions/0/line_no"),
        ([(SPRING, 1, 1), (SPRING, 1, 2)], "/promotions/1/promotion_id"),
        ([(SPRING, 1, 6), (SUMMER, 1, 5)], "/promotions/1/discount"),
    ],
)
def test_promotions_fit_the_lines(parts: list[tuple[UUID, int, int]], pointer: str) -> None:
    with pytest.raises(PromotionsInvalid) as refused:
        check_promoted(parts, {1: 10, 2: 0})
    assert [one.pointer for one in refused.value.errors] == [pointer]


def test_an_order_has_so_many_pairs_at_most() -> None:
    parts = [(SPRING, number, 1) for number in range(1, MAX_PROMOTED + 1)]
    check_promoted(parts, dict.fromkeys(range(1, MAX_PROMOTED + 1), 2))
    with pytest.raises(TooManyPromoted):
        check_promoted([*parts, (SUMMER, 1, 1)], dict.fromkeys(range(1, MAX_PROMOTED + 1), 2))


@pytest.mark.parametrize("rate", ["0.137", "0.0013", "7"])
def test_a_promotion_is_converted_once_and_spread(rate: str) -> None:
    parts = [(SPRING, 1, 333), (SUMMER, 1, 167), (SPRING, 2, 100), (SPRING, 3, 0)]
    found = promoted_base(parts, "CNY", rate, "USD", "order")
    by = {one: [a for (of, _no, _d), a in zip(parts, found, strict=True) if of == one] for one in (SPRING, SUMMER)}
    assert sum(by[SPRING]) == convert(433, "CNY", rate, "USD")
    assert by[SUMMER] == [convert(167, "CNY", rate, "USD")]
    for (_of, _no, discount), amount in zip(parts, found, strict=True):
        assert abs(amount - discount * float(rate)) < 1.5
    assert promoted_base(parts[:1], "USD", "1", "USD", "order") == [333]


async def test_an_order_says_promotions_points_and_contract(season: World) -> None:
    order = await season.placed(lines=LINES, promotions=PARTS, points=40, contract_id=CONTRACT)
    assert (order["points"], order["contract_id"]) == (40, CONTRACT)
    assert states(order) == dict.fromkeys(("credit", "terms"), "pending")
    assert [{name: one[name] for name in PARTS[0]} for one in order["promotions"]] == PARTS
    (event,) = await season.service.published("customer.order.placed.v1")
    assert event.payload["checks"] == ["credit", "terms"]
    assert (event.payload["points"], event.payload["contract_id"]) == (40, CONTRACT)
    assert event.payload["promotions"] == order["promotions"]
    amounts = [one["discount_base"] for one in order["promotions"]]
    assert (amounts[0] + amounts[2], amounts[1]) == (59, 23)  # 433 and 167 at 0.137
    (found,) = (await season.service.get(f"/v1/orders?contract_id={CONTRACT}&points[gte]=40")).json()["items"]
    assert found["id"] == order["id"]


@pytest.mark.parametrize("named", [{"promotions": PARTS}, {"points": 1}])
async def test_without_a_quote_channels_refuses_what_it_did_not_offer(season: World, named: dict[str, Any]) -> None:
    order = await season.placed(lines=LINES, **named)
    await season.service.deliver(reserved(order), said(order, "refused", reason="quote-unknown", detail=None))
    held = await season.order(order["id"])
    assert (held["state"], states(held)) == ("on_hold", {"credit": "passed", "terms": "refused"})
    taken: dict[str, Any] = {name: [] if name == "promotions" else None for name in named}
    again = await season.service.patch(f"/v1/orders/{order['id']}", taken, held["version"])
    assert (again.json()["state"], states(again.json())) == ("placed", {"credit": "pending"}), again.text
    await season.service.deliver(reserved(again.json()))
    assert (await season.order(order["id"]))["state"] == "confirmed"


async def test_a_contract_alone_asks_for_no_terms(season: World) -> None:
    order = await season.confirmed(contract_id=CONTRACT, points=0)
    assert order["state"] == "confirmed"
    (event,) = await season.service.published("customer.order.confirmed.v1")
    assert (event.payload["contract_id"], event.payload["promotions"]) == (CONTRACT, [])
    body = {"return_date": "2026-02-20", "lines": [{"line_no": 1, "quantity": 3}]}
    assert (await season.service.post(f"/v1/orders/{order['id']}/returns", body)).status_code == 201
    (event,) = await season.service.published("customer.order.returned.v1")
    assert event.payload["contract_id"] == CONTRACT


async def test_what_promotions_an_order_may_name(season: World) -> None:
    account = await season.account()
    unknown = derived_id("promotion", 3)
    cases: tuple[tuple[list[dict[str, Any]], str, str], ...] = (
        ([part(unknown, 1, 1)], "unknown-reference", "/promotions/0/promotion_id"),
        ([part(SPRING, 1, 501)], "order-promotions-invalid", "/promotions/0/discount"),
        ([part(SPRING, 1, -1)], "invalid", "/promotions/0/discount"),
        ([part(SPRING, 0, 1)], "invalid", "/promotions/0/line_no"),
        ([part(derived_id("p", n), 1, 0) for n in range(MAX_PROMOTED + 1)], "too-many-parts", "/promotions"),
    )
    for parts, code, pointer in cases:
        answer = await season.service.post("/v1/orders", season.order_body(account, lines=LINES, promotions=parts))
        assert (answer.status_code, answer.json()["code"], codes(answer.json())) == (422, code, [pointer]), answer.text
    for field, value in (("points", -1), ("points", 10**18), ("contract_id", "C-1")):
        answer = await season.service.post("/v1/orders", season.order_body(account, **{field: value}))
        assert (answer.status_code, codes(answer.json())) == (422, [f"/{field}"]), answer.text


async def test_promotions_stay_where_a_change_does_not_name_them_and_fit(season: World) -> None:
    draft = await season.draft(lines=LINES, promotions=PARTS, points=3)
    path = f"/v1/orders/{draft['id']}"
    same = await season.service.patch(path, {"promotions": PARTS, "points": 3}, draft["version"])
    assert same.json()["version"] == draft["version"]
    kept = await season.service.patch(path, {"payment_terms_days": 7}, draft["version"])
    assert (kept.json()["promotions"], kept.json()["points"]) == (draft["promotions"], 3)
    fewer = await season.service.patch(path, {"lines": LINES[:1]}, draft["version"] + 1)
    assert (fewer.status_code, codes(fewer.json())) == (422, ["/promotions/2/line_no"])
    both = await season.service.patch(path, {"lines": LINES[:1], "promotions": PARTS[:1]}, draft["version"] + 1)
    assert [one["discount"] for one in both.json()["promotions"]] == [333], both.text


async def test_a_row_keeps_what_it_does_not_name(season: World) -> None:
    account = await season.account()
    row = {**season.order_body(account, lines=LINES), "external_id": {"source": "shop", "id": "O-1"}}
    named = {"promotions": PARTS, "points": 3, "contract_id": CONTRACT}
    for body, status in ((row | named, "created"), (row | named, "unchanged"), (row, "updated")):
        answer = await season.service.post("/v1/orders/batch", {"rows": [body]})
        (result,) = answer.json()["results"]
        assert result["status"] == status, answer.text
    order = await season.order(result["id"])
    assert (order["points"], order["contract_id"], len(order["promotions"])) == (3, CONTRACT, 3)
    answer = await season.service.post("/v1/orders/batch", {"rows": [row | {"promotions": [], "points": None}]})
    order = await season.order(answer.json()["results"][0]["id"])
    assert (order["points"], order["promotions"], order["contract_id"]) == (None, [], CONTRACT)


async def test_a_quote_brings_its_promotions_and_points(world: World) -> None:
    account = await world.account()
    line = {"line_no": 1, "sku": "CD-ROCK", "quantity": 3, "unit_price": 900, "discount": 7, "net": 2693}
    of = [{"promotion_id": SPRING, "discount": 5}]
    quote = await quoted(world, account, lines=[{**line, "list_price": 1000, "promotions": of}], points=20)
    order = (await world.service.post("/v1/orders", {"quote_id": quote})).json()
    assert order["points"] == 20, order
    assert order["promotions"] == [{**part(SPRING, 1, 5), "discount_base": 0}]
    lines = [{"sku": "CD-ROCK", "quantity": 3, "unit_price": 900}]
    other = (await world.service.post("/v1/orders", {"quote_id": quote, "lines": lines})).json()
    assert (other["points"], other["promotions"]) == (None, [])
