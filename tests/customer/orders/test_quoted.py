"""Orders that are made from a quote alone."""

from __future__ import annotations

from typing import Any

from kit.testing.service import codes, make_event
from services.channels.events_out.quotes import QuoteIssued, QuoteWithdrawn
from tests.customer.conftest import PARTNER, World
from tests.customer.orders.test_costs import CHANNEL, channel


async def quoted(world: World, account: dict[str, Any], *, version: int = 1, **fields: Any) -> str:
    """The id of a quote of two lines to an account."""
    line = {"line_no": 1, "sku": "CD-ROCK", "quantity": 3, "unit_price": 900, "discount": 7, "net": 2693}
    gift = {"line_no": 2, "sku": "CD-JAZZ", "quantity": 1, "unit_price": 500, "discount": 500, "net": 0}
    lines = [{**one, "list_price": 1000, "promotions": []} for one in (line, gift)]
    said = {
        **QuoteIssued.EXAMPLE,
        **{"account_id": account["id"], "partner_id": PARTNER, "channel_id": CHANNEL, "payment_terms_days": 14},
        **{"lines": lines, "version": version},
        **fields,
    }
    await world.service.deliver(channel(CHANNEL), make_event("channels.quote.issued.v1", said, PARTNER))
    assert await world.service.parked() == []
    return str(said["id"])


async def test_a_quote_is_copied(world: World) -> None:
    account = await world.account()
    quote = await quoted(world, account)
    answer = await world.service.post("/v1/orders", {"quote_id": quote, "place": True})
    assert answer.status_code == 201, answer.text
    order = answer.json()
    assert (order["state"], order["account_id"], order["quote_id"]) == ("placed", account["id"], quote)
    assert (order["currency"], order["partner_id"], order["channel_id"]) == ("CNY", str(PARTNER), str(CHANNEL))
    assert (order["payment_terms_days"], order["net"], order["tax"]) == (14, 2693, 0)
    assert [(one["sku"], one["quantity"], one["unit_price"], one["discount"]) for one in order["lines"]] == [
        ("CD-ROCK", 3, 900, 7),
        ("CD-JAZZ", 1, 500, 500),
    ]
    (event,) = await world.service.published("customer.order.placed.v1")
    assert event.payload["checks"] == ["credit", "terms"]


async def test_what_a_body_says_itself_counts(world: World) -> None:
    account = await world.account()
    quote = await quoted(world, account)
    lines = [{"sku": "CD-ROCK", "quantity": 1, "unit_price": 900, "tax_rate": 130000}]
    for body in ({"lines": lines}, {"payment_terms_days": 7}, {"account_id": account["id"]}, {"partner_id": None}):
        answer = await world.service.post("/v1/orders", {"quote_id": quote, **body})
        assert answer.status_code == 201, answer.text
        for name in body.keys() - {"lines"}:
            assert answer.json()[name] == body[name]
        assert len(answer.json()["lines"]) == (1 if "lines" in body else 2)


async def test_the_latest_version_counts(world: World) -> None:
    account = await world.account()
    quote = await quoted(world, account, version=2, payment_terms_days=20)
    await quoted(world, account, version=1, payment_terms_days=10)
    withdrawn = {**QuoteWithdrawn.EXAMPLE, "account_id": account["id"], "version": 1, "lines": []}
    await world.service.deliver(make_event("channels.quote.withdrawn.v1", withdrawn, PARTNER))
    order = (await world.service.post("/v1/orders", {"quote_id": quote})).json()
    assert order["payment_terms_days"] == 20


async def test_what_is_no_order(world: World) -> None:
    account = await world.account()
    quote = await quoted(world, account)
    lines = [{"sku": "CD-ROCK", "quantity": 1, "unit_price": 900}]
    rep = world.service.headers("rep-3", "sales_rep")
    cases: tuple[tuple[dict[str, Any], dict[str, str] | None, list[str]], ...] = (
        ({"quote_id": account["id"]}, None, ["/quote_id"]),
        ({"quote_id": quote}, rep, ["/quote_id"]),
        ({"account_id": account["id"]}, None, ["/currency", "/lines"]),
        ({"account_id": account["id"], "currency": "CNY"}, None, ["/lines"]),
        ({"account_id": account["id"], "currency": "CNY", "lines": None}, None, ["/lines"]),
        ({"currency": "CNY", "lines": lines}, None, [""]),
    )
    for body, headers, pointers in cases:
        answer = await world.service.post("/v1/orders", body, headers=headers)
        assert (answer.status_code, codes(answer.json())) == (422, pointers), (body, answer.text)


def prices(order: dict[str, Any]) -> list[tuple[int | None, int | None]]:
    """What each line costs by the list, and its discount in base currency."""
    return [(line["list_price"], line["discount_base"]) for line in order["lines"]]


async def test_lines_tell_the_price_of_the_list_and_their_discount(world: World) -> None:
    account = await world.account()
    quote = await quoted(world, account)
    draft = (await world.service.post("/v1/orders", {"quote_id": quote})).json()
    assert prices(draft) == [(None, None)] * 2, "fixed at placement"
    placed = (await world.service.post(f"/v1/orders/{draft['id']}/place")).json()
    assert prices(placed) == [(1000, 1), (1000, 68)], "507 x 0.137 are 69 in all"
    (event,) = await world.service.published("customer.order.placed.v1")
    assert prices(event.payload) == prices(placed)
    swapped = [{"sku": sku, "quantity": 1, "unit_price": 900, "discount": 10} for sku in ("CD-JAZZ", "CD-ROCK")]
    other = (await world.service.post("/v1/orders", {"quote_id": quote, "lines": swapped, "place": True})).json()
    assert [price for price, _ in prices(other)] == [1000, 1000]
    free = (await world.placed(account))["lines"]
    assert [(line["list_price"], line["discount_base"]) for line in free] == [(None, 0), (None, 0)], "1 x 0.137"
    rate = {"currency": "EUR", "rate": "1.1", "valid_from": "2026-01-01"}
    assert (await world.service.post("/v1/exchange-rates", rate)).status_code == 201
    foreign = await world.placed(account, quote_id=quote, currency="EUR")
    assert prices(foreign) == [(None, 1), (None, 0)], "a price of another currency is none"
