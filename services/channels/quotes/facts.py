"""What is told of a change of a quote."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from kit.events.contract import same_fields
from kit.records import Change
from services.channels.events_out.quotes import (
    QuoteAccepted,
    QuoteExpired,
    QuoteIssued,
    QuoteLine,
    QuotePromotion,
    QuoteWithdrawn,
)
from services.channels.quotes import models
from services.channels.quotes.enums import QuoteState
from services.channels.quotes.models import Quote, QuotePart

QuoteFact = QuoteIssued | QuoteAccepted | QuoteExpired | QuoteWithdrawn


def said(
    one: Change[Quote], lines: Sequence[models.QuoteLine], parts: Sequence[QuotePart], base_currency: str, today: date
) -> QuoteFact | None:
    """The fact, if others must know: that an order may be made from a quote, or no longer. What was never issued
    ends unsaid; an issued quote whose next version waits for approval is withdrawn until then."""
    more = {
        "lines": _lines(lines, parts),
        "base_currency": base_currency,
        "points": one.after.points,
        "changed": one.changed,
        "business_date": today,
    }
    if one.after.state is QuoteState.ISSUED:
        return QuoteIssued.of(one.after, **more)
    if one.after.state is QuoteState.ACCEPTED:
        return QuoteAccepted.of(one.after, **more)
    if one.before is None or one.before.state not in (QuoteState.ISSUED, QuoteState.ACCEPTED):
        return None
    if one.after.state is QuoteState.EXPIRED:
        return QuoteExpired.of(one.after, **more | {"business_date": one.after.valid_until + timedelta(days=1)})
    is_withdrawn = one.after.state in (QuoteState.WITHDRAWN, QuoteState.PENDING_APPROVAL)
    return QuoteWithdrawn.of(one.after, **more) if is_withdrawn else None


def _lines(lines: Sequence[models.QuoteLine], parts: Sequence[QuotePart]) -> list[QuoteLine]:
    given: dict[int, list[QuotePromotion]] = {}
    for part in parts:
        given.setdefault(part.line_no, []).append(
            QuotePromotion(promotion_id=part.promotion_id, discount=part.discount)
        )
    return [QuoteLine(**same_fields(QuoteLine, line), promotions=given.get(line.line_no, [])) for line in lines]
