"""Events of opportunities."""

from __future__ import annotations

from collections.abc import Sequence

from kit.db.database import Tx
from kit.events.handlers import Fact
from services.risk.events_in.customer import OpportunityHeard
from services.risk.pipeline import repository
from services.risk.pipeline.enums import PipelineForecast, PipelineState
from services.risk.pipeline.models import PipelineOpportunity


async def on_opportunity(tx: Tx, facts: Sequence[Fact[OpportunityHeard]]) -> None:
    """An opportunity is as its latest version says: after a merge its events have another key, and no order between
    them and those before."""
    latest = {fact.data.id: fact.data for fact in sorted(facts, key=lambda fact: fact.data.version)}
    rows = [
        PipelineOpportunity(
            id=one.id,
            account_id=one.account_id,
            state=PipelineState(one.state),
            amount=one.amount_base,
            expected_close=one.expected_close,
            forecast_category=PipelineForecast(one.forecast_category),
            version=one.version,
        )
        for _id, one in sorted(latest.items())
    ]
    await repository.put_opportunities(tx, rows)
