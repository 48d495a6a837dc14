"""What other slices ask of the read side."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from kit.work import Work
from services.channels.sales import repository
from services.channels.sales.models import (
    AccountFact,
    Ordered,
    OrdersAsked,
    Place,
    SaleReturn,
    SoldAsked,
    SoldOrder,
)


async def known_accounts(work: Work, account_ids: Sequence[UUID]) -> set[UUID]:
    """Which of these ids are accounts that were heard of."""
    return await repository.known_accounts(work.tx, account_ids) if account_ids else set()


async def rate_on(work: Work, currency: str, day: date) -> str | None:
    """Base units per unit of a currency on a day, as decimal text; None while none is known."""
    return await repository.rate_on(work.tx, currency, day)


async def rates_on(work: Work, currencies: Sequence[str], day: date) -> dict[str, str]:
    """Base units per unit of each currency on a day, as decimal text; without those of which none is known."""
    found = await repository.rates_on(work.tx, currencies, day) if set(currencies) - {work.base_currency} else {}
    return {**found, work.base_currency: "1"}


async def find_account(work: Work, account_id: UUID) -> AccountFact | None:
    """An account as it was heard of; None while it was not."""
    return await repository.find_account(work.tx, account_id)


async def accounts_by_id(work: Work, account_ids: Sequence[UUID]) -> dict[UUID, AccountFact]:
    """Those of these accounts that were heard of, by id."""
    return {row.id: row for row in await repository.accounts_by_id(work.tx, account_ids)} if account_ids else {}


async def owners_of(work: Work, account_ids: Sequence[UUID]) -> dict[UUID, UUID | None]:
    """Owners of accounts that were heard of."""
    return await repository.owners_of(work.tx, account_ids) if account_ids else {}


async def ordered_by(work: Work, account_ids: Sequence[UUID]) -> Ordered:
    """What accounts that are one have ordered so far."""
    return await repository.ordered_by(work.tx, account_ids)


async def accounts_with_orders(work: Work, account_ids: Sequence[UUID]) -> set[UUID]:
    """Which accounts have an order that counts and did not come back as a whole."""
    return await repository.accounts_with_orders(work.tx, account_ids) if account_ids else set()


async def sold_by_partners(work: Work, asked: Sequence[SoldAsked]) -> dict[UUID, int]:
    """What partners sold, net of returns, by key; without those that sold nothing."""
    return await repository.sold_by_partners(work.tx, asked) if asked else {}


async def next_orders(work: Work, asked: OrdersAsked, after: Place, limit: int) -> list[SoldOrder]:
    """The confirmed orders that follow a place."""
    return await repository.next_orders(work.tx, asked, after, limit)


async def returns_of(work: Work, order_ids: Sequence[UUID]) -> list[SaleReturn]:
    """Returns of orders, those of each in their order."""
    return await repository.returns_of(work.tx, order_ids) if order_ids else []
