"""What of an order counts for its contract, and which contracts are to be judged because of it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Any
from uuid import UUID

from kit import clock
from kit.db.database import Tx
from kit.events.handlers import Fact
from kit.work import Work
from services.risk.events_in import OrderConfirmedHeard, OrderHeard, OrderReturnedHeard
from services.risk.obligations import repository
from services.risk.obligations.enums import FulfilmentKind
from services.risk.obligations.models import FulfilmentMove


def _move(fact: Fact[Any], kind: FulfilmentKind, amount: int, **when: Any) -> Iterator[FulfilmentMove]:
    order: OrderHeard = fact.data
    if order.contract_id is not None:
        yield FulfilmentMove(
            source_event_id=fact.event.id,
            kind=kind,
            contract_id=order.contract_id,
            order_id=order.id,
            amount=amount,
            **when,
        )


def of_confirmed(fact: Fact[OrderConfirmedHeard]) -> Iterator[FulfilmentMove]:
    """The net amount is bought on the order date."""
    yield from _move(fact, FulfilmentKind.CONFIRMED, fact.data.net_base or 0, day=fact.data.order_date)


def of_fulfilled(fact: Fact[OrderHeard]) -> Iterator[FulfilmentMove]:
    """The gross amount is delivered when the event says so."""
    yield from _move(fact, FulfilmentKind.FULFILLED, fact.data.gross_base, at=fact.event.time)


def of_returned(fact: Fact[OrderReturnedHeard]) -> Iterator[FulfilmentMove]:
    """Both amounts of a return are negative."""
    order = fact.data
    yield from _move(fact, FulfilmentKind.RETURNED_NET, order.return_net_base or 0, day=order.return_date)
    yield from _move(fact, FulfilmentKind.RETURNED_GROSS, order.return_gross_base, day=order.return_date)


async def book(tx: Tx, moves: Sequence[FulfilmentMove]) -> None:
    """Keep moves once each."""
    await repository.add_moves(tx, moves)


async def mark_contracts(work: Work, contract_ids: Collection[UUID]) -> None:
    """The worker's due part judges them next."""
    if contract_ids:
        await repository.mark(work.tx, sorted(contract_ids), clock.now())


async def mark_orders(work: Work, order_ids: Collection[UUID]) -> None:
    """As mark_contracts, for those that the orders name."""
    if order_ids:
        await mark_contracts(work, await repository.contracts_of_orders(work.tx, sorted(order_ids)))
