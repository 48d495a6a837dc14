"""What channels offers -> channels, promotions and quotes by id (projections: pure functions of the events)."""

from __future__ import annotations

from collections.abc import Sequence

from kit.db.database import Tx
from kit.events.handlers import Fact
from services.customer.events_in.channels import ChannelHeard, PromotionHeard, QuoteHeard
from services.customer.offers import repository
from services.customer.offers.models import ChannelEntry, PromotionEntry, QuotedLine, QuoteEntry


async def project_channel(tx: Tx, facts: Sequence[Fact[ChannelHeard]]) -> None:
    """Keep kind and activity of each channel."""
    latest = {fact.data.id: fact.data for fact in facts}
    rows = [ChannelEntry(**latest[key].model_dump(exclude={"name"})) for key in sorted(latest)]
    await repository.put_channels(tx, rows)


async def project_promotion(tx: Tx, facts: Sequence[Fact[PromotionHeard]]) -> None:
    """Keep code and state of each promotion."""
    latest = {fact.data.id: fact.data for fact in facts}
    await repository.put_promotions(tx, [PromotionEntry(**latest[key].model_dump()) for key in sorted(latest)])


async def project_quote(tx: Tx, facts: Sequence[Fact[QuoteHeard]]) -> None:
    """Keep what each quote offers."""
    latest = {fact.data.id: fact.data for fact in facts}
    await repository.put_quotes(tx, [_quote(latest[key]) for key in sorted(latest)])


def _quote(said: QuoteHeard) -> QuoteEntry:
    kept = set(QuoteEntry.model_fields) - {"lines"}
    lines = tuple(QuotedLine(**line.model_dump(include=set(QuotedLine.model_fields))) for line in said.lines)
    return QuoteEntry(**said.model_dump(include=kept), lines=lines)
