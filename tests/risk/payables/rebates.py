"""Facts of rebates as channels would say them."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from kit.events.envelope import Event
from kit.ids import new_id
from kit.testing.service import make_event
from services.channels.events_out.rebates import RebateAccrued, RebateAdjusted
from services.channels.events_out.statements import RebatePaid, RebateStatementApproved


def _fact(kind: type[Any], partner_id: UUID, **changes: Any) -> Event:
    return make_event(kind.TYPE, {**kind.EXAMPLE, "partner_id": partner_id, **changes}, partner_id)


def accrued(partner_id: UUID, amount: int) -> Event:
    return _fact(RebateAccrued, partner_id, amount=amount, order_id=new_id())


def adjusted(partner_id: UUID, amount: int) -> Event:
    return _fact(RebateAdjusted, partner_id, amount=amount, id=new_id())


def approved(partner_id: UUID, payable: int) -> Event:
    return _fact(RebateStatementApproved, partner_id, id=new_id(), payable=payable, total=payable)


def paid_rebate(partner_id: UUID, payable: int, carried: int = 0) -> Event:
    """A statement that pays a part of its total."""
    total = payable + carried
    return _fact(RebatePaid, partner_id, id=new_id(), payable=payable, carried=carried, total=total)
