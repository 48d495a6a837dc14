"""Risk's answers -> orders."""

from __future__ import annotations

from collections.abc import Sequence

from kit.db.database import Tx
from kit.events.envelope import Event
from services.customer.events_in import CreditRefusedHeard, CreditReservedHeard
from services.customer.orders import service
from services.customer.orders.enums import AnswerKind, Decision
from services.customer.orders.service import Answer


async def react_reserved(tx: Tx, events: Sequence[Event]) -> None:
    """Orders whose amount is reserved become confirmed."""
    heard = [(event, CreditReservedHeard.model_validate(event.payload)) for event in events]
    await service.apply_answers(
        tx,
        [
            Answer(event, fact.order_id, fact.placement, AnswerKind.RESERVED, Decision(fact.decision))
            for event, fact in heard
        ],
    )


async def react_refused(tx: Tx, events: Sequence[Event]) -> None:
    """Orders that pass the limit go on hold."""
    heard = [(event, CreditRefusedHeard.model_validate(event.payload)) for event in events]
    await service.apply_answers(
        tx,
        [
            Answer(
                event,
                fact.order_id,
                fact.placement,
                AnswerKind.REFUSED,
                Decision.AUTOMATIC,
                fact.reason,
                fact.shortfall,
            )
            for event, fact in heard
        ],
    )
