"""How the jobs of customer that look at all accounts are begun, and waited for: of each kind one runs at a time."""

from __future__ import annotations

from typing import Any

import httpx

from tests.e2e.ways import How
from tests.e2e.world import World


def _finished(path: str, body: Any = None) -> How:
    def run(world: World) -> httpx.Response:
        answer = world.send("POST", path, world.example(f"POST {path}") if body is None else body)
        if answer.is_success:
            world.until(lambda: world.get(f"{path}/{answer.json()['id']}")["finished_at"])
        return answer

    return run


def _rule_set_run(world: World) -> httpx.Response:
    made = world.make("/v1/rule-sets", world.example("POST /v1/rule-sets"))["id"]
    return world.send("POST", f"/v1/rule-sets/{made}/run", {"dry_run": True})


def _migrations(world: World) -> httpx.Response:
    days = {"from": "2026-01-31", "to": "2026-02-28"}
    for day in days.values():
        _finished("/v1/rfm-runs", {"as_of": day})(world).raise_for_status()
    return world.send("GET", "/v1/rfm-migrations", params=days)


RUN_CALLS: dict[str, How] = {
    "POST /v1/rule-sets/{rule_set_id}/run": _rule_set_run,
    "POST /v1/rfm-runs": _finished("/v1/rfm-runs", {"days": 30}),
    "GET /v1/rfm-migrations": _migrations,
    "POST /v1/grading-runs": _finished("/v1/grading-runs"),
    "POST /v1/churn-fits": _finished("/v1/churn-fits"),
}
