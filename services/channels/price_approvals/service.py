"""Use cases of standing approvals: grant, withdraw, find those that count for a buyer."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date
from uuid import UUID

from kit.errors import FieldError, NotHeardYet, UnknownReference
from kit.records import Change, Resource, add, change, fresh, require
from kit.transitions import next_state
from kit.work import Work
from services.channels.events_out.prices import PriceApprovalGranted, PriceApprovalWithdrawn
from services.channels.partners import service as partners
from services.channels.price_approvals import repository
from services.channels.price_approvals.enums import PriceApprovalState
from services.channels.price_approvals.models import PriceApproval
from services.channels.price_approvals.rules import MOVES, HolderInvalid, ValidityInvalid
from services.channels.price_approvals.schemas import PriceApprovalCreate
from services.channels.products import service as products
from services.channels.sales import service as sales

NOUN = "price-approval"
TERMS = ("account_id", "partner_id", "sku", "currency", "min_unit_net", "valid_from", "valid_to")


def _resource(work: Work) -> Resource[PriceApproval]:
    def said(one: Change[PriceApproval]) -> PriceApprovalGranted | PriceApprovalWithdrawn:
        is_granted = one.after.state is PriceApprovalState.GRANTED
        fact = PriceApprovalGranted if is_granted else PriceApprovalWithdrawn
        return fact.of(one.after, changed=one.changed, business_date=work.today)

    return Resource(NOUN, PriceApproval, said, audited=TERMS)


async def grant_approval(work: Work, data: PriceApprovalCreate) -> PriceApproval:
    """A standing approval; raises HolderInvalid, ValidityInvalid, UnknownReference, NotHeardYet."""
    if (data.account_id is None) == (data.partner_id is None):
        raise HolderInvalid(errors=[FieldError("/account_id", HolderInvalid.code, HolderInvalid.title)])
    if data.valid_to is not None and data.valid_to < data.valid_from:
        raise ValidityInvalid(errors=[FieldError("/valid_to", ValidityInvalid.code, "ends before it begins")])
    product = (await products.products_by_sku(work, [data.sku])).get(data.sku)
    if product is None:
        raise _unknown("/sku")
    if data.partner_id is not None and not await partners.known_partners(work, [data.partner_id]):
        raise _unknown("/partner_id")
    if data.account_id is not None and await sales.find_account(work, data.account_id) is None:
        raise NotHeardYet(errors=[FieldError("/account_id", NotHeardYet.code, "not heard of yet")])
    new = fresh()
    approval = PriceApproval(
        **new,
        **data.model_dump() | {"sku": product.sku},
        stream_key=data.partner_id or new["id"],
        state=PriceApprovalState.GRANTED,
        granted_by=work.actor.subject,
    )
    return await add(work, _resource(work), approval, action="grant")


def _unknown(pointer: str) -> UnknownReference:
    return UnknownReference(errors=[FieldError(pointer, UnknownReference.code, "unknown here")])


async def require_approval(work: Work, approval_id: UUID) -> PriceApproval:
    """An approval by id; raises NotFound."""
    return await require(work, _resource(work), approval_id)


async def withdraw_approval(work: Work, approval_id: UUID) -> PriceApproval:
    """Let an approval count for no further quote; raises NotFound, StateConflict."""
    before: PriceApproval = await require(work, _resource(work), approval_id, lock=True)
    state = next_state(NOUN, MOVES, "withdraw", before.state)
    return await change(work, _resource(work), before, {"state": state}, action="withdraw")


async def approvals_for(
    work: Work, skus: Sequence[str], currency: str, day: date, account_ids: Collection[UUID], partner_id: UUID | None
) -> dict[str, PriceApproval]:
    """The approvals that count for a buyer (accounts that are one), by sku; what the caller has granted
    needs another second person."""
    return await approvals_of(work, skus, currency, day, account_ids, partner_id, but_by=work.actor.subject)


async def approvals_of(
    work: Work,
    skus: Sequence[str],
    currency: str,
    day: date,
    account_ids: Collection[UUID],
    partner_id: UUID | None,
    *,
    but_by: str,
) -> dict[str, PriceApproval]:
    """The approvals that count for a buyer, by sku, without those that somebody has granted."""
    found = await repository.list_standing(work.tx, skus, currency, day, account_ids, partner_id, but_by=but_by)
    return {row.sku: row for row in found}
