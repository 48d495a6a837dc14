"""Agreements of a filled system, and how operations on them succeed."""

from __future__ import annotations

from collections.abc import Callable
from random import choices
from string import ascii_uppercase, digits
from typing import Any

from tests.e2e.ways import How, acted, changed, created
from tests.e2e.world import World

PATH = "/v1/agreements"
ONE = PATH + "/{agreement_id}"


def agreement(world: World, until: str = "draft", **changes: Any) -> str:
    """An agreement of somebody else than the administrator, who may sign it, for a territory of its own."""
    body = {
        **world.example(f"POST {PATH}"),
        "territory": ["CN-" + "".join(choices(ascii_uppercase + digits, k=3))],
        **changes,
    }
    made: str = world.make(PATH, body, by="channel-manager")["id"]
    if until != "draft":
        world.make(f"{PATH}/{made}/propose")
    if until == "signed":
        world.make(f"{PATH}/{made}/sign")
    return made


def at(state: str, **changes: Any) -> Callable[[World], str]:
    """An agreement that has come so far."""
    return lambda world: agreement(world, state, **changes)


AGREEMENT_CALLS: dict[str, How] = {
    f"POST {PATH}": created(PATH),
    f"PUT {ONE}": changed("PUT", ONE, agreement),
    f"POST {ONE}/propose": acted(f"{ONE}/propose", agreement),
    f"POST {ONE}/sign": acted(f"{ONE}/sign", at("proposed")),
    f"POST {ONE}/amend": acted(f"{ONE}/amend", at("signed")),
    f"POST {ONE}/renew": acted(f"{ONE}/renew", at("signed")),
    f"POST {ONE}/terminate": acted(
        f"{ONE}/terminate", at("signed", valid_to=None, minimum_volume_base=None, notice_days=0)
    ),
}
