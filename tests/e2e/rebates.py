"""Statements and adjustments of rebates of a filled system, and how operations on them succeed."""

from __future__ import annotations

from typing import Any

from tests.e2e.learned import stated
from tests.e2e.ways import How, acted, created
from tests.e2e.world import World

PATH = "/v1/rebate-statements"
ONE = PATH + "/{rebate_statement_id}"
ADJUSTMENT = "/v1/rebate-adjustments"
SIMULATION = "/v1/rebate-simulations"
PROGRAMMES = "/v1/rebate-programmes"
REVISE = PROGRAMMES + "/{programme_id}/revise"


def asked(world: World) -> dict[str, Any]:
    """The example, up to today."""
    today = world.get(ADJUSTMENT, limit=1)["items"][0]["posting_date"]
    return world.example(f"POST {PATH}") | {"posting_date": today}


def statement(world: World) -> str:
    """One that somebody else wrote than the administrator, who may decide on it; of a partner of its own."""
    _adjusted, found = stated(world, world.active_partner())
    return found["rebate_statement_id"][0]


def approved(world: World) -> str:
    made = statement(world)
    world.make(f"{PATH}/{made}/approve")
    return made


def programme(world: World) -> str:
    """One that counts, and may be revised."""
    made: str = world.make(PROGRAMMES, world.example(f"POST {PROGRAMMES}"))["id"]
    world.make(f"{PROGRAMMES}/{made}/publish")
    return made


REBATE_CALLS: dict[str, How] = {
    f"POST {REVISE}": acted(REVISE, programme),
    f"POST {ADJUSTMENT}": created(ADJUSTMENT),
    f"POST {SIMULATION}": created(SIMULATION),
    f"POST {PATH}": lambda world: world.send("POST", PATH, asked(world)),
    f"POST {ONE}/approve": acted(f"{ONE}/approve", statement),
    f"POST {ONE}/pay": lambda world: world.send("POST", f"{PATH}/{approved(world)}/pay", {}),
    f"POST {ONE}/dispute": acted(f"{ONE}/dispute", statement),
    f"POST {ONE}/recalculate": acted(f"{ONE}/recalculate", statement),
    f"POST {ONE}/cancel": acted(f"{ONE}/cancel", statement),
}
