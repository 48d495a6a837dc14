"""Second process of the customer service: consumer, outbox relay, jobs (`python -m services.customer.worker`)."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

from kit.db.key_filler import Fill, names_of
from kit.due.due import AnyDue
from kit.events.worker import Worker
from kit.jobs.jobs import JobHandler
from kit.process import make_runtime, run_worker
from kit.runtime import Runtime
from services.customer.accounts.dues import NIGHTLY_DUE, TYPES_DUE
from services.customer.accounts.jobs import QUALITY, fill_tax_ids, fill_weights, quality_job
from services.customer.accounts.models import AccountColumns
from services.customer.contacts.models import ContactColumns
from services.customer.orders.metrics import orders_by_state
from services.customer.ownership.jobs import follow_job
from services.customer.ownership.service import FOLLOW
from services.customer.rule_sets.jobs import run_job
from services.customer.rule_sets.service import RUN
from services.customer.settings import Settings
from services.customer.subscriptions import subscriptions
from services.customer.transfers.jobs import transfer_job
from services.customer.transfers.service import TRANSFER

DUES: Sequence[AnyDue] = (TYPES_DUE, NIGHTLY_DUE)
KEYS: Sequence[Fill] = (names_of(AccountColumns), names_of(ContactColumns), fill_tax_ids, fill_weights)
"""What makes the keys of rows that have none."""


def jobs_of(runtime: Runtime) -> Mapping[str, JobHandler]:
    """Kind -> handler of the service's long work."""
    return {
        RUN: run_job(runtime),
        QUALITY: quality_job(runtime),
        FOLLOW: follow_job(runtime),
        TRANSFER: transfer_job(runtime),
    }


def create_worker(runtime: Runtime) -> Worker:
    """The worker on a runtime that its owner starts and stops."""
    return Worker(runtime, subscriptions, jobs_of(runtime), [orders_by_state(runtime.metrics)], DUES, KEYS)


async def main() -> None:
    """Run until SIGTERM."""
    await run_worker(make_runtime(Settings()), create_worker)


if __name__ == "__main__":
    asyncio.run(main())
