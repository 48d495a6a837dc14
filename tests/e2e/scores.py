"""Scores and grades of a filled system, and how operations on them succeed: a run of a past day grades nobody."""

from __future__ import annotations

import httpx

from tests.e2e.ways import How, account, acted, filled
from tests.e2e.world import World

STATEMENTS, REPORTS, RUNS = "/v1/financial-statements", "/v1/credit-reports", "/v1/scoring-runs"
PROFILE = "/v1/credit-profiles/{account_id}"
SIMULATE = "/v1/risk-policies/{policy_id}/simulate"


def evidence(world: World, path: str, of: str | None = None) -> httpx.Response:
    """The example, of an account of its own."""
    return world.send("POST", path, world.example(f"POST {path}") | {"account_id": of or account(world)})


def rescored(world: World, of: str) -> str:
    """A score of an account."""
    made: str = world.make(filled(PROFILE + "/rescore", of))["id"]
    return made


def scored_run(world: World) -> str:
    """A run that has finished."""
    made: str = world.make(RUNS, world.example(f"POST {RUNS}"))["id"]
    world.until(lambda: world.get(f"{RUNS}/{made}")["finished_at"])
    return made


def scoring_run(world: World) -> httpx.Response:
    """The example, waited for."""
    answer = world.send("POST", RUNS, world.example(f"POST {RUNS}"))
    if answer.is_success:
        world.until(lambda: world.get(f"{RUNS}/{answer.json()['id']}")["finished_at"])
    return answer


def scorecard(world: World) -> str:
    """A policy that is in force, under which nobody moves."""
    found: str = world.get("/v1/risk-policies", kind="scorecard", state="active")["items"][0]["id"]
    return found


def simulated_policy(world: World) -> httpx.Response:
    """A simulation of a policy, waited for."""
    answer = world.send("POST", filled(SIMULATE, scorecard(world)))
    if answer.is_success:
        made = answer.json()["id"]
        world.until(lambda: world.get(f"/v1/risk-policy-simulations/{made}")["finished_at"])
    return answer


def proposed(world: World) -> str:
    """An account for which an officer has proposed a better grade."""
    of = account(world)
    body = world.example(f"POST {PROFILE}/set-grade") | {"grade": "AAA"}
    world.make(filled(PROFILE + "/set-grade", of), body, by="officer")
    return of


def of_scores(world: World, of: str) -> dict[str, str]:
    """Ids of what an account (nobody grades it by it) and others are scored with."""
    made = account(world)
    return {
        "score_id": rescored(world, made),
        "scoring_run_id": scored_run(world),
        "risk_policy_simulation_id": simulated_policy(world).raise_for_status().json()["id"],
        "statement_id": evidence(world, STATEMENTS, of).raise_for_status().json()["id"],
        "credit_report_id": evidence(world, REPORTS, of).raise_for_status().json()["id"],
    }


SCORE_CALLS: dict[str, How] = {
    f"POST {STATEMENTS}": lambda world: evidence(world, STATEMENTS),
    f"POST {REPORTS}": lambda world: evidence(world, REPORTS),
    f"POST {RUNS}": scoring_run,
    f"POST {SIMULATE}": simulated_policy,
    f"POST {PROFILE}/rescore": acted(PROFILE + "/rescore", account),
    f"POST {PROFILE}/set-grade": acted(PROFILE + "/set-grade", account),
    f"POST {PROFILE}/raise-limit": acted(PROFILE + "/raise-limit", account),
    f"POST {PROFILE}/approve-grade": acted(PROFILE + "/approve-grade", proposed),
}
