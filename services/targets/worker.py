"""Second process of the targets service: consumer, outbox relay, jobs (`python -m services.targets.worker`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import uvloop

from kit.db.key_filler import Fill, names_of
from kit.due.due import AnyDue
from kit.events.worker import Worker
from kit.jobs.jobs import JobHandler
from kit.process import run_worker
from kit.runtime import Runtime, make_runtime
from services.targets.access import PERMISSIONS
from services.targets.action_plans.dues import ACTION_PLANS_DUE
from services.targets.action_plans.models import ActionPlan
from services.targets.adjustments.dues import ADJUSTMENTS_DUE
from services.targets.alerts.dues import JUDGINGS_DUE
from services.targets.attainment.jobs import REBUILD, rebuild_job
from services.targets.credits.jobs import correct_job
from services.targets.credits.service import CORRECT
from services.targets.decompositions.cascading import CASCADE
from services.targets.decompositions.jobs import cascade_job
from services.targets.forecasts.jobs import backtest_job
from services.targets.forecasts.service import BACKTEST
from services.targets.kpis.models import Kpi
from services.targets.plans.models import Plan
from services.targets.reorganisations.dues import LEADS_DUE
from services.targets.reports.dues import REPORTS_DUE
from services.targets.roles import REACHES
from services.targets.settings import Settings
from services.targets.subscriptions import subscriptions
from services.targets.targets.dues import CLOSINGS_DUE
from services.targets.targets.models import Target
from services.targets.territories.models import Territory
from services.targets.units.models import Unit
from services.targets.updates.dues import MARKS_DUE, NEWS_DUE

DUES: Sequence[AnyDue] = (
    *(CLOSINGS_DUE, JUDGINGS_DUE, ACTION_PLANS_DUE, ADJUSTMENTS_DUE, REPORTS_DUE, LEADS_DUE),
    *(MARKS_DUE, NEWS_DUE),
)
KEYS: Sequence[Fill] = (
    names_of(ActionPlan),
    names_of(Kpi),
    names_of(Plan),
    names_of(Target),
    names_of(Territory),
    names_of(Unit),
)
"""What makes the keys of rows that have none."""


def jobs_of(runtime: Runtime) -> Mapping[str, JobHandler]:
    """Kind -> handler of the service's long work."""
    return {
        REBUILD: rebuild_job(runtime, subscriptions),
        CORRECT: correct_job(runtime),
        BACKTEST: backtest_job(runtime),
        CASCADE: cascade_job(runtime, PERMISSIONS, REACHES),
    }


def create_worker(runtime: Runtime) -> Worker:
    """The worker on a runtime that its owner starts and stops."""
    return Worker(runtime, subscriptions, jobs_of(runtime), dues=DUES, keys=KEYS)


async def main() -> None:
    """Run until SIGTERM."""
    await run_worker(make_runtime(Settings()), create_worker)


if __name__ == "__main__":
    uvloop.run(main())
