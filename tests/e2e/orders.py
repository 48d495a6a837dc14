"""Orders and payments in the state that an operation needs, and the calls of their examples."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import httpx

from tests.e2e.ways import account
from tests.e2e.world import World


def orderable(world: World) -> str:
    """A product that nothing else takes from sale, and that customer knows."""
    if "orderable" not in world.ids:
        sku = f"S-{uuid4().hex[:12]}"
        world.make("/v1/products", {"sku": sku, "name": sku, "product_line": "ordered"})
        world.until(lambda: world.query("customer", (f"SELECT FROM product_directory WHERE sku = '{sku}'",)))
        world.ids["orderable"] = [sku]
    found: str = world.ids["orderable"][0]
    return found


def order_body(world: World, of: str, price: int = 1000) -> dict[str, Any]:
    """An order of two pieces."""
    lines = [{"sku": orderable(world), "quantity": 2, "unit_price": price}]
    return {"account_id": of, "currency": "USD", "lines": lines}


def draft(world: World) -> str:
    made: str = world.make("/v1/orders", order_body(world, account(world)))["id"]
    return made


def placed(world: World, order: str, state: str) -> str:
    """The order, placed and answered."""
    world.make(f"/v1/orders/{order}/place")
    world.until(lambda: world.get(f"/v1/orders/{order}")["state"] == state)
    return order


def confirmed(world: World) -> str:
    return placed(world, draft(world), "confirmed")


def held(world: World) -> str:
    of = account(world)
    path = f"/v1/credit-profiles/{of}"
    assert world.send("PATCH", path, {"credit_limit": 0, "reason": "none"}, headers=world.etag(path)).is_success
    return placed(world, world.make("/v1/orders", order_body(world, of))["id"], "on_hold")


def held_terms(world: World) -> str:
    """What an order has reserved of its terms that is on hold for its credit."""
    of = account(world)
    path = f"/v1/credit-profiles/{of}"
    world.until(lambda: world.send("GET", path).is_success)
    assert world.send("PATCH", path, {"credit_limit": 0, "reason": "none"}, headers=world.etag(path)).is_success
    order = world.from_quote(of)
    found = world.reservation(order)
    world.until(lambda: world.get(f"/v1/orders/{order}")["state"] == "on_hold")
    world.until(lambda: world.query("channels", (f"SELECT FROM terms_hold WHERE order_id = '{order}'",)))
    return found


def payment(world: World) -> tuple[str, str]:
    """(payment, order) with 500 allocated."""
    order = confirmed(world)
    body = {
        "account_id": world.get(f"/v1/orders/{order}")["account_id"],
        "currency": "USD",
        "amount": 500,
        "method": "cash",
        "allocations": [{"order_id": order, "amount": 500}],
    }
    return world.make("/v1/payments", body)["id"], order


def paid_up(world: World) -> str:
    """A delivered order that is paid."""
    order = confirmed(world)
    found = world.get(f"/v1/orders/{order}")
    part = {"order_id": order, "amount": found["gross"]}
    body = {"account_id": found["account_id"], "currency": "USD", "amount": found["gross"], "method": "cash"}
    world.make("/v1/payments", body | {"allocations": [part]})
    world.make(f"/v1/orders/{order}/fulfil")
    return order


def pay_example(world: World) -> httpx.Response:
    order = confirmed(world)
    of = world.get(f"/v1/orders/{order}")["account_id"]
    body = world.example("POST /v1/payments") | {"account_id": of, "currency": "USD"}
    body["allocations"][0]["order_id"] = order
    return world.send("POST", "/v1/payments", body)


def refund_example(world: World) -> httpx.Response:
    made, order = payment(world)
    body = world.example("POST /v1/payments/{payment_id}/refunds")
    body["allocations"][0]["order_id"] = order
    return world.send("POST", f"/v1/payments/{made}/refunds", body)


def on_account(world: World) -> tuple[str, str]:
    """(payment, confirmed order) of an account, nothing allocated."""
    order = confirmed(world)
    of = world.get(f"/v1/orders/{order}")["account_id"]
    body = {"account_id": of, "currency": "USD", "amount": 900, "method": "cash"}
    return world.make("/v1/payments", body)["id"], order


def allocate_example(world: World) -> httpx.Response:
    made, order = on_account(world)
    body = world.example("POST /v1/payments/{payment_id}/allocations")
    body["allocations"][0]["order_id"] = order
    return world.send("POST", f"/v1/payments/{made}/allocations", body)


def release(world: World) -> httpx.Response:
    body = world.example("POST /v1/credit-decisions") | {"order_id": held(world)}
    return world.send("POST", "/v1/credit-decisions", body, by="director")
