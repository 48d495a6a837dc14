"""Imports in tests: a file is sent in parts, started, worked off."""

from __future__ import annotations

import csv
import io
from typing import Any

from services.customer.imports.rules import BOM
from tests.customer.conftest import World, work_off

PATH = "/v1/imports"
MANAGER_ROLE = ("manager-north", "sales_manager")


def text_of(*rows: list[str] | tuple[str, ...]) -> str:
    """Rows as CSV."""
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(rows)
    return out.getvalue()


async def sent(
    world: World, kind: str, data: str | bytes, *, piece: int = 1 << 20, headers: dict[str, str] | None = None
) -> dict[str, Any]:
    """An open import whose file is there."""
    service = world.service
    answer = await service.post(PATH, {"kind": kind}, headers=headers)
    assert answer.status_code == 201, answer.text
    run: dict[str, Any] = answer.json()
    content = data.encode() if isinstance(data, str) else data
    for number, at in enumerate(range(0, len(content), piece), 1):
        answer = await put(world, run, number, content[at : at + piece], headers=headers)
        assert answer.status_code == 200, answer.text
    assert answer.json()["file_size"] == len(content)
    return run


async def put(world: World, run: dict[str, Any], number: int, content: bytes, headers: Any = None) -> Any:
    given = {**(headers or world.service.headers()), "Content-Type": "application/octet-stream"}
    return await world.service.client.put(f"{PATH}/{run['id']}/parts/{number}", content=content, headers=given)


async def started(world: World, run: dict[str, Any], headers: dict[str, str] | None = None, **body: Any) -> Any:
    """The answer to a start."""
    return await world.service.post(f"{PATH}/{run['id']}/start", body, headers=headers)


async def shown(world: World, run: dict[str, Any]) -> dict[str, Any]:
    """The import as it stands."""
    answer = await world.service.get(f"{PATH}/{run['id']}")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def imported(
    world: World, kind: str, data: str | bytes, *, headers: dict[str, str] | None = None, **body: Any
) -> dict[str, Any]:
    """An import that a worker has worked off."""
    run = await sent(world, kind, data, headers=headers)
    answer = await started(world, run, headers, **body)
    assert answer.status_code == 200, answer.text
    await work_off(world.service)
    return await shown(world, run)


async def reverted(world: World, run: dict[str, Any]) -> dict[str, Any]:
    """An import that a worker has taken back."""
    answer = await world.service.post(f"{PATH}/{run['id']}/revert")
    assert answer.status_code == 200, answer.text
    assert answer.json()["state"] == "reverting"
    await work_off(world.service)
    return await shown(world, run)


async def rows_of(world: World, run: dict[str, Any], query: str = "limit=200") -> list[dict[str, Any]]:
    """What became of its rows."""
    answer = await world.service.get(f"{PATH}/{run['id']}/rows?{query}")
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["items"]
    return found


async def errors_of(world: World, run: dict[str, Any]) -> list[list[str]]:
    """Its file of errors."""
    answer = await world.service.get(f"{PATH}/{run['id']}/errors")
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    return list(csv.reader(io.StringIO(answer.content.removeprefix(BOM).decode(), newline="")))


def counts(run: dict[str, Any]) -> tuple[int, int, int, int]:
    """created, updated, unchanged, failed."""
    assert run["done"] == run["created"] + run["updated"] + run["unchanged"]
    assert run["rows_total"] == run["done"] + run["failed"], run
    return run["created"], run["updated"], run["unchanged"], run["failed"]
