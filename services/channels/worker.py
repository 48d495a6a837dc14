"""Second process of the channels service: consumer, outbox relay, jobs (`python -m services.channels.worker`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import uvloop

from kit.db.key_filler import Fill, folded_of, names_of
from kit.due.due import AnyDue
from kit.events.worker import Worker
from kit.jobs.jobs import JobHandler
from kit.process import run_worker
from kit.runtime import Runtime, make_runtime
from services.channels.agreements.dues import AGREEMENTS_DUE
from services.channels.channels.models import Channel
from services.channels.conflicts.dues import CONFLICTS_DUE
from services.channels.coupons.jobs import coupons_job
from services.channels.coupons.service import GENERATE
from services.channels.deals.dues import DEALS_DUE
from services.channels.deals.models import Deal
from services.channels.directory.models import AccountIdentity
from services.channels.partner_contacts.models import PartnerContactColumns
from services.channels.partner_documents.dues import PARTNER_DOCUMENTS_DUE
from services.channels.partners.models import Partner
from services.channels.points.dues import POINTS_DUE
from services.channels.points.models import PointsProgramme
from services.channels.points_draws.dues import DRAWS_DUE
from services.channels.points_draws.models import PointsDraw
from services.channels.price_books.models import PriceBook
from services.channels.products.models import Product
from services.channels.programmes.models import RebateProgramme
from services.channels.programmes.service import CATCH_UP
from services.channels.promotion_groups.models import PromotionGroup
from services.channels.promotions.dues import PROMOTIONS_DUE
from services.channels.promotions.models import Promotion
from services.channels.quotes.dues import QUOTES_DUE
from services.channels.rebates.jobs import catch_up_job
from services.channels.sales.models import AccountFact
from services.channels.settings import Settings
from services.channels.simulations.jobs import simulation_job
from services.channels.simulations.service import SIMULATE
from services.channels.statements.jobs import statements_job
from services.channels.statements.service import CALCULATE
from services.channels.subscriptions import subscriptions
from services.channels.terms.dues import TERMS_DUE
from services.channels.tier_evaluations.jobs import evaluation_job, publication_job
from services.channels.tier_evaluations.publication import PUBLISH
from services.channels.tier_evaluations.service import EVALUATE
from services.channels.tier_programmes.models import TierProgramme
from services.channels.trainings.models import Training

DUES: Sequence[AnyDue] = (
    AGREEMENTS_DUE,
    CONFLICTS_DUE,
    DEALS_DUE,
    DRAWS_DUE,
    PARTNER_DOCUMENTS_DUE,
    POINTS_DUE,
    PROMOTIONS_DUE,
    QUOTES_DUE,
    TERMS_DUE,
)
KEYS: Sequence[Fill] = (
    folded_of(AccountFact, "name_key"),
    folded_of(AccountIdentity, "name_key"),
    folded_of(Deal, "name_key"),
    names_of(Channel),
    names_of(Partner),
    names_of(PartnerContactColumns),
    names_of(PointsDraw),
    names_of(PointsProgramme),
    names_of(PriceBook),
    names_of(Product),
    names_of(Promotion),
    names_of(PromotionGroup),
    names_of(RebateProgramme),
    names_of(TierProgramme),
    names_of(Training),
)
"""What makes the keys of rows that have none."""


def jobs_of(runtime: Runtime) -> Mapping[str, JobHandler]:
    """Kind -> handler of the service's long work."""
    return {
        EVALUATE: evaluation_job(runtime),
        PUBLISH: publication_job(runtime),
        CALCULATE: statements_job(runtime),
        GENERATE: coupons_job(runtime),
        CATCH_UP: catch_up_job(runtime),
        SIMULATE: simulation_job(runtime),
    }


def create_worker(runtime: Runtime) -> Worker:
    """The worker on a runtime that its owner starts and stops."""
    return Worker(runtime, subscriptions, jobs_of(runtime), dues=DUES, keys=KEYS)


async def main() -> None:
    """Run until SIGTERM."""
    await run_worker(make_runtime(Settings()), create_worker)


if __name__ == "__main__":
    uvloop.run(main())
