"""Use cases of adjustments of rebates: written once, never changed; another one takes it back."""

from __future__ import annotations

from uuid import UUID

from kit.errors import FieldError, UnknownReference
from kit.records import Change, Resource, add, fresh, require
from kit.work import Work
from services.channels.adjustments.models import RebateAdjustment
from services.channels.adjustments.rules import FutureDate
from services.channels.adjustments.schemas import RebateAdjustmentCreate
from services.channels.events_out.rebates import RebateAdjusted
from services.channels.partners import service as partners
from services.channels.rebates import posting

NOUN = "rebate-adjustment"


def _fact(work: Work, row: RebateAdjustment) -> RebateAdjusted:
    return RebateAdjusted.of(row, adjusted_by=row.created_by, business_date=work.today)


def resource(work: Work) -> Resource[RebateAdjustment]:
    """Adjustments; each is said."""

    def said(one: Change[RebateAdjustment]) -> RebateAdjusted:
        return _fact(work, one.after)

    return Resource(NOUN, RebateAdjustment, said, audited=("partner_id", "amount", "posting_date", "reason"))


async def adjust_rebate(work: Work, data: RebateAdjustmentCreate) -> RebateAdjustment:
    """Give a partner something, or take it; raises UnknownReference, FutureDate."""
    if data.partner_id not in await partners.known_partners(work, [data.partner_id]):
        raise UnknownReference(errors=[FieldError("/partner_id", UnknownReference.code, "no partner of this id")])
    posting_date = data.posting_date or work.today
    if posting_date > work.today:
        raise FutureDate(errors=[FieldError("/posting_date", FutureDate.code, f"today is {work.today}")])
    row = RebateAdjustment(
        **fresh(),
        partner_id=data.partner_id,
        amount=data.amount,
        currency=work.base_currency,
        posting_date=posting_date,
        reason=data.reason,
        created_by=work.actor.subject,
    )
    added = await add(work, resource(work), row, action="adjust")
    await posting.adjust(work.tx, [_fact(work, added)])
    return added


async def require_adjustment(work: Work, adjustment_id: UUID) -> RebateAdjustment:
    """An adjustment by id; raises NotFound."""
    return await require(work, resource(work), adjustment_id)
