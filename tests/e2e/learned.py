"""Things of a filled system that take several steps to make."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID, uuid4

if TYPE_CHECKING:
    from tests.e2e.world import World


def ranked(world: World, partner_id: str) -> dict[str, list[str]]:
    """A programme of levels, a preview of it, and a certificate of a partner."""
    body = world.example("POST /v1/tier-programmes") | {"code": f"T-{uuid4().hex[:12]}"}
    programme = world.make("/v1/tier-programmes", body, by="channel-manager")["id"]
    world.make(f"/v1/tier-programmes/{programme}/publish")
    asked = world.example("POST /v1/tier-evaluations") | {"programme_id": programme}
    made = world.make("/v1/tier-evaluations", asked)["id"]
    world.until(lambda: world.get(f"/v1/tier-evaluations/{made}")["state"] == "previewed")
    held = world.example("POST /v1/partner-certificates") | {"partner_id": partner_id, "number": uuid4().hex}
    certificate = world.make("/v1/partner-certificates", held)["id"]
    return {"tier_programme_id": [programme], "tier_evaluation_id": [made], "certificate_id": [certificate]}


def kept(world: World, partner_id: str) -> dict[str, list[str]]:
    """What is kept of a partner, and a screening of another one."""
    found = {}
    for name in ("contact", "document", "task", "log"):
        body = world.example(f"POST /v1/partner-{name}s") | {"partner_id": partner_id}
        more = {"number": uuid4().hex, "is_mandatory": False} if name == "document" else {}
        more |= {"is_mandatory": False} if name == "task" else {}
        found[f"partner_{name}_id"] = [world.make(f"/v1/partner-{name}s", body | more)["id"]]
    path = "/v1/partner-criteria"
    criteria = world.make(path, world.example(f"POST {path}"), by="channel-manager")["id"]
    world.make(f"{path}/{criteria}/publish")
    applicant = world.make("/v1/partners", world.example("POST /v1/partners"))["id"]
    world.make(f"/v1/partners/{applicant}/screen")
    screenings = world.get("/v1/partner-screenings", partner_id=applicant)["items"]
    training = world.make("/v1/trainings", world.example("POST /v1/trainings") | {"code": f"T-{uuid4().hex[:12]}"})
    return found | {
        "partner_criteria_id": [criteria],
        "partner_screening_id": [one["id"] for one in screenings],
        "training_id": [training["id"]],
    }


def stated(world: World, partner_id: str) -> tuple[str, dict[str, list[str]]]:
    """An adjustment of a partner, its statement and the job that calculated it; nobody has decided on it."""
    body = {"partner_id": partner_id, "amount": 700, "reason": "Learned"}
    adjusted = world.make("/v1/rebate-adjustments", body, by="channel-manager")
    path = "/v1/rebate-statements"
    asked = {"partner_id": partner_id, "posting_date": adjusted["posting_date"]}
    run = world.make(path, asked, by="channel-manager")["id"]
    world.until(lambda: world.get(f"{path}/runs/{run}")["state"] not in ("queued", "running"))
    found = world.get(path, partner_id=partner_id, state="calculated")["items"][0]["id"]
    asked = world.example("POST /v1/rebate-simulations")
    simulated = world.make("/v1/rebate-simulations", asked, by="channel-manager")["id"]
    ids = {"rebate_statement_id": found, "statement_run_id": run, "rebate_simulation_id": simulated}
    return adjusted["id"], {name: [one] for name, one in ids.items()}


def reported(world: World, unit_id: str) -> dict[str, list[str]]:
    """A schedule of reports of a unit without targets, below another, and the report of last month that it wrote."""
    unit = world.make("/v1/units", world.example("POST /v1/units") | {"parent_id": unit_id})["id"]
    body = {"unit_id": unit, "cadence": "monthly", "local_time": "06:00"}
    schedule = world.make("/v1/report-schedules", body)["id"]
    world.query("targets", (LAST_MONTH, UUID(schedule)))
    report = world.until(lambda: world.get("/v1/reports", schedule_id=schedule)["items"])[0]["id"]
    return {"report_schedule_id": [schedule], "report_id": [report]}


LAST_MONTH = (
    "UPDATE report_schedule SET next_start = date_trunc('month', now() - interval '1 month')::date, "
    "due_at = date_trunc('month', now()) "
    "WHERE id = $1 RETURNING id"
)


def coupons(world: World, promotion_id: str) -> str:
    """The job that made coupons of a promotion."""
    path = f"/v1/promotions/{promotion_id}/coupons"
    run: str = world.make(f"{path}/generate", {"count": 3})["id"]
    world.until(lambda: world.get(f"{path}/runs/{run}")["state"] not in ("queued", "running"))
    return run


def actions(world: World, target_id: str) -> dict[str, list[str]]:
    """What is done about a target."""
    found = {"step_key": ["list"], "measure_key": ["hire"]}
    for name, path in (("action_plan_id", "/v1/action-plans"), ("adjustment_id", "/v1/adjustments")):
        made = world.make(path, world.example(f"POST {path}") | {"target_id": target_id})
        found[name] = [made["id"]]
    return found


def drawn(world: World, account_id: str) -> dict[str, list[str]]:
    """A draw that is open, and a ticket of an account that is a member at once."""
    terms = world.example("POST /v1/points-programmes") | {"code": "DRAWN", "name": "Drawn", "lock_days": 0}
    club = world.make("/v1/points-programmes", terms)["id"]
    member = world.make(f"/v1/points-programmes/{club}/join", {"account_id": account_id})["id"]
    body = world.example("POST /v1/points-draws") | {"points_programme_id": club, "code": "DRAWN"}
    draw = world.make("/v1/points-draws", body, by="channel-manager")["id"]
    world.make(f"/v1/points-draws/{draw}/open")
    asked = {"points": 50, "reason": "Learned"}
    given = world.make(f"/v1/points-accounts/{member}/adjust", asked, by="channel-manager")
    world.make(f"/v1/points-adjustments/{given['id']}/approve")
    ticket = world.make(f"/v1/points-draws/{draw}/draw", {"points_account_id": member})["id"]
    return {"points_draw_id": [draw], "points_ticket_id": [ticket]}
