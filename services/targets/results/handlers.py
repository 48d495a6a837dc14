"""Events of results: what is kept of them (projections), and who is credited (reactions)."""

from __future__ import annotations

from collections.abc import Sequence

from kit.db.database import Tx
from kit.events.handlers import Fact
from kit.work import Work
from services.targets.events_in import OrderConfirmed
from services.targets.events_in.channels import ConflictResolvedHeard
from services.targets.events_in.customer import (
    ActivityHeard,
    OpportunityHeard,
    OrderCancelledHeard,
    PaymentHeard,
    SurveyAnsweredHeard,
)
from services.targets.results import allocations, repository, service, splits
from services.targets.results.models import FreedOrder

CANCELLED = "customer.order.cancelled.v1"


async def project_cash(tx: Tx, facts: Sequence[Fact[PaymentHeard]]) -> None:
    """Keep what payments allocate."""
    await repository.put_cash(tx, [row for fact in facts for row in allocations.allocated(fact.event, fact.data)])


async def project_freed(tx: Tx, facts: Sequence[Fact[OrderCancelledHeard]]) -> None:
    """Nothing is kept for an order that was cancelled."""
    await repository.put_freed(tx, [FreedOrder(order_id=order_id) for order_id in sorted({f.data.id for f in facts})])


async def on_paid(work: Work, facts: Sequence[Fact[PaymentHeard]]) -> None:
    """Credit the cash."""
    await allocations.credit_cash(work, facts)


async def on_order_confirmed(work: Work, facts: Sequence[Fact[OrderConfirmed]]) -> None:
    """Runs after the handler that credits orders, in its transaction."""
    await allocations.credit_kept(work, {fact.data.id: fact.event for fact in facts})


async def on_conflict_resolved(work: Work, facts: Sequence[Fact[ConflictResolvedHeard]]) -> None:
    """Runs after the handler that credits orders by the split, in its transaction."""
    await splits.recredit_results(work, facts)


async def on_activity(work: Work, facts: Sequence[Fact[ActivityHeard]]) -> None:
    """Credit visits."""
    await service.credit_visits(work, facts)


async def on_closed(work: Work, facts: Sequence[Fact[OpportunityHeard]]) -> None:
    """Credit the closing."""
    await service.credit_closings(work, facts)


async def on_reopened(work: Work, facts: Sequence[Fact[OpportunityHeard]]) -> None:
    """Take the closing back."""
    await service.reverse_closings(work, facts)


async def on_answer(work: Work, facts: Sequence[Fact[SurveyAnsweredHeard]]) -> None:
    """Credit the answer."""
    await service.credit_answers(work, facts)
