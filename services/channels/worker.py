"""Second process of the channels service: consumer, outbox relay, jobs (`python -m services.channels.worker`)."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

from kit.db.key_filler import Fill, names_of
from kit.due.due import AnyDue
from kit.events.worker import Worker
from kit.jobs.jobs import JobHandler
from kit.process import make_runtime, run_worker
from kit.runtime import Runtime
from services.channels.channels.models import Channel
from services.channels.partners.models import Partner
from services.channels.price_books.models import PriceBook
from services.channels.products.models import Product
from services.channels.programmes.models import RebateProgramme
from services.channels.promotion_groups.models import PromotionGroup
from services.channels.promotions.dues import PROMOTIONS_DUE
from services.channels.promotions.models import Promotion
from services.channels.settings import Settings
from services.channels.subscriptions import subscriptions

JOBS: Mapping[str, JobHandler] = {}
DUES: Sequence[AnyDue] = (PROMOTIONS_DUE,)
KEYS: Sequence[Fill] = (
    names_of(Channel),
    names_of(Partner),
    names_of(PriceBook),
    names_of(Product),
    names_of(Promotion),
    names_of(PromotionGroup),
    names_of(RebateProgramme),
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
