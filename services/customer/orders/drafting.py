"""Orders that say no more than the quote they are made from."""

from __future__ import annotations

from typing import Any

from kit.errors import FieldError, Invalid, NotHeardYet
from kit.work import Work
from services.customer.accounts import service as accounts
from services.customer.offers import service as offers
from services.customer.offers.models import QuoteEntry
from services.customer.orders.schemas import OrderCreate

SAID = ("currency", "lines")
"""What a body says itself where it names no quote."""


async def of_quote(work: Work, data: OrderCreate) -> OrderCreate:
    """The body with what it leaves out as its quote has it: account, currency, partner, channel, days to pay, lines
    (without tax, which quotes have not) and, with these, their promotions and the points. Raises Invalid where there is
    no quote either, NotHeardYet for one that is not known, or whose account the caller does not see.
    """
    has_account = data.account_id is not None or data.account_ref is not None
    missing = [name for name in SAID if getattr(data, name) is None]
    if has_account and not missing:
        return data
    if data.quote_id is None:
        raise Invalid(errors=[FieldError(f"/{name}", "missing", "required without a quote") for name in missing])
    quote = await offers.quote_of(work, data.quote_id)
    if quote is None or not await accounts.accounts_by_id(work, [quote.account_id]):
        detail = f"no quote {data.quote_id}"
        raise NotHeardYet(detail, errors=[FieldError("/quote_id", "unknown-reference", detail)])
    copied = _copied(quote, has_account)
    if "lines" not in missing:
        del copied["promotions"], copied["points"]
    return OrderCreate.model_validate({**copied, **data.given()})


def _copied(quote: QuoteEntry, has_account: bool) -> dict[str, Any]:
    lines = [line.model_dump(include={"sku", "quantity", "unit_price", "discount"}) for line in quote.lines]
    said = {"currency", "partner_id", "channel_id", "payment_terms_days"} | (set() if has_account else {"account_id"})
    promotions = [
        {"promotion_id": str(one.promotion_id), "line_no": number, "discount": one.discount}
        for number, line in enumerate(quote.lines, 1)
        for one in line.promotions
    ]
    also = {"lines": lines, "promotions": promotions, "points": quote.points or None}
    return {**quote.model_dump(mode="json", include=said), **also}
