"""The rebate ledger as a fold over the service's own accrual facts; live and rebuild run the same fold."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from uuid import UUID

from kit.db.database import Tx
from kit.events.handlers import Fact
from kit.ids import derived_id
from services.channels.events_out import RebateAccrued
from services.channels.rebates import repository
from services.channels.rebates.enums import LedgerAccount
from services.channels.rebates.models import RebateAccount, RebateAccrual, RebateEntry, RebateLayer


@lru_cache(maxsize=4096)
def account_id(partner_id: UUID, programme_id: UUID, programme_version: int, period_start: object) -> UUID:
    """Id of the account of a partner in a programme version's period."""
    return derived_id("rebate_account", partner_id, programme_id, programme_version, period_start)


async def apply_accruals(tx: Tx, facts: Sequence[Fact[RebateAccrued]]) -> None:
    """Write accrual facts in order: accounts first (the lock of the ledger), then accruals and their two sides."""
    accounts: dict[UUID, RebateAccount] = {}
    accruals: list[RebateAccrual] = []
    entries: list[RebateEntry] = []
    for fact in facts:
        account = _moved(fact.data)
        before = accounts.get(account.id)
        accounts[account.id] = account if before is None else _together(before, account)
        moved = {"id": fact.event.id, "account_id": account.id, "recorded_at": fact.event.time}
        accruals.append(RebateAccrual.model_validate({**fact.data.model_dump(), **moved}))
        entries += _sides(fact, account.id)
    await repository.add_to_accounts(tx, [row for _id, row in sorted(accounts.items())])
    await repository.add_to_layers(tx, _layers(facts))
    await repository.add_accruals(tx, accruals)
    await repository.add_entries(tx, entries)


def _root_of(accrued: RebateAccrued) -> tuple[UUID, int]:
    """Id and row version of the first version of the programme."""
    first = accrued.lineage or accrued
    return first.programme_id, first.programme_version


def _layers(facts: Sequence[Fact[RebateAccrued]]) -> list[RebateLayer]:
    """What facts add to later versions, in the order of the keys."""
    found: dict[tuple[UUID, UUID], RebateLayer] = {}
    for accrued in (fact.data for fact in facts):
        root_id, root_version = _root_of(accrued)
        if accrued.programme_id == root_id:
            continue
        account = account_id(accrued.partner_id, root_id, root_version, accrued.period_start)
        before = found.get((account, accrued.programme_id))
        volume, focus = accrued.volume, accrued.focus_volume
        found[account, accrued.programme_id] = RebateLayer(
            account_id=account,
            programme_id=accrued.programme_id,
            volume=volume + (before.volume if before else 0),
            focus=focus if before is None or focus is None else focus + (before.focus or 0),
        )
    return [row for _key, row in sorted(found.items())]


def _moved(accrued: RebateAccrued) -> RebateAccount:
    """What an accrual adds to its account."""
    programme_id, programme_version = _root_of(accrued)
    return RebateAccount(
        id=account_id(accrued.partner_id, programme_id, programme_version, accrued.period_start),
        partner_id=accrued.partner_id,
        programme_id=programme_id,
        programme_version=programme_version,
        period_start=accrued.period_start,
        period_end=accrued.period_end,
        currency=accrued.currency,
        position=accrued.volume,
        accrued=accrued.amount,
        focus=accrued.focus_volume,
        baseline=accrued.baseline,
    )


def _together(one: RebateAccount, other: RebateAccount) -> RebateAccount:
    sums: dict[str, object] = {"position": one.position + other.position, "accrued": one.accrued + other.accrued}
    if one.focus is not None and other.focus is not None:
        sums["focus"] = one.focus + other.focus
    return one.model_copy(update=sums)


def _sides(fact: Fact[RebateAccrued], account: UUID) -> list[RebateEntry]:
    signed = ((LedgerAccount.EXPENSE, fact.data.amount), (LedgerAccount.PAYABLE, -fact.data.amount))
    return [
        RebateEntry(
            id=derived_id(fact.event.id, ordinal),
            accrual_id=fact.event.id,
            account_id=account,
            partner_id=fact.data.partner_id,
            order_id=fact.data.order_id,
            ledger_account=side,
            amount=amount,
            recorded_at=fact.event.time,
        )
        for ordinal, (side, amount) in enumerate(signed)
    ]
