"""How operations on imports succeed."""

from __future__ import annotations

from uuid import uuid4

import httpx

from tests.e2e.ways import How, created
from tests.e2e.world import World


def an_import(world: World) -> str:
    """An import whose file is there."""
    made: str = world.make("/v1/imports", {"kind": "accounts"})["id"]
    _part(world, made).raise_for_status()
    return made


def _part(world: World, made: str) -> httpx.Response:
    content = f"编号,名称,省份\n{uuid4().hex[:12]},Imported,\n".encode()
    headers = {"Content-Type": "application/octet-stream"}
    return world.send("PUT", f"/v1/imports/{made}/parts/1", content=content, headers=headers)


def part_example(world: World) -> httpx.Response:
    return _part(world, world.make("/v1/imports", {"kind": "accounts"})["id"])


def started(world: World) -> str:
    made = an_import(world)
    world.make(f"/v1/imports/{made}/start", world.example("POST /v1/imports/{import_id}/start"))
    world.until(lambda: world.get(f"/v1/imports/{made}")["state"] == "succeeded")
    return made


IMPORT_CALLS: dict[str, How] = {
    "POST /v1/imports": created("/v1/imports"),
    "PUT /v1/imports/{import_id}/parts/{part_no}": part_example,
    "POST /v1/imports/{import_id}/start": lambda world: world.send(
        "POST", f"/v1/imports/{an_import(world)}/start", world.example("POST /v1/imports/{import_id}/start")
    ),
    "POST /v1/imports/{import_id}/cancel": lambda world: world.send("POST", f"/v1/imports/{an_import(world)}/cancel"),
    "POST /v1/imports/{import_id}/revert": lambda world: world.send("POST", f"/v1/imports/{started(world)}/revert"),
}
