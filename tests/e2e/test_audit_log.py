"""The workers seal the audit logs of a running system, and `crmesh audit-log verify` finds a changed row."""

from __future__ import annotations

import json
from typing import Any

from typer.testing import CliRunner

from cli.audit_log import app
from tests.e2e.world import World

RENAME = "UPDATE audit_log SET actor = $2 WHERE id = $1 RETURNING id"


def verify(world: World, service: str, *more: str) -> tuple[int, list[dict[str, Any]]]:
    result = CliRunner().invoke(app, ["verify", service, "--json", "--data", str(world.folder), *more])
    return result.exit_code, json.loads(result.stdout)


def test_every_row_is_sealed_and_a_changed_one_is_found(world: World) -> None:
    world.until(lambda: all(not row["unsealed"] for row in verify(world, "all")[1]))
    code, rows = verify(world, "all")
    assert code == 0, rows
    assert "customer" in [row["service"] for row in rows if row["sealed"]]
    head = next(row["head"] for row in rows if row["service"] == "customer")
    assert verify(world, "customer", "--expect", head)[0] == 0
    code, (row,) = verify(world, "customer", "--expect", "0" * 63 + "1")
    assert (code, "noted" in row["broken"]["reason"]) == (1, True)

    [first] = world.query("customer", ("SELECT id, actor FROM audit_log ORDER BY id LIMIT 1",))
    world.query("customer", (RENAME, first["id"], "somebody else"))
    try:
        code, (row,) = verify(world, "customer")
        assert (code, row["broken"]["id"]) == (1, first["id"])
    finally:
        world.query("customer", (RENAME, first["id"], first["actor"]))
    assert verify(world, "customer")[0] == 0


def test_wrong_usage_and_no_system(world: World) -> None:
    run = CliRunner().invoke
    assert run(app, ["verify", "nobody"]).exit_code == 2
    assert run(app, ["verify", "--expect", "00"]).exit_code == 2
    assert run(app, ["verify", "--data", str(world.folder / "elsewhere")]).exit_code == 3
