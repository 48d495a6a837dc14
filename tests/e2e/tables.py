"""How tables are made."""

from __future__ import annotations

from typing import Any

import httpx

from tests.e2e.ways import How
from tests.e2e.world import World


def sides(world: World, target_id: str) -> dict[str, str]:
    """Two decompositions of a target: its months, and types of customers."""
    path = f"/v1/targets/{target_id}/decompositions"
    rows = next((one for one in world.get(path)["items"] if one["dimension"] == "month"), None)
    rows = rows or world.make(path, {"dimension": "month"})
    types = {"dimension": "customer_type", "children": [{"key": "new"}, {"key": "existing"}]}
    return {"row_decomposition_id": rows["id"], "column_decomposition_id": world.make(path, types)["id"]}


def table(world: World, target_id: str) -> str:
    """A table of a target."""
    made: str = world.make(f"/v1/targets/{target_id}/tables", sides(world, target_id))["id"]
    return made


def tabulated(world: World) -> httpx.Response:
    """A table of a target of its own, with a seed and a constraint."""
    target = world.make("/v1/targets", world.example("POST /v1/targets"))["id"]
    cell: dict[str, Any] = {"row": "2026-01", "column": "new"}
    more = {"values": [cell | {"value": 5}], "cells": [cell | {"cap": 1_000_000}]}
    return world.send("POST", f"/v1/targets/{target}/tables", sides(world, target) | more)


TABLE_CALLS: dict[str, How] = {"POST /v1/targets/{target_id}/tables": tabulated}
