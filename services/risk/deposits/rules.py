"""Pure rules of money that is named for an order: whose cover it is."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple
from uuid import UUID


class Waiting(NamedTuple):
    """Money on account (minor units of the base currency) that waits for an order to be confirmed, as the order stands
    now: what it has in the ledger, and whether it was cancelled (then nothing can wait for it)."""

    account_id: UUID
    order_id: UUID
    currency: str
    amount: int
    exposure: int
    is_cancelled: bool


@dataclass(frozen=True, slots=True)
class Named:
    """Of the money of an account, what waits for the order that is placed, and what may be used by no order but others
    (or by none, being of another currency than its order has now)."""

    here: int = 0
    elsewhere: int = 0


UNNAMED = Named()


def named_money(waiting: Iterable[Waiting], order_id: UUID, currency: str) -> Named:
    """What of the money that waits is for this order, and what is for others: of those that hold credit already, only
    what is more than they hold, for the balance has their credit and their money against each other."""
    here, unfit = 0, 0
    others: dict[UUID, tuple[int, int]] = {}
    for one in waiting:
        if one.is_cancelled:
            continue
        if one.order_id != order_id:
            amount, exposure = others.get(one.order_id, (0, one.exposure))
            others[one.order_id] = amount + one.amount, exposure
        elif one.currency == currency:
            here += one.amount
        else:
            unfit += one.amount
    return Named(here, unfit + sum(max(0, amount - max(0, exposure)) for amount, exposure in others.values()))
