"""The exposure ledger as a fold over the service's own credit facts; live and rebuild run the same fold."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Final
from uuid import UUID

from kit.db.database import Tx
from kit.events.contract import Published
from kit.events.envelope import Event
from kit.events.handlers import Fact
from kit.ids import derived_id
from services.risk.credit import repository
from services.risk.credit.enums import CreditState, Decision, EntryKind
from services.risk.credit.models import (
    CreditDecision,
    ExposureAccount,
    ExposureEntry,
    ExposurePartner,
    OrderExposure,
)
from services.risk.events_out import (
    CreditCharged,
    CreditDeposited,
    CreditDepositUsed,
    CreditRefused,
    CreditReleased,
    CreditReserved,
)

CreditSaid = CreditReserved | CreditRefused | CreditReleased | CreditCharged
"""About an order."""
DepositSaid = CreditDeposited | CreditDepositUsed
"""About money of an account that pays no order."""
Said = CreditSaid | DepositSaid
FACTS: Mapping[str, type[Published]] = {
    kind.TYPE: kind
    for kind in (CreditReserved, CreditRefused, CreditReleased, CreditCharged, CreditDeposited, CreditDepositUsed)
}
CHECK_REFUSED: Final = "check_refused"
"""Cause of a release: the terms of the placement were refused or dropped."""
_ENDED = {"cancelled": CreditState.CANCELLED, "superseded": CreditState.SUPERSEDED}


def move_of(fact: Said) -> tuple[EntryKind, int] | None:
    """Kind and signed amount of a fact's entry; a refusal moves nothing."""
    match fact:
        case CreditReserved():
            return EntryKind.RESERVED, fact.amount
        case CreditReleased():
            return EntryKind(fact.reason), -fact.amount
        case CreditCharged():
            return EntryKind.REFUNDED, fact.amount
        case CreditDeposited():
            return EntryKind.DEPOSITED, -fact.amount
        case CreditDepositUsed():
            return EntryKind.DEPOSIT_USED, fact.amount
        case CreditRefused():
            return None


def advance(known: OrderExposure | None, fact: CreditSaid) -> OrderExposure:
    """Where an order stands after a fact."""
    before: OrderExposure = known or OrderExposure(
        order_id=fact.order_id,
        account_id=fact.account_id,
        stream_key=fact.stream_key,
        placement=0,
        state=CreditState.NONE,
        currency=fact.currency,
        asked=0,
        reserved=0,
        exposure=0,
        shortfall=0,
        facts=0,
    )
    move = move_of(fact)
    moved = {"facts": before.facts + 1, "exposure": before.exposure + (move[1] if move else 0)}
    return before.model_copy(update={**moved, **_standing(fact, before.placement)})


def _standing(fact: CreditSaid, known: int) -> dict[str, object]:
    """What a fact sets of the standing of an order that is `known` to have had that many placements. Terms that were
    refused of a placement which is not answered yet are kept until it is."""
    match fact:
        case CreditReserved():
            answered = {"state": CreditState.RESERVED, "reserved": fact.amount, "shortfall": 0}
        case CreditRefused():
            answered = {"state": CreditState.REFUSED, "reserved": 0, "shortfall": fact.shortfall}
        case CreditReleased(cause="check_refused") if fact.placement > known:
            return {"terms_refused": fact.placement}
        case CreditReleased() if fact.reason in _ENDED:
            ended = {"state": _ENDED[fact.reason], "reserved": 0, "shortfall": 0}
            refused = {"terms_refused": fact.placement} if fact.cause == CHECK_REFUSED else {}
            return {"placement": max(known, fact.placement), **ended, **refused}
        case _:
            return {}
    return {
        "account_id": fact.account_id,
        "partner_id": fact.partner_id,
        "placed_by": fact.placed_by,
        "placement": fact.placement,
        "asked": fact.amount,
        **answered,
    }


def partner_moves(before: OrderExposure | None, after: OrderExposure) -> Iterator[tuple[UUID, int]]:
    """What an order that moved on takes from the exposure of the partner it named, and adds to that of the partner it
    names."""
    if before is not None and before.partner_id is not None:
        yield before.partner_id, -before.exposure
    if after.partner_id is not None:
        yield after.partner_id, after.exposure


