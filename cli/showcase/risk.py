"""Risk's side: who owes what, grades, holds, the loss curve of a small register, a treatment with its return."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from cli.load.client import Api
from cli.showcase import steps
from cli.showcase.steps import AS_OF, SAMPLE_END, SAMPLE_START, Law

GRADES = ("AAA", "AA", "A", "BBB", "BB", "B", "CCC", "D", "NR")
DECISIONS = ("automatic", "refused", "override")
REGISTER = (
    ("SHOW-DEFAULT", "credit", "credit_review", "A customer does not pay", "default"),
    ("SHOW-RETURN", "operation", "process", "A customer sends goods back", "return"),
)
STUDY = "Showcase: a year of losses"
TRIALS = 20_000
SEED = 1997
HOLD_REASON = "showcase"
HOLD_DAYS = 30
TREATMENT: dict[str, Any] = {
    "response": "mitigate",
    "effect": {"kind": "mitigate", "frequency_factor": 600_000, "severity_factor": 900_000},
    "cost_once": 300_000,
    "cost_yearly": 150_000,
    "lifetime_years": 3,
    "actions": [{"title": "Ask new customers for a deposit"}],
}


@dataclass(frozen=True, slots=True)
class Ageing:
    """What was open of one region, or in all, at the end of the day."""

    key: str
    current: int
    d1_30: int
    d31_60: int
    d61_90: int
    over_90: int
    credits: int
    unallocated: int
    total: int

    def is_whole(self) -> bool:
        """Whether the parts make the total."""
        buckets = self.current + self.d1_30 + self.d31_60 + self.d61_90 + self.over_90
        return buckets - self.credits - self.unallocated == self.total


@dataclass(frozen=True, slots=True)
class Graded:
    """How many accounts a scoring run gave a grade."""

    grade: str
    accounts: int


@dataclass(frozen=True, slots=True)
class Decided:
    """How many placements were answered so."""

    decision: str
    orders: int


@dataclass(frozen=True, slots=True)
class Hold:
    """A hold that stands."""

    name: str | None
    hold_reason: str
    placed_on: str
    until: str | None


@dataclass(frozen=True, slots=True)
class Scenario:
    """What the sample's own events say of a risk; its share of the expected loss in millionths."""

    code: str
    title: str
    losses: int
    rate: float
    rate_low: float
    rate_high: float
    expected_loss: int
    share: int


@dataclass(frozen=True, slots=True)
class Point:
    """The chance, in millionths, of losing more than an amount in a year."""

    amount: int
    probability: int


@dataclass(frozen=True, slots=True)
class Treated:
    """What a treatment is expected to change in a year, and its return."""

    title: str
    cost: int
    before: int
    after: int
    roi: float | None
    trials_that_rise: int


@dataclass(frozen=True, slots=True)
class RiskSide:
    """All that is shown."""

    as_of: date
    ageing: tuple[Ageing, ...]
    ageing_total: Ageing
    dso: str | None
    scored: int
    grades: tuple[Graded, ...]
    decisions: tuple[Decided, ...]
    holds: tuple[Hold, ...]
    scenarios: tuple[Scenario, ...]
    expected_loss: int
    curve: tuple[Point, ...]
    treatment: Treated

    def laws(self) -> tuple[Law, ...]:
        """What must hold."""
        ageing = (*self.ageing, self.ageing_total)
        curve = sorted(self.curve, key=lambda point: point.amount)
        return (
            Law("the buckets of an ageing make its total", all(row.is_whole() for row in ageing)),
            Law("regions make the ageing of all", sum(r.total for r in self.ageing) == self.ageing_total.total),
            Law("every scored account has one grade", sum(row.accounts for row in self.grades) == self.scored),
            Law("a larger loss is never likelier", steps.never_rises([point.probability for point in curve])),
            Law("no year is worse with the treatment", self.treatment.trials_that_rise == 0),
        )


async def prepare(api: Api) -> None:
    """Make what is missing."""
    await steps.run_as_of(api, "/v1/scoring-runs", AS_OF)
    await _hold(api)
    risks = [await _risk(api, *entry) for entry in REGISTER]
    await _study(api, [scenario for _risk_id, scenario in risks])
    await _treatment(api, risks[0][0])


async def _hold(api: Api) -> None:
    """By hand: the account that owed most for more than 90 days when the sample ended."""
    if await steps.first(api, "/v1/credit-holds", reason=HOLD_REASON, state="standing") is not None:
        return
    worst = ("", 0)
    async for row in api.pages("/v1/receivable-ageings", by="account", as_of=SAMPLE_END, **{"over_90[gt]": 0}):
        worst = max(worst, (row["key"], row["over_90"]), key=lambda found: (found[1], found[0]))
    if worst[0]:
        today = date.fromisoformat((await api.get("/v1/receivable-figures"))["as_of"])
        body = {"account_id": worst[0], "reason": HOLD_REASON, "until": today + timedelta(HOLD_DAYS)}
        await api.acting_as("officer").post("/v1/credit-holds", body)


