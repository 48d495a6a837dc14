"""The rebate ledger as a fold over the service's own accrual facts; live and rebuild run the same fold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any
from uuid import UUID

from kit.db.database import Tx
from kit.events.envelope import Event
from kit.ids import derived_id
from services.channels.rebates import repository
from services.channels.rebates.enums import LedgerAccount

_ACCOUNT = ("partner_id", "programme_id", "programme_version", "period_start", "period_end", "currency")
_INPUTS = (
    *_ACCOUNT,
    "kind",
    "tiers",
    "order_id",
    "order_date",
    "posting_date",
    "volume",
    "position_before",
    "position_after",
    "amount",
    "slices",
    "source_event_id",
)


@lru_cache(maxsize=4096)
def account_id(partner_id: object, programme_id: object, programme_version: int, period_start: object) -> UUID:
    """Id of the account of a partner in a programme version's period."""
    return derived_id("rebate_account", partner_id, programme_id, programme_version, period_start)


def account_row(terms: Mapping[str, Any], position: int = 0, accrued: int = 0) -> dict[str, Any]:
    """A row of rebate_account from the fields that name it."""
    named = {name: terms[name] for name in _ACCOUNT}
    key = account_id(terms["partner_id"], terms["programme_id"], terms["programme_version"], terms["period_start"])
    return {"id": key, **named, "position": position, "accrued": accrued}


async def apply_accruals(tx: Tx, events: Sequence[Event]) -> None:
    """Write accrual facts in order: accounts first (the lock of the ledger), then accruals and their two sides."""
    accounts: dict[UUID, dict[str, Any]] = {}
    accruals, entries = [], []
    for event in events:
        fact = event.payload
        row = account_row(fact)
        known = accounts.setdefault(row["id"], row)
        known["position"] += fact["volume"]
        known["accrued"] += fact["amount"]
        inputs = {name: fact[name] for name in _INPUTS}
        accruals.append({"id": event.id, "account_id": row["id"], **inputs, "recorded_at": event.time})
        entries += _sides(event, row["id"])
    await repository.add_to_accounts(tx, [row for _id, row in sorted(accounts.items())])
    await repository.add_accruals(tx, accruals)
    await repository.add_entries(tx, entries)


def _sides(event: Event, account: UUID) -> list[dict[str, Any]]:
    fact = event.payload
    signed = ((LedgerAccount.EXPENSE, fact["amount"]), (LedgerAccount.PAYABLE, -fact["amount"]))
    return [
        {
            "id": derived_id(event.id, ordinal),
            "accrual_id": event.id,
            "account_id": account,
            "partner_id": fact["partner_id"],
            "order_id": fact["order_id"],
            "ledger_account": str(side),
            "amount": amount,
            "recorded_at": event.time,
        }
        for ordinal, (side, amount) in enumerate(signed)
    ]
