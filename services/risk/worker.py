"""Second process of the risk service: consumer, outbox relay, jobs (`python -m services.risk.worker`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import uvloop

from kit.db.key_filler import Fill, names_of
from kit.due.due import AnyDue
from kit.events.worker import Worker
from kit.jobs.jobs import JobHandler
from kit.process import run_worker
from kit.runtime import Runtime, make_runtime
from services.risk.contracts.dues import CONTRACTS_DUE
from services.risk.contracts.models import ContractColumns
from services.risk.controls.models import Control
from services.risk.directory.models import AccountEntry
from services.risk.disputes.models import DisputeColumns
from services.risk.holds.dues import HOLDS_DUE
from services.risk.indicators.evaluations import INDICATORS_DUE, MARKS_DUE
from services.risk.obligations.judging import OBLIGATIONS_DUE
from services.risk.obligations.models import ObligationColumns
from services.risk.profiles.handlers import fill_partners
from services.risk.profiles.raises import RAISES_DUE
from services.risk.reports.dues import SNAPSHOTS_DUE
from services.risk.risks.models import Risk
from services.risk.risks.service import RISKS_DUE
from services.risk.scenarios.models import Scenario
from services.risk.scorecards.decisions import GRADES_DUE
from services.risk.scorecards.dues import NIGHTS_DUE, SCORES_DUE
from services.risk.scorecards.jobs import scoring_job
from services.risk.scorecards.service import RUN as SCORE
from services.risk.settings import Settings
from services.risk.simulations.jobs import policy_simulation_job
from services.risk.simulations.service import SIMULATE as SIMULATE_POLICY
from services.risk.studies.dues import STUDIES_DUE
from services.risk.studies.jobs import study_job
from services.risk.studies.models import Study
from services.risk.studies.service import RUN
from services.risk.subscriptions import subscriptions
from services.risk.treatments.dues import ACCEPTANCES_DUE, SIMULATIONS_DUE
from services.risk.treatments.simulations import SIMULATE, simulation_job

DUES: Sequence[AnyDue] = (
    CONTRACTS_DUE,
    HOLDS_DUE,
    GRADES_DUE,
    RAISES_DUE,
    NIGHTS_DUE,
    SCORES_DUE,
    SNAPSHOTS_DUE,
    OBLIGATIONS_DUE,
    RISKS_DUE,
    STUDIES_DUE,
    ACCEPTANCES_DUE,
    SIMULATIONS_DUE,
    MARKS_DUE,
    INDICATORS_DUE,
)
PROMPT: Sequence[AnyDue] = (MARKS_DUE, INDICATORS_DUE)
"""Those of them that wait for no others: an alert follows its cause within two seconds."""
KEYS: Sequence[Fill] = (
    names_of(AccountEntry),
    names_of(ContractColumns),
    names_of(ObligationColumns),
    names_of(DisputeColumns),
    names_of(Risk),
    names_of(Control),
    names_of(Scenario),
    names_of(Study),
)
"""What makes the keys of rows that have none."""


def jobs_of(runtime: Runtime) -> Mapping[str, JobHandler]:
    """Kind -> handler of the service's long work."""
    return {
        RUN: study_job(runtime),
        SIMULATE: simulation_job(runtime),
        SCORE: scoring_job(runtime),
        SIMULATE_POLICY: policy_simulation_job(runtime),
    }


def create_worker(runtime: Runtime) -> Worker:
    """The worker on a runtime that its owner starts and stops."""
    patient = [due for due in DUES if due not in PROMPT]
    keys = (*KEYS, fill_partners(runtime.settings))
    return Worker(runtime, subscriptions, jobs_of(runtime), dues=patient, keys=keys, prompt=PROMPT)


async def main() -> None:
    """Run until SIGTERM."""
    await run_worker(make_runtime(Settings()), create_worker)


if __name__ == "__main__":
    uvloop.run(main())
