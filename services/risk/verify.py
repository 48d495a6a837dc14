"""Shows that risk decided everything it heard exactly once, and that each decision follows from its inputs.

What should have been decided is read from customer's log, not from risk's own facts. In memory is an amount per
placement and per move, never a row or an event of each.
"""

from __future__ import annotations

from collections import Counter
from datetime import date
from uuid import UUID

from kit.db.database import Database, Tx
from kit.events.bus import EventBus
from kit.events.envelope import topic_of
from kit.events.verify import Check, Finding, at_one_moment, given_up, read_all
from services.risk.credit import repository
from services.risk.credit.enums import Decision, EntryKind
from services.risk.credit.rules import Refused, decide_reservation
from services.risk.deposits.rules import Named
from services.risk.events_in import HEARD, OrderConfirmedHeard, OrderHeard, OrderReturnedHeard, PaymentHeard
from services.risk.holds import repository as holds
from services.risk.receivables import repository as receivables
from services.risk.reports import repository as reports
from services.risk.reports.sealing import is_sealed
from services.risk.subscriptions import subscriptions
from services.risk.sums import service as sums_of

SERVICE = "risk"
_PLACED = "customer.order.placed.v1"
_CAUSED = frozenset(EntryKind) - {EntryKind.RESERVED, EntryKind.CANCELLED, EntryKind.SUPERSEDED}

Placement = tuple[UUID, int]
Placements = dict[Placement, int]
Moves = dict[tuple[UUID, int, str], int]
Part = tuple[UUID | None, int, date]
"""Order (None: money on account), amount, and the day it moved."""
Owing = dict[UUID, list[Part]]
"""By event."""
_TYPES = (
    _PLACED,
    "customer.order.confirmed.v1",
    "customer.order.returned.v1",
    "customer.payment.received.v1",
    "customer.payment.allocated.v1",
    "customer.payment.refunded.v1",
    "customer.payment.voided.v1",
)


async def verify(db: Database, bus: EventBus) -> list[Finding]:
    """Findings over the whole log of customer; run it when delivery has settled."""
    gone = await given_up(db, subscriptions.lane("core").group)
    placements, moves, owing = await _expected(bus, gone)
    sums = Check(SERVICE, "balances are the sums of their entries")
    async with at_one_moment(db) as tx:
        once, derived = await _decisions(tx, placements)
        moved = await _moves(tx, moves)
        for what in await repository.unequal_sums(tx):
            sums.fault(what)
        owed = await _owed(tx, owing)
        law = Check(SERVICE, "exposures are what is owed, or reserved before", derived.count)
        for what in await receivables.off_ledger(tx):
            law.fault(what)
        held = Check(SERVICE, "profiles say which holds stand", derived.count)
        for what in await holds.off_profiles(tx):
            held.fault(what)
        kept = Check(SERVICE, "sums of the company are what they are of", derived.count)
        for what in await sums_of.unequal(tx):
            kept.fault(what)
        sealed = Check(SERVICE, "snapshots are what their hashes say")
        async for one in reports.all_snapshots(tx):
            sealed.add(is_sealed(one.body, one.sha256), f"the snapshot of {one.day}")
    sums.count = derived.count
    return [check.finding() for check in (once, derived, moved, sums, owed, law, held, kept, sealed)]


async def _expected(bus: EventBus, gone: frozenset[UUID]) -> tuple[Placements, Moves, Owing]:
    """What customer's log says was placed, what moved the ledger afterwards, and what was owed, settled, paid and put
    on account, and when."""
    placements: Placements = {}
    moves: Moves = {}
    owing: Owing = {}
    stands: Counter[UUID] = Counter()
    async for event in read_all(bus, topic_of("customer"), _TYPES, without=gone):
        if event.id in owing:
            continue
        match HEARD[event.type].model_validate_json(event.data):
            case OrderConfirmedHeard() as order:
                owing[event.id] = [(order.id, order.gross_base, order.order_date)]
            case OrderReturnedHeard() as order:
                owing[event.id] = [(order.id, -order.settled, order.return_date)]
                moves[event.id, 0, EntryKind.RETURNED] = -order.settled
            case OrderHeard() as order:
                placements[order.id, order.placement] = order.gross_base
            case PaymentHeard() as payment:
                owing[event.id] = parts = _money(payment, stands)
                for ordinal, (order_id, amount, _) in enumerate(parts):
                    moves[event.id, ordinal, _kind(payment, order_id, amount)] = amount
    return placements, moves, owing


