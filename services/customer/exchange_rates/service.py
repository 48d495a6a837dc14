"""Use cases of exchange rates."""

from __future__ import annotations

from typing import Any

from kit import clock
from kit.db.database import Tx
from kit.errors import Conflict, FieldError, Invalid
from kit.ids import new_id
from kit.security import audit
from services.customer.deps import Desk
from services.customer.exchange_rates import repository
from services.customer.exchange_rates.rules import ExchangeRateInvalid, check_rate
from services.customer.exchange_rates.schemas import ExchangeRateCreate


class DuplicateExchangeRate(Conflict):
    code, title = "duplicate-exchange-rate", "That day has a rate of this currency; a rate never changes"


async def create_rate(tx: Tx, desk: Desk, data: ExchangeRateCreate) -> dict[str, Any]:
    """Add a rate; raises ExchangeRateInvalid, Invalid for the base currency, DuplicateExchangeRate."""
    if data.currency == desk.base_currency:
        detail = "the base currency needs no rate"
        raise Invalid(detail, errors=[FieldError("/currency", "base-currency", detail)])
    try:
        check_rate(data.rate, data.currency, desk.base_currency)
    except ExchangeRateInvalid as error:
        raise ExchangeRateInvalid(error.detail, errors=[FieldError("/rate", error.code, error.detail)]) from None
    rate = {
        **data.model_dump(),
        "id": new_id(),
        "base_currency": desk.base_currency,
        "created_by": desk.actor.subject,
        "created_at": clock.now(),
    }
    if not await repository.add_rate(tx, rate):
        raise DuplicateExchangeRate()
    await audit.record(
        tx,
        actor=desk.actor.subject,
        roles=sorted(desk.actor.roles),
        action="create",
        resource="exchange_rate",
        resource_id=str(rate["id"]),
        before=None,
        after=data.model_dump(mode="json"),
        key=desk.key,
    )
    return rate
