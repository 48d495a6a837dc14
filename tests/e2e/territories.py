"""How operations on territories succeed."""

from __future__ import annotations

from tests.e2e.ways import How, acted, changed
from tests.e2e.world import World

_PATH, _ONE = "/v1/territories", "/v1/territories/{territory_id}"


def territory(world: World) -> str:
    """A territory."""
    made: str = world.make(_PATH, world.example(f"POST {_PATH}"))["id"]
    return made


def _asked(world: World, what: str) -> str:
    return f"{_PATH}/{what}?on=2026-02-14" + (f"&account_id={world.ids['account_id'][0]}" if what == "resolve" else "")


TERRITORY_CALLS: dict[str, How] = {
    f"POST {_PATH}": lambda world: world.send("POST", _PATH, world.example(f"POST {_PATH}")),
    f"GET {_PATH}/resolve": lambda world: world.send("GET", _asked(world, "resolve")),
    f"GET {_PATH}/coverage": lambda world: world.send("GET", _asked(world, "coverage")),
    f"PATCH {_ONE}": changed("PATCH", _ONE, territory),
    f"POST {_ONE}/end": acted(f"{_ONE}/end", territory),
}
