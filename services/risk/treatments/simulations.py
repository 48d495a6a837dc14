"""Simulations of treatments: what they run with, the job that computes them, how they end."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from kit import clock
from kit.db.database import Tx
from kit.errors import FieldError
from kit.ids import new_id
from kit.jobs.jobs import JobCancelled, JobContext, JobHandler, enqueue, get_job
from kit.records import Resource, add, change, fresh, require
from kit.runtime import Runtime
from kit.security.principals import Actor
from kit.transitions import next_state
from kit.work import Work
from services.risk.roles import REACHES
from services.risk.scenarios import service as scenarios
from services.risk.scenarios.laws import dimensions_of
from services.risk.studies import service as studies
from services.risk.studies.jobs import ATTEMPTS, ComputationFailed, computed_apart
from services.risk.studies.rules import SEEDS, check_draws, check_size
from services.risk.treatments import repository
from services.risk.treatments.bodies import (
    DiversifyEffect,
    MitigateEffect,
    SimulatedScenario,
    TreatmentSimulationInputs,
    TreatmentSimulationResults,
)
from services.risk.treatments.computation import pair_of
from services.risk.treatments.effects import applied
from services.risk.treatments.enums import RiskResponse, TreatmentSimulationState
from services.risk.treatments.models import Treatment, TreatmentSimulation
from services.risk.treatments.rules import ENDS, NothingToSimulate, SimulationRunning
from services.risk.treatments.schemas import TreatmentSimulate
from services.risk.treatments.service import left_by_controls, require_treatment

NOUN = "treatment-simulation"
SIMULATE = "treatments.simulate"
"""Kind of the job that computes a simulation."""
COMPUTATION = ("-m", "services.risk.treatments.computation")
LOOK = timedelta(seconds=30)
"""How often somebody looks whether the job of a simulation still stands."""
SIMULATIONS = Resource(
    NOUN, TreatmentSimulation, lambda _one: None, audited=("treatment_id", "seed", "trials", "effect")
)
WHOLE = (1_000_000, 1_000_000)


async def simulate_treatment(work: Work, treatment_id: UUID, data: TreatmentSimulate) -> TreatmentSimulation:
    """Keep what a year before and after depends on, and let a worker compute both.

    Raises NotFound, SimulationRunning, NothingToSimulate, StudyTooLarge.
    """
    treatment = await require_treatment(work, treatment_id, lock=True)
    if await repository.running(work.tx, treatment_id) is not None:
        raise SimulationRunning
    seed = secrets.randbelow(SEEDS) if data.seed is None else data.seed
    job_id, now = new_id(), clock.now()
    simulation = TreatmentSimulation.model_validate(
        {
            **fresh(),
            "treatment_id": treatment_id,
            "seed": seed,
            "trials": data.trials,
            "effect": treatment.effect,
            "cost_once": treatment.cost_once,
            "cost_yearly": treatment.cost_yearly,
            "lifetime_years": treatment.lifetime_years,
            "inputs": await _inputs(work, treatment, seed, data.trials),
            "state": TreatmentSimulationState.RUNNING,
            "job_id": job_id,
            "due_at": now + LOOK,
        }
    )
    await add(work, SIMULATIONS, simulation, action="simulate")
    asked = {
        "simulation_id": str(simulation.id),
        "subject": work.actor.subject,
        "roles": sorted(work.actor.roles),
    }
    await enqueue(work.tx, SIMULATE, asked, work.actor.subject, job_id=job_id)
    return simulation


async def _inputs(work: Work, treatment: Treatment, seed: int, trials: int) -> TreatmentSimulationInputs:
    """Scenarios of the risk, exposures and controls as they are; raises NothingToSimulate, StudyTooLarge."""
    found = await scenarios.active_of_risk(work, treatment.risk_id)
    if not found:
        detail = "enter how often the risk causes a loss, and how much"
        raise NothingToSimulate(detail, errors=[FieldError("", NothingToSimulate.code, detail)])
    check_size(trials, 2 * len(found))
    effect = treatment.effect
    planned = {effect.dimension} if isinstance(effect, DiversifyEffect) else set()
    needed = planned.union(*(dimensions_of(one.frequency, one.severity) for one in found))
    held = {each.value: tuple(await studies.exposures_of(work, each)) for each in sorted(needed)}
    by_controls = isinstance(effect, MitigateEffect) and effect.by_controls
    left = await left_by_controls(work, treatment.risk_id) if by_controls else WHOLE
    moved = held[effect.dimension.value] if isinstance(effect, DiversifyEffect) else ()
    inputs = TreatmentSimulationInputs(
        seed=seed,
        trials=trials,
        scenarios=tuple(
            SimulatedScenario(
                scenario_id=one.id, scenario_version=one.version, frequency=one.frequency, severity=one.severity
            )
            for one in found
        ),
        exposures=held,
        effect=applied(effect, left, moved),
        may_rise=treatment.response is RiskResponse.DIVERSIFY,
        cost_once=treatment.cost_once,
        cost_yearly=treatment.cost_yearly,
        lifetime_years=treatment.lifetime_years,
    )
    pairs = [pair_of(one, inputs) for one in inputs.scenarios]
    check_draws(trials, [each.frequency.most for pair in pairs for each in pair])
    return inputs


def simulation_job(runtime: Runtime) -> JobHandler:
    """Handler of `treatments.simulate`: as that of studies, made again when it is cut off, and completed once."""

    async def run(job: JobContext) -> Mapping[str, Any]:
        simulation_id = UUID(job.params["simulation_id"])
        async with runtime.db.transaction() as tx:
            found = await repository.find_simulation(tx, simulation_id)
        if found is None or found.state is not TreatmentSimulationState.RUNNING:
            return {}
        try:
            said = await computed_apart(COMPUTATION, found.inputs.model_dump_json().encode(), job)
        except JobCancelled:
            async with runtime.db.transaction() as tx:
                await end_simulation(_work(runtime, job, tx), simulation_id, "cancel")
            raise
        except ComputationFailed as failed:
            if failed.code == ComputationFailed.code and job.attempt < ATTEMPTS:
                raise RuntimeError("the computation ended before its results") from failed
            async with runtime.db.transaction() as tx:
                await end_simulation(_work(runtime, job, tx), simulation_id, "fail", failure=failed.code)
            raise
        results = TreatmentSimulationResults.model_validate(said)
        async with runtime.db.transaction() as tx:
            await end_simulation(_work(runtime, job, tx), simulation_id, "complete", results=results)
            await job.checkpoint({"is_completed": True}, tx)
        return {}

    return run


def _work(runtime: Runtime, job: JobContext, tx: Tx) -> Work:
    """On behalf of who asked for the simulation."""
    actor = Actor(job.params["subject"], frozenset(job.params["roles"]), frozenset())
    return Work(tx=tx, actor=actor, service=runtime.service, settings=runtime.settings, reaches=REACHES)


async def end_simulation(work: Work, simulation_id: UUID, action: str, **changes: Any) -> None:
    """Complete, fail or cancel a simulation; nothing for one that no longer runs."""
    before = await require(work, SIMULATIONS, simulation_id, lock=True)
    if before.state is not TreatmentSimulationState.RUNNING:
        return
    over = {"state": next_state(NOUN, ENDS, action, before.state), "finished_at": clock.now(), "due_at": None}
    await change(work, SIMULATIONS, before, {**over, **changes}, action=action)


async def look_after(work: Work, rows: Sequence[TreatmentSimulation]) -> None:
    """Simulations whose job stands are looked at again later; the others end as it did."""
    waiting = []
    for simulation in rows:
        job = await get_job(work.tx, simulation.job_id)
        if job is not None and job["state"] in ("queued", "running"):
            waiting.append(simulation.id)
        elif job is not None and job["state"] == "cancelled":
            await end_simulation(work, simulation.id, "cancel")
        else:
            await end_simulation(work, simulation.id, "fail", failure=ComputationFailed.code)
    await repository.look_again(work.tx, waiting, clock.now() + LOOK)
