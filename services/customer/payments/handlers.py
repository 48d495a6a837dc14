"""Answers to placements let money that waited pay their orders."""

from __future__ import annotations

from collections.abc import Sequence

from kit.events.handlers import Fact
from kit.work import Work
from services.customer.events_in import CreditReservedHeard
from services.customer.events_in.channels import TermsReservedHeard
from services.customer.payments.allocations import pay_confirmed


async def on_check_passed(work: Work, facts: Sequence[Fact[CreditReservedHeard] | Fact[TermsReservedHeard]]) -> None:
    """Runs after the handler that confirms orders, in its transaction."""
    await pay_confirmed(work, {fact.data.order_id: fact.event for fact in facts})
