"""How operations on accounts that may be one customer succeed."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from tests.e2e.ways import How, acted, created
from tests.e2e.world import World

PATH = "/v1/duplicate-candidates"
_DISMISS = PATH + "/{candidate_id}/dismiss"


def pair(world: World, **fields: Any) -> str:
    """Two accounts of one name, which a worker has paired up."""
    body = {"kind": "organization", "name": f"Twin {uuid4().hex}", **fields}
    headers = {"X-Skip-Duplicate-Check": "true"}
    made = [world.make("/v1/accounts", body, headers=headers)["id"] for _ in range(2)]
    found: str = world.until(lambda: world.get(PATH, account_id=made[0])["items"])[0]["id"]
    return found


def two(world: World, **fields: Any) -> list[str]:
    """Two accounts that may be merged."""
    body = {"kind": "organization", "name": f"Twin {uuid4().hex}", **fields}
    headers = {"X-Skip-Duplicate-Check": "true"}
    return [world.make("/v1/accounts", body, headers=headers)["id"] for _ in range(2)]


def merged(world: World, **fields: Any) -> str:
    """Two accounts, one of them merged into the other."""
    survivor, other = two(world, **fields)
    found: str = world.make(f"/v1/accounts/{survivor}/merge", {"merged_id": other})["merge_id"]
    return found


def _merge(world: World) -> Any:
    survivor, other = two(world)
    body = {**world.example("POST /v1/accounts/{account_id}/merge"), "merged_id": other}
    return world.send("POST", f"/v1/accounts/{survivor}/merge", body)


def _unmerge(world: World) -> Any:
    body = {"dry_run": False}
    return world.send("POST", f"/v1/merges/{merged(world)}/unmerge", body)


IDENTITY_CALLS: dict[str, How] = {
    "POST /v1/accounts/duplicates": created("/v1/accounts/duplicates"),
    "POST /v1/duplicate-scans": lambda world: world.send("POST", "/v1/duplicate-scans"),
    "POST /v1/accounts/{account_id}/merge": _merge,
    "POST /v1/merges/{merge_id}/unmerge": _unmerge,
    f"POST {_DISMISS}": acted(_DISMISS, pair),
}
