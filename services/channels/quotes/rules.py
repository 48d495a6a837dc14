"""Pure rules of quotes: states, until when a quote holds, how amounts in base currency are found."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from kit.errors import Conflict, Invalid
from kit.money import allocate
from kit.transitions import Move, Moves
from services.channels.quotes.enums import QuoteState

_LIVE = (QuoteState.PENDING_APPROVAL, QuoteState.ISSUED)
MOVES: Moves[QuoteState] = {
    "approve": Move((QuoteState.PENDING_APPROVAL,), QuoteState.ISSUED),
    "reject": Move((QuoteState.PENDING_APPROVAL,), QuoteState.REJECTED),
    "withdraw": Move(_LIVE, QuoteState.WITHDRAWN),
}
REVISABLE = (*_LIVE, QuoteState.REJECTED)
"""States in which a next version of the terms may be written."""
MAX_PARTS = 500
"""Most (line, promotion) pairs of a quote: an order from it, and the events of both, carry them all."""
_TICK = timedelta(microseconds=1)


class TooManyParts(Invalid):
    code, title = "too-many-parts", f"More than {MAX_PARTS} pairs of a line and a promotion"


class GiftNotOffered(Invalid):
    code, title = "gift-not-offered", "A gift is taken that is not offered"


class SkuInactive(Invalid):
    code, title = "sku-inactive", "A product is not sold any more"


class PartnerInactive(Invalid):
    code, title = "partner-inactive", "The partner is not active"


class ChannelArchived(Invalid):
    code, title = "channel-archived", "The channel is offered no more"


class ValidityInvalid(Invalid):
    code, title = "validity-invalid", "The quote would not hold today"


class ExchangeRateMissing(Conflict):
    code, title, retryable = "exchange-rate-missing", "No exchange rate of the currency is known for the day", True


class AccountArchived(Conflict):
    code, title = "account-archived", "The account is archived"


class QuoteRevised(Conflict):
    code, title = "quote-revised", "The quote has another version than the one that is named"


class QuoteOverdue(Conflict):
    code, title = "quote-expired", "The last day of the quote has passed"


def valid_until(quote_date: date, valid_days: int, ends: Iterable[date]) -> date:
    """The last day: `valid_days` after the quote's date, or the first end of all that its prices were found from.

    >>> valid_until(date(2026, 2, 10), 30, [])
    datetime.date(2026, 3, 12)
    """
    return min([quote_date + timedelta(days=valid_days), *ends])


def last_day(ends_at: datetime, timezone: str) -> date:
    """The last calendar day, in the company's zone, with a moment before an end."""
    return (ends_at - _TICK).astimezone(ZoneInfo(timezone)).date()


def spread_by_content(total: int, weights: Sequence[int], contents: Sequence[tuple[str | int, ...]]) -> list[int]:
    """`total` in proportion to the weights; which line gets what is left over never depends on their order: of equal
    remainders the line that comes first by its content. No weight: nothing.

    >>> spread_by_content(100, [1, 1, 1], [("C",), ("A",), ("B",)])
    [33, 34, 33]
    """
    if not any(weights):
        return [0] * len(weights)
    order = sorted(range(len(weights)), key=lambda place: contents[place])
    parts = [0] * len(weights)
    for place, part in zip(order, allocate(total, [weights[place] for place in order]), strict=True):
        parts[place] = part
    return parts
