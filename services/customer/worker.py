"""Second process of the customer service: consumer, outbox relay, jobs (`python -m services.customer.worker`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import uvloop

from kit.db.key_filler import Fill, names_of
from kit.due.due import AnyDue
from kit.events.worker import Worker
from kit.jobs.jobs import JobHandler
from kit.process import run_worker
from kit.runtime import Runtime, make_runtime
from services.customer.access import PERMISSIONS
from services.customer.accounts.dues import NIGHTLY_DUE, TYPES_DUE
from services.customer.accounts.jobs import QUALITY, fill_tax_ids, fill_weights, quality_job
from services.customer.accounts.models import AccountColumns
from services.customer.cases.dues import CASES_DUE
from services.customer.churn.jobs import fit_job, monthly_job
from services.customer.churn.service import FIT, MONTHLY
from services.customer.contacts.models import ContactColumns
from services.customer.custom_fields.jobs import index_job
from services.customer.custom_fields.service import INDEX
from services.customer.exchange_rates.dues import RATES_DUE
from services.customer.grading.jobs import grading_job
from services.customer.grading.service import GRADE
from services.customer.identity.dues import IDENTITY_DUE
from services.customer.identity.jobs import SCAN, scan_job
from services.customer.imports.dues import IMPORTS_DUE
from services.customer.imports.jobs import import_job, revert_job
from services.customer.imports.service import REVERT
from services.customer.imports.service import RUN as IMPORT
from services.customer.leads.models import LeadColumns
from services.customer.lifecycle.dues import LIFECYCLE_DUE, MARKS_DUE
from services.customer.opportunities.models import Opportunity
from services.customer.orders.dues import OVERDUE_DUE
from services.customer.orders.metrics import orders_by_state
from services.customer.ownership.jobs import follow_job
from services.customer.ownership.service import FOLLOW
from services.customer.rfm.jobs import rfm_job
from services.customer.rfm.service import RFM
from services.customer.roles import REACHES
from services.customer.rule_sets.jobs import run_job
from services.customer.rule_sets.service import RUN
from services.customer.satisfaction.dues import SATISFACTION_DUE, SATISFACTION_MARKS_DUE
from services.customer.segments.dues import SEGMENTS_DUE
from services.customer.segments.models import Segment
from services.customer.settings import Settings
from services.customer.subscriptions import subscriptions
from services.customer.surveys.models import Survey
from services.customer.transfers.jobs import history_job, transfer_job
from services.customer.transfers.service import HISTORY, TRANSFER

DUES: Sequence[AnyDue] = (
    OVERDUE_DUE,
    TYPES_DUE,
    NIGHTLY_DUE,
    IDENTITY_DUE,
    CASES_DUE,
    MARKS_DUE,
    LIFECYCLE_DUE,
    SATISFACTION_MARKS_DUE,
    SATISFACTION_DUE,
    SEGMENTS_DUE,
    IMPORTS_DUE,
    RATES_DUE,
)
KEYS: Sequence[Fill] = (
    names_of(AccountColumns),
    names_of(ContactColumns),
    names_of(Opportunity),
    names_of(LeadColumns),
    names_of(Survey),
    names_of(Segment),
    fill_tax_ids,
    fill_weights,
)
"""What makes the keys of rows that have none."""


def jobs_of(runtime: Runtime) -> Mapping[str, JobHandler]:
    """Kind -> handler of the service's long work."""
    return {
        RUN: run_job(runtime),
        RFM: rfm_job(runtime),
        GRADE: grading_job(runtime),
        FIT: fit_job(runtime),
        MONTHLY: monthly_job(runtime),
        QUALITY: quality_job(runtime),
        FOLLOW: follow_job(runtime),
        TRANSFER: transfer_job(runtime),
        HISTORY: history_job(runtime),
        SCAN: scan_job(runtime),
        INDEX: index_job(runtime),
        IMPORT: import_job(runtime, PERMISSIONS, REACHES),
        REVERT: revert_job(runtime, PERMISSIONS, REACHES),
    }


def create_worker(runtime: Runtime) -> Worker:
    """The worker on a runtime that its owner starts and stops."""
    return Worker(runtime, subscriptions, jobs_of(runtime), [orders_by_state(runtime.metrics)], DUES, KEYS)


async def main() -> None:
    """Run until SIGTERM."""
    await run_worker(make_runtime(Settings()), create_worker)


if __name__ == "__main__":
    uvloop.run(main())
