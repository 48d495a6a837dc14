"""Facts of rebates, folded into what is owed to partners."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from kit.db.database import Tx
from kit.events.handlers import Fact
from services.risk.events_in.channels import RebateAccruedHeard, RebateAdjustedHeard, RebatePaidHeard
from services.risk.payables import repository
from services.risk.payables.enums import PayableKind
from services.risk.payables.models import PartnerPayable, PartnerPayableMove


async def on_accrued(tx: Tx, facts: Sequence[Fact[RebateAccruedHeard]]) -> None:
    """An order earned a rebate, or its return took some back."""
    await _add(tx, (_move(one, PayableKind.ACCRUED, one.data.amount) for one in facts))


async def on_adjusted(tx: Tx, facts: Sequence[Fact[RebateAdjustedHeard]]) -> None:
    """Somebody gave or took something."""
    await _add(tx, (_move(one, PayableKind.ADJUSTED, one.data.amount) for one in facts))


async def on_paid(tx: Tx, facts: Sequence[Fact[RebatePaidHeard]]) -> None:
    """What a statement pays is owed no more; what it carries still is."""
    await _add(tx, (_move(one, PayableKind.PAID, -one.data.payable) for one in facts))


def _move(
    fact: Fact[RebateAccruedHeard] | Fact[RebateAdjustedHeard] | Fact[RebatePaidHeard], kind: PayableKind, amount: int
) -> PartnerPayableMove:
    data = fact.data
    day = data.paid_on if isinstance(data, RebatePaidHeard) else data.posting_date
    return PartnerPayableMove(event_id=fact.event.id, partner_id=data.partner_id, kind=kind, amount=amount, day=day)


async def _add(tx: Tx, moves: Iterable[PartnerPayableMove]) -> None:
    """Add what was not added yet, whatever was delivered again; sums are written in one order."""
    by_id = {one.event_id: one for one in moves}
    new = await repository.add_moves(tx, [by_id[key] for key in sorted(by_id)])
    sums = {by_id[key].partner_id: 0 for key in new}
    for key in new:
        sums[by_id[key].partner_id] += by_id[key].amount
    await repository.add_sums(tx, [PartnerPayable(partner_id=key, amount=sums[key]) for key in sorted(sums)])
