"""Events of cases and of the life of customers, folded into losses."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from kit.db.database import Tx
from kit.events.handlers import Fact
from services.risk.events_in.customer import CaseHeard, LifecycleHeard
from services.risk.losses import repository
from services.risk.losses.models import CaseRemedy, ChurnedAccount

CHURNED = "churned"


async def on_case(tx: Tx, facts: Sequence[Fact[CaseHeard]]) -> None:
    """Keep what each case cost by its latest version, also that it costs nothing any more."""
    latest: dict[UUID, CaseHeard] = {}
    for fact in facts:
        known = latest.get(fact.data.id)
        if known is None or known.version < fact.data.version:
            latest[fact.data.id] = fact.data
    rows = [
        CaseRemedy(
            case_id=one.id,
            account_id=one.account_id,
            day=one.opened_on,
            cost=one.remedy.cost_base if one.remedy is not None else 0,
            version=one.version,
        )
        for _id, one in sorted(latest.items())
    ]
    await repository.put_remedies(tx, rows)


async def on_stage(tx: Tx, facts: Sequence[Fact[LifecycleHeard]]) -> None:
    """Keep which accounts left, and when; one that comes back was lost all the same."""
    left = sorted({(fact.data.account_id, fact.data.business_date) for fact in facts if fact.data.to_stage == CHURNED})
    await repository.add_churned(tx, [ChurnedAccount(account_id=account_id, day=day) for account_id, day in left])