def _money(payment: PaymentHeard, stands: Counter[UUID]) -> list[Part]:
    """What an event of a payment moves, `stands` being what lies on account of each."""
    payment_id, day = payment.moved()
    sign, before = (-1 if payment.PAYS else 1), stands[payment_id]
    stands[payment_id] = payment.on_account
    parts: list[Part] = [(one.order_id, sign * one.amount_base, day) for one in payment.allocations]
    return [*parts, (None, before - payment.on_account, day)] if before or payment.on_account else parts


def _kind(payment: PaymentHeard, order_id: UUID | None, amount: int) -> EntryKind:
    if order_id is None:
        return EntryKind.DEPOSITED if amount < 0 else EntryKind.DEPOSIT_USED
    return EntryKind.PAID if payment.PAYS else EntryKind.REFUNDED


async def _decisions(tx: Tx, placements: Placements) -> tuple[Check, Check]:
    """One decision of the rule per placement, of the amount that was placed; each follows from its stored inputs,
    and an override answers a refusal."""
    once = Check(SERVICE, "one decision per placement")
    derived = Check(SERVICE, "decisions follow from their inputs")
    made: Counter[Placement] = Counter()
    refused: Placements = {}
    overrides: list[tuple[Placement, int, bool]] = []
    async for row in repository.all_decisions(tx):
        key = (row.order_id, row.placement)
        if row.decision == Decision.OVERRIDE:
            overrides.append((key, row.amount, bool(row.approved_by)))
            continue
        made[key] += 1
        if key not in placements:
            once.fault(f"order {key[0]} placement {key[1]} was never placed")
        elif placements[key] != row.amount:
            once.fault(f"order {key[0]} placement {key[1]}: decided on {row.amount}, placed with {placements[key]}")
        if row.decision == Decision.REFUSED:
            refused[key] = row.amount
        _derive(row, derived)
    for key in placements:
        once.add(made[key] == 1, f"order {key[0]} placement {key[1]}: {made[key]} decisions")
    for key, amount, is_approved in overrides:
        answers = refused.get(key) == amount and is_approved
        derived.add(answers, f"order {key[0]} placement {key[1]}: override of no refusal")
    return once, derived


def _derive(row: repository.Decided, check: Check) -> None:
    """A decision of the rule again from its stored inputs."""
    verdict = decide_reservation(
        row.credit_limit,
        row.exposure_before,
        row.amount,
        row.deposit_share,
        Named(row.named, row.named_elsewhere),
        exceeds_terms=row.cause == "terms_exceeded",
        is_on_hold=row.cause == "on_hold",
        is_partner_on_hold=row.cause == "partner_on_hold",
        partner_limit=row.partner_limit,
        partner_exposure=row.partner_exposure or 0,
    )
    expected: tuple[str, int, str | None] = (Decision.AUTOMATIC, 0, None)
    cause: str | None = None
    if isinstance(verdict, Refused):
        expected = (Decision.REFUSED, verdict.shortfall, verdict.reason.value)
        cause = verdict.causes[0]
    check.add(
        (row.decision, row.shortfall, row.reason) == expected and row.cause in (None, cause),
        f"order {row.order_id} placement {row.placement}: {row.decision} with {row.shortfall}, the rule "
        f"says {expected}",
    )


async def _moves(tx: Tx, expected: Moves) -> Check:
    check = Check(SERVICE, "one move per return, payment, refund and deposit", len(expected))
    async for row in repository.all_moves(tx):
        if row.kind in _CAUSED:
            key = (row.source_event_id, row.source_ordinal, row.kind)
            amount = expected.pop(key, None)
            if amount is None:
                check.fault(f"{row.kind} of event {key[0]}/{key[1]} has no cause")
            elif amount != row.amount:
                check.fault(f"{row.kind} of event {key[0]}/{key[1]}: {row.amount} instead of {amount}")
    for (source, ordinal, kind), amount in expected.items():
        check.fault(f"{kind} of event {source}/{ordinal}: None instead of {amount}")
    return check


async def _owed(tx: Tx, owing: Owing) -> Check:
    """Each move of the log once, and rows that are the sums of theirs."""
    check = Check(SERVICE, "receivables are the moves of the log", sum(map(len, owing.values())))
    seen: Counter[UUID] = Counter()
    async for row in receivables.all_moves(tx):
        parts = owing.get(row.source_event_id, [])
        expected = parts[row.source_ordinal] if row.source_ordinal < len(parts) else None
        if expected != (row.order_id, row.amount, row.day):
            check.fault(f"move {row.source_event_id}/{row.source_ordinal}: {row.amount} on {row.day}, not {expected}")
        seen[row.source_event_id] += 1
    for source, parts in owing.items():
        if seen[source] != len(parts):
            check.fault(f"event {source}: {seen[source]} of {len(parts)} moves")
    for what in await receivables.unequal_sums(tx):
        check.fault(what)
    return check