async def _risk(api: Api, code: str, of: str, source: str, title: str, losses: str) -> tuple[str, str]:
    """A risk of the register and its scenario, estimated from the sample's events; (risk, scenario)."""
    body = {
        "code": code,
        "title": title,
        "class": of,
        "source": source,
        "cause": "As the sample shows it",
        "event": title,
        "consequence": "Revenue is lost",
        "causes": [],
        "consequences": [],
        "links": [],
    }
    risk = await steps.ensured(api, "/v1/risks", "code", body)
    if not risk["assessments"]:
        assessment = {"risk_id": risk["id"], "likelihood": 4, "impact": 3, "rationale": "Of the sample's years"}
        for kind in ("inherent", "current"):
            await api.post("/v1/assessments", {**assessment, "kind": kind})
    scenario = await steps.first(api, "/v1/scenarios", risk_id=risk["id"])
    if scenario is None:
        entered = {
            "risk_id": risk["id"],
            "name": f"{title} (sample)",
            "frequency": {"kind": "poisson", "mean": 12},
            "severity": {"kind": "lognormal", "q05": 1_000, "q95": 20_000},
        }
        scenario = await api.post("/v1/scenarios", entered)
    if scenario["estimate"] is None:
        wanted = {"source": losses, "from": SAMPLE_START, "to": SAMPLE_END}
        scenario = await api.post(f"/v1/scenarios/{scenario['id']}/estimate", wanted)
    return risk["id"], scenario["id"]


async def _study(api: Api, scenarios: list[str]) -> str:
    body = {"name": STUDY, "scenario_ids": scenarios, "horizon_months": 12, "trials": TRIALS, "seed": SEED}
    study = await steps.ensured(api, "/v1/studies", "name", body)
    path = f"/v1/studies/{study['id']}"
    if study["state"] == "draft":
        await api.post(f"{path}/run")
    await steps.in_state(api, path, ("completed",), ("running",))
    return str(study["id"])


async def _treatment(api: Api, risk_id: str) -> None:
    """Planned by the administrator, approved by the director, and simulated."""
    found = await steps.first(api, "/v1/treatments", risk_id=risk_id)
    treatment = found or await api.post("/v1/treatments", {**TREATMENT, "risk_id": risk_id})
    path = f"/v1/treatments/{treatment['id']}"
    if treatment["state"] == "planned":
        await api.acting_as("director").post(f"{path}/approve")
    simulation = await steps.first(api, f"{path}/simulations", sort="-created_at")
    if simulation is None or simulation["state"] in ("failed", "cancelled"):
        simulation = await api.post(f"{path}/simulate", {"trials": TRIALS, "seed": SEED})
    await steps.in_state(api, f"{path}/simulations/{simulation['id']}", ("completed",), ("running",))


async def show(api: Api) -> RiskSide:
    """Read what is shown."""
    by_region = await api.get("/v1/receivable-ageings", by="region", as_of=AS_OF, limit=200)
    total = await api.get("/v1/receivable-ageings", as_of=AS_OF)
    figures = await api.get("/v1/receivable-figures", as_of=AS_OF)
    run = await steps.run_as_of(api, "/v1/scoring-runs", AS_OF)
    scored = {"run_id": run["id"], "partner_id[null]": "true"}
    grades = [
        Graded(grade, await steps.count_of(api, "/v1/credit-scores", scored_grade=grade, **scored)) for grade in GRADES
    ]
    decisions = [
        Decided(decision, await steps.count_of(api, "/v1/credit-decisions", decision=decision))
        for decision in DECISIONS
    ]
    holds = [item async for item in api.pages("/v1/credit-holds", state="standing")]
    study = await steps.found(api, "/v1/studies", name=STUDY)
    results = await api.get(f"/v1/studies/{study['id']}/results")
    curve = (await api.get(f"/v1/studies/{study['id']}/loss-curve"))["points"]
    return RiskSide(
        as_of=AS_OF,
        ageing=steps.rows_of(Ageing, by_region["items"]),
        ageing_total=steps.row_of(Ageing, total["items"][0]),
        dso=figures["dso"],
        scored=run["accounts"],
        grades=tuple(grades),
        decisions=tuple(decisions),
        holds=steps.rows_of(Hold, holds),
        scenarios=tuple([await _scenario(api, item) for item in results["scenarios"]]),
        expected_loss=results["expected_loss"],
        curve=steps.rows_of(Point, curve),
        treatment=await _treated(api),
    )


async def _scenario(api: Api, item: dict[str, Any]) -> Scenario:
    """A scenario as it was estimated, with what the study found of it."""
    scenario = await steps.found(api, "/v1/scenarios", id=item["scenario_id"])
    risk = await api.get(f"/v1/risks/{item['risk_id']}")
    estimate = scenario["estimate"]
    rate = estimate["rate"]
    return Scenario(
        code=risk["code"],
        title=risk["title"],
        losses=estimate["losses"],
        rate=rate["value"],
        rate_low=rate["low"],
        rate_high=rate["high"],
        expected_loss=item["expected_loss"],
        share=item["share"],
    )


async def _treated(api: Api) -> Treated:
    risk = await steps.found(api, "/v1/risks", code=REGISTER[0][0])
    treatment = await steps.found(api, "/v1/treatments", risk_id=risk["id"])
    simulation = await api.get(f"/v1/treatments/{treatment['id']}/simulations/{treatment['simulation_id']}")
    results = simulation["results"]
    return Treated(
        title=treatment["actions"][0]["title"],
        cost=results["cost"],
        before=results["before"]["expected_loss"],
        after=results["after"]["expected_loss"],
        roi=results["roi"],
        trials_that_rise=results["trials_that_rise"],
    )
