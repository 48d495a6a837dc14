"""What adjustments and payments post: a fold over their facts, the same live and in a rebuild."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from kit.db.database import Tx
from kit.events.handlers import Fact
from services.channels.events_out.rebates import RebateAdjusted
from services.channels.events_out.statements import RebatePaid
from services.channels.rebates import repository
from services.channels.rebates.enums import PostingAccount, PostingKind
from services.channels.rebates.models import RebatePosting


async def adjust(tx: Tx, adjusted: Sequence[RebateAdjusted]) -> None:
    """What is given costs, and is owed to the partner."""
    move = PostingKind.ADJUSTED, PostingAccount.EXPENSE, PostingAccount.PAYABLE
    rows = [_sides(move, one.id, one.partner_id, one.amount, one.posting_date) for one in adjusted]
    await repository.add_postings(tx, [side for sides in rows for side in sides])


async def pay(tx: Tx, paid: Sequence[RebatePaid]) -> None:
    """What was paid is owed no more."""
    move = PostingKind.PAID, PostingAccount.PAYABLE, PostingAccount.PAYMENT
    rows = [_sides(move, one.id, one.partner_id, one.payable, one.paid_on) for one in paid]
    await repository.add_postings(tx, [side for sides in rows for side in sides])


async def on_adjusted(tx: Tx, facts: Sequence[Fact[RebateAdjusted]]) -> None:
    """Adjustments, as they were said."""
    await adjust(tx, [fact.data for fact in facts])


async def on_paid(tx: Tx, facts: Sequence[Fact[RebatePaid]]) -> None:
    """Payments, as they were said."""
    await pay(tx, [fact.data for fact in facts])


def _sides(
    move: tuple[PostingKind, PostingAccount, PostingAccount], source_id: UUID, partner_id: UUID, amount: int, day: date
) -> list[RebatePosting]:
    kind, debit, credit = move
    return [
        RebatePosting(
            source_id=source_id, ledger_account=side, kind=kind, partner_id=partner_id, amount=part, posted_on=day
        )
        for side, part in ((debit, amount), (credit, -amount))
    ]
