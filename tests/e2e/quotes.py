"""Quotes and standing approvals of a filled system, and how operations on them succeed."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import httpx

from tests.e2e.orders import held_terms
from tests.e2e.ways import How, acted, filled
from tests.e2e.world import World

PATH = "/v1/quotes/{quote_id}"
RESERVATION = "/v1/terms-reservations/{terms_reservation_id}"
GRANT = "/v1/price-approvals/{approval_id}"


def priced(world: World) -> str:
    """A product with a price of its own."""
    sku = f"S-{uuid4().hex[:12]}"
    world.make("/v1/products", {"sku": sku, "name": sku, "product_line": "scripted"})
    book = {"code": sku, "name": sku, "currency": "USD", "valid_from": "2020-01-01"}
    path = f"/v1/price-books/{world.make('/v1/price-books', book)['id']}"
    entry = {"code": sku, "sku": sku, "method": "fixed", "breaks": [{"min_quantity": 1, "unit_price": 10_000}]}
    world.send("PUT", f"{path}/entries", {"entries": [entry]}, headers=world.etag(path)).raise_for_status()
    world.make(f"{path}/publish")
    return sku


def body(world: World, key: str, **changes: Any) -> dict[str, Any]:
    """The example, for a product that has a price."""
    sku, example = priced(world), world.example(key)
    return {**example, "lines": [{**line, "sku": sku} for line in example["lines"]], **changes}


def quote(world: World, **changes: Any) -> str:
    made: str = world.make("/v1/quotes", body(world, "POST /v1/quotes", **changes))["id"]
    return made


def waiting(world: World) -> str:
    """A quote of the director, which the administrator may approve."""
    sent = body(world, "POST /v1/quotes")
    sent["lines"] = [{**sent["lines"][0], "manual_discount": 9_000 * sent["lines"][0]["quantity"]}]
    made: str = world.make("/v1/quotes", sent, by="director")["id"]
    return made


def replaced(world: World) -> httpx.Response:
    path = filled(PATH, quote(world))
    return world.send("PUT", path, body(world, f"PUT {PATH}"), headers=world.etag(path))


def grant(world: World) -> str:
    made: str = world.make("/v1/price-approvals", grant_body(world))["id"]
    return made


def grant_body(world: World) -> dict[str, Any]:
    return world.example("POST /v1/price-approvals") | {"sku": world.ids["sku"][0]}


QUOTE_CALLS: dict[str, How] = {
    "POST /v1/quotes": lambda world: world.send("POST", "/v1/quotes", body(world, "POST /v1/quotes")),
    "POST /v1/quotes/preview": lambda world: world.send(
        "POST", "/v1/quotes/preview", body(world, "POST /v1/quotes/preview")
    ),
    f"PUT {PATH}": replaced,
    f"POST {PATH}/approve": acted(f"{PATH}/approve", waiting),
    f"POST {PATH}/reject": acted(f"{PATH}/reject", waiting),
    f"POST {PATH}/withdraw": acted(f"{PATH}/withdraw", quote),
    f"POST {RESERVATION}/release": acted(f"{RESERVATION}/release", held_terms),
    "POST /v1/price-approvals": lambda world: world.send("POST", "/v1/price-approvals", grant_body(world)),
    f"POST {GRANT}/withdraw": acted(f"{GRANT}/withdraw", grant),
}
