"""How operations on report schedules succeed."""

from __future__ import annotations

from tests.e2e.ways import How, acted, changed, created
from tests.e2e.world import World

PATH = "/v1/report-schedules"
_ONE = PATH + "/{report_schedule_id}"


def schedule(world: World) -> str:
    """An active schedule."""
    made: str = world.make(PATH, world.example(f"POST {PATH}"))["id"]
    return made


def paused(world: World) -> str:
    """A schedule that waits."""
    made = schedule(world)
    world.make(f"{PATH}/{made}/pause")
    return made


def archived(world: World) -> str:
    """A schedule that was given up."""
    made = schedule(world)
    world.make(f"{PATH}/{made}/archive")
    return made


REPORT_CALLS: dict[str, How] = {
    f"POST {PATH}": created(PATH),
    f"PATCH {_ONE}": changed("PATCH", _ONE, schedule),
    f"POST {_ONE}/pause": acted(f"{_ONE}/pause", schedule),
    f"POST {_ONE}/resume": acted(f"{_ONE}/resume", paused),
    f"POST {_ONE}/archive": acted(f"{_ONE}/archive", schedule),
    f"POST {_ONE}/restore": acted(f"{_ONE}/restore", archived),
}
