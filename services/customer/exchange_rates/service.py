"""Use cases of exchange rates."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date

from kit import clock
from kit.db.rows import insert_rows, select_sql
from kit.errors import Conflict, FieldError, Invalid
from kit.events import outbox
from kit.ids import new_id
from kit.records import audit_added
from kit.work import Work
from services.customer.events_out.exchange_rates import ExchangeRateSet
from services.customer.exchange_rates import repository
from services.customer.exchange_rates.models import DueRate, ExchangeRate
from services.customer.exchange_rates.rules import ExchangeRateInvalid, check_rate
from services.customer.exchange_rates.schemas import ExchangeRateCreate


class DuplicateExchangeRate(Conflict):
    code, title = "duplicate-exchange-rate", "That day has a rate of this currency; a rate never changes"


async def rate_on(work: Work, currency: str, day: date) -> str | None:
    """Base units per unit of a currency on a day; None where there is no rate."""
    if currency == work.base_currency:
        return "1"
    sql = select_sql(
        ExchangeRate, "currency = $1 AND base_currency = $2 AND valid_from <= $3 ORDER BY valid_from DESC LIMIT 1"
    )
    found = await work.tx.row(ExchangeRate, sql, currency, work.base_currency, day)
    return found.rate if found else None


async def rates_on(work: Work, wanted: Collection[tuple[str, date]]) -> dict[tuple[str, date], str]:
    """Base units per unit of (currency, day); those are missing of which there is no rate."""
    base = work.base_currency
    found = await repository.rates_on(work.tx, {one for one in wanted if one[0] != base}, base)
    return {one: "1" for one in wanted if one[0] == base} | {(one.currency, one.day): one.rate for one in found}


async def create_rate(work: Work, data: ExchangeRateCreate) -> ExchangeRate:
    """Add a rate and say so; raises ExchangeRateInvalid, Invalid for the base currency, DuplicateExchangeRate."""
    if data.currency == work.base_currency:
        detail = "the base currency needs no rate"
        raise Invalid(detail, errors=[FieldError("/currency", "base-currency", detail)])
    try:
        check_rate(data.rate, data.currency, work.base_currency)
    except ExchangeRateInvalid as error:
        raise ExchangeRateInvalid(error.detail, errors=[FieldError("/rate", error.code, error.detail)]) from None
    rate = ExchangeRate(
        **data.model_dump(),
        id=new_id(),
        base_currency=work.base_currency,
        created_by=work.actor.subject,
        created_at=clock.now(),
    )
    if not await insert_rows(work.tx, DueRate, [DueRate(**rate.model_dump())], "ON CONFLICT DO NOTHING"):
        raise DuplicateExchangeRate()
    await outbox.say(work, [(ExchangeRateSet.of(rate, business_date=work.today), 1)])
    await audit_added(work, "exchange_rate", rate.id, data.model_dump(mode="json"))
    return rate


async def tell_rates(work: Work, rows: Sequence[DueRate]) -> None:
    """Say the rates that were entered before they had an event; those of another base currency are nobody's."""
    mine = sorted((row for row in rows if row.base_currency == work.base_currency), key=lambda row: row.valid_from)
    await repository.take_off(work.tx, [row.id for row in rows])
    await outbox.say(work, [(ExchangeRateSet.of(row, business_date=work.today), 1) for row in mine])
