"""Use case: what customers had to say of orders that a partner sold, for whoever scores it."""

from __future__ import annotations

from uuid import UUID

from kit.errors import BadQuery, FieldError
from kit.work import Work
from services.channels.partner_cases import repository
from services.channels.partner_cases.rules import tally
from services.channels.partner_cases.schemas import PartnerCasesQuery, PartnerCasesRead
from services.channels.partners import service as partners

PROJECTIONS = ("case_fact", "sales")
"""What the answer is read from."""
MAX_DAYS = 3660


async def read_cases(work: Work, partner_id: UUID, query: PartnerCasesQuery) -> PartnerCasesRead:
    """Cases about a partner's orders; raises NotFound, and BadQuery for days that end before they begin or are too
    many."""
    if query.last < query.first:
        raise BadQuery(errors=[FieldError("to", "before-start", "ends before it starts")])
    if (query.last - query.first).days >= MAX_DAYS:
        raise BadQuery(errors=[FieldError("to", "too-long", f"the period has more than {MAX_DAYS} days")])
    partner = await partners.require_partner(work, partner_id)
    days = (query.first, query.last)
    orders = await repository.kept_orders(work.tx, partner.id, *days)
    found = tally(await repository.case_groups(work.tx, partner.id, *days), orders)
    shown = found._asdict() | ({} if work.actor.may("costs:read") else {"remedy_base": None})
    return PartnerCasesRead(partner_id=partner.id, period_from=days[0], period_to=days[1], orders=orders, **shown)
