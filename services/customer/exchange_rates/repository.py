"""SQL of exchange rates."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date
from typing import NamedTuple
from uuid import UUID

from kit.db.database import Tx

_RATES = """
SELECT k.currency, k.day, r.rate FROM unnest($1::text[], $2::date[]) AS k(currency, day)
CROSS JOIN LATERAL (
  SELECT rate FROM exchange_rate e WHERE e.currency = k.currency AND e.base_currency = $3 AND e.valid_from <= k.day
  ORDER BY e.valid_from DESC LIMIT 1
) r
"""


class RateOn(NamedTuple):
    """Base units per unit of a currency on a day."""

    currency: str
    day: date
    rate: str


async def rates_on(tx: Tx, wanted: Collection[tuple[str, date]], base_currency: str) -> list[RateOn]:
    """The rates of (currency, day); those are missing of which there is none."""
    pairs = list(wanted)
    return await tx.rows(RateOn, _RATES, [pair[0] for pair in pairs], [pair[1] for pair in pairs], base_currency)


async def take_off(tx: Tx, ids: Sequence[UUID]) -> None:
    """These rates are said."""
    await tx.execute("UPDATE exchange_rate SET due_at = NULL WHERE id = ANY($1::uuid[])", ids)
