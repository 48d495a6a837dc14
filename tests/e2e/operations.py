"""How the operational endpoints of every service succeed."""

from __future__ import annotations

from tests.e2e.ways import How
from tests.e2e.world import SERVICES


def retries(service: str) -> How:
    """Handle again what waits in a service: nothing does."""
    return lambda world: world.send("POST", f"/admin/{service}/parked/retries", {"key": "nothing-parked"})


def of_one(service: str, what: str, verb: str) -> How:
    """A verb on the first parked event, or job, of a service."""
    ids = f"{service}.{what.rstrip('s')}_id"
    return lambda world: world.send("POST", f"/admin/{service}/{what}/{world.ids[ids][0]}/{verb}")


OPERATION_CALLS: dict[str, How] = {
    path: how
    for service in SERVICES
    for path, how in (
        (f"POST /admin/{service}/parked/retries", retries(service)),
        (f"POST /admin/{service}/parked/{{parked_id}}/discard", of_one(service, "parked", "discard")),
        (f"POST /admin/{service}/jobs/{{job_id}}/cancel", of_one(service, "jobs", "cancel")),
    )
}