async def apply_credit_facts(tx: Tx, facts: Sequence[Fact[Said]]) -> None:
    """Write facts of any of the types, in order: balances first (the lock of the ledger), then the rest."""
    balances: dict[UUID, int] = defaultdict(int)
    deposits: dict[UUID, int] = defaultdict(int)
    entries: list[ExposureEntry] = []
    for fact in facts:
        move = move_of(fact.data)
        balances[fact.data.account_id] += move[1] if move else 0
        deposits[fact.data.account_id] += isinstance(fact.data, DepositSaid)
        if move:
            entries.append(_entry(fact.event, fact.data, *move))
    added = [
        ExposureAccount(account_id=account_id, balance=amount, deposit_facts=deposits[account_id])
        for account_id, amount in sorted(balances.items())
    ]
    await repository.add_balances(tx, added)
    await _advance_orders(tx, [fact.data for fact in facts if isinstance(fact.data, CreditSaid)])
    await repository.add_entries(tx, entries)
    decided = (CreditReserved, CreditRefused)
    decisions = [_decision(fact.event, fact.data) for fact in facts if isinstance(fact.data, decided)]
    await repository.add_decisions(tx, decisions)


async def _advance_orders(tx: Tx, facts: Sequence[CreditSaid]) -> None:
    order_ids = sorted({fact.order_id for fact in facts})
    if not order_ids:
        return
    orders = {order.order_id: order for order in await repository.lock_orders(tx, order_ids)}
    partners: dict[UUID, int] = defaultdict(int)
    for fact in facts:
        before = orders.get(fact.order_id)
        orders[fact.order_id] = after = advance(before, fact)
        for partner_id, amount in partner_moves(before, after):
            partners[partner_id] += amount
    added = [ExposurePartner(partner_id=each, balance=amount) for each, amount in sorted(partners.items())]
    await repository.add_partners(tx, added)
    await repository.put_orders(tx, [orders[order_id] for order_id in order_ids])


def _entry(event: Event, fact: Said, kind: EntryKind, amount: int) -> ExposureEntry:
    """An entry of an order; one of money on account has no order, whatever that money went to."""
    order_id, placement = (fact.order_id, fact.placement) if isinstance(fact, CreditSaid) else (None, 0)
    return ExposureEntry(
        id=derived_id(event.id, 0),
        account_id=fact.account_id,
        order_id=order_id,
        payment_id=fact.payment_id,
        placement=placement,
        kind=kind,
        amount=amount,
        source_event_id=fact.source_event_id,
        source_ordinal=fact.source_ordinal,
        fact_event_id=event.id,
        recorded_at=event.time,
    )


def decision_id(fact_event: Event) -> UUID:
    """Id of the decision that a fact records."""
    return derived_id(fact_event.id, 0)


def _decision(event: Event, fact: CreditReserved | CreditRefused) -> CreditDecision:
    decision, shortfall, approved_by, cause = Decision.REFUSED, 0, None, None
    if isinstance(fact, CreditReserved):
        decision, approved_by = Decision(fact.decision), fact.approved_by
    else:
        shortfall, cause = fact.shortfall, fact.cause
    return CreditDecision(
        id=decision_id(event),
        order_id=fact.order_id,
        account_id=fact.account_id,
        placement=fact.placement,
        decision=decision,
        amount=fact.amount,
        credit_limit=fact.limit,
        deposit_share=fact.deposit_share or 0,
        named=fact.named or 0,
        named_elsewhere=fact.named_elsewhere or 0,
        terms_days=fact.terms_days,
        exposure_before=fact.exposure_before,
        shortfall=shortfall,
        decided_under=fact.decided_under,
        partner_id=fact.partner_id,
        partner_limit=fact.partner_limit,
        partner_exposure=fact.partner_exposure,
        reason=fact.reason,
        cause=cause,
        approved_by=approved_by,
        source_event_id=fact.source_event_id,
        fact_event_id=event.id,
        decided_at=event.time,
    )
