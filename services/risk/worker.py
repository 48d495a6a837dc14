"""Second process of the risk service: consumer, outbox relay, jobs (`python -m services.risk.worker`)."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

from kit.db.key_filler import Fill, names_of
from kit.due.due import AnyDue
from kit.events.worker import Worker
from kit.jobs.jobs import JobHandler
from kit.process import make_runtime, run_worker
from kit.runtime import Runtime
from services.risk.contracts.dues import CONTRACTS_DUE
from services.risk.contracts.models import ContractColumns
from services.risk.controls.models import Control
from services.risk.directory.models import AccountEntry
from services.risk.obligations.judging import OBLIGATIONS_DUE
from services.risk.obligations.models import ObligationColumns
from services.risk.risks.models import Risk
from services.risk.risks.service import RISKS_DUE
from services.risk.settings import Settings
from services.risk.subscriptions import subscriptions

JOBS: Mapping[str, JobHandler] = {}
DUES: Sequence[AnyDue] = (CONTRACTS_DUE, OBLIGATIONS_DUE, RISKS_DUE)
KEYS: Sequence[Fill] = (
    names_of(AccountEntry),
    names_of(ContractColumns),
    names_of(ObligationColumns),
    names_of(Risk),
    names_of(Control),
)
"""What makes the keys of rows that have none."""


def create_worker(runtime: Runtime) -> Worker:
    """The worker on a runtime that its owner starts and stops."""
    return Worker(runtime, subscriptions, JOBS, dues=DUES, keys=KEYS)


async def main() -> None:
    """Run until SIGTERM."""
    await run_worker(make_runtime(Settings()), create_worker)


if __name__ == "__main__":
    asyncio.run(main())
