"""Promotions of a filled system, and how operations on them succeed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import httpx

from tests.e2e.ways import How, acted, changed, filled
from tests.e2e.world import World

PATH = "/v1/promotions/{promotion_id}"


def group(world: World) -> str:
    """A group of its own."""
    made: str = world.make("/v1/promotion-groups", _coded(world, "POST /v1/promotion-groups"))["id"]
    return made


def body(world: World) -> dict[str, Any]:
    """The example, in a group that is there, for a product of its own, in days that no worker takes for over."""
    sku = f"S-{uuid4().hex[:12]}"
    world.make("/v1/products", {"sku": sku, "name": sku, "product_line": "promoted"})
    days = {"windows": [{"starts_on": "2026-02-01", "ends_on": "2199-12-31"}]}
    return _coded(world, "POST /v1/promotions") | {"group_id": group(world), "products": {"skus": [sku]}} | days


def _coded(world: World, key: str) -> dict[str, Any]:
    return world.example(key) | {"code": f"S-{uuid4().hex}"}


def promotion(world: World, *verbs: str) -> str:
    """A draft of a channel manager, on its way."""
    made: str = world.make("/v1/promotions", body(world), by="channel-manager")["id"]
    for verb in verbs:
        world.make(f"/v1/promotions/{made}/{verb}")
    return made


def with_coupon(world: World) -> str:
    """A draft that needs a coupon."""
    made: str = world.make("/v1/promotions", body(world) | {"needs_coupon": True})["id"]
    return made


def generated(world: World) -> httpx.Response:
    path = f"{filled(PATH, with_coupon(world))}/coupons/generate"
    return world.send("POST", path, world.example(f"POST {PATH}/coupons/generate"))


def after(*verbs: str) -> Callable[[World], str]:
    """A promotion that has come so far."""
    return lambda world: promotion(world, *verbs)


def replaced(world: World) -> httpx.Response:
    path = filled(PATH, promotion(world))
    return world.send("PUT", path, body(world), headers=world.etag(path))


PROMOTION_CALLS: dict[str, How] = {
    "POST /v1/promotion-groups": lambda world: world.send(
        "POST", "/v1/promotion-groups", _coded(world, "POST /v1/promotion-groups")
    ),
    "PATCH /v1/promotion-groups/{group_id}": changed("PATCH", "/v1/promotion-groups/{group_id}", group),
    "POST /v1/promotions": lambda world: world.send("POST", "/v1/promotions", body(world)),
    f"PUT {PATH}": replaced,
    f"PATCH {PATH}": changed("PATCH", PATH, promotion),
    f"POST {PATH}/approve": acted(f"{PATH}/approve", promotion),
    f"POST {PATH}/pause": acted(f"{PATH}/pause", after("approve")),
    f"POST {PATH}/resume": acted(f"{PATH}/resume", after("approve", "pause")),
    f"POST {PATH}/coupons/generate": generated,
    f"POST {PATH}/end": acted(f"{PATH}/end", after("approve")),
}
