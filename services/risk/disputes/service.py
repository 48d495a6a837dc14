"""Use cases of disputes: opened within what is open, moved on, closed with an outcome.

What is disputed of an order leaves its overdue hold and the overdue ratio, so holds are judged in the same transaction.
Disputes of one order take turns under its advisory lock, which comes before the lock of any row.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import Any, NamedTuple
from uuid import UUID

from kit.errors import FieldError, NotFound, NotHeardYet, StateConflict, Taken, UnknownReference
from kit.events.contract import Published
from kit.records import Change, Resource, change, changed_row, fresh, record
from kit.transitions import next_state
from kit.versions import Versions
from kit.work import Work
from services.risk.contracts import service as contracts
from services.risk.contracts.models import Contract
from services.risk.directory import service as directory
from services.risk.disputes import repository
from services.risk.disputes.enums import DisputeState
from services.risk.disputes.models import Dispute
from services.risk.disputes.repository import Item
from services.risk.disputes.rules import (
    LIVING,
    MOVES,
    Asked,
    DifferentParties,
    NothingDisputed,
    Room,
    check_dispute_days,
    check_once,
    check_room,
    limitation_of,
    loss_of,
)
from services.risk.disputes.schemas import DisputeClose, DisputeCreate, DisputeUpdate
from services.risk.events_out.disputes import DisputeClosed, DisputeOpened, DisputeSnapshot
from services.risk.holds import judging
from services.risk.incidents import service as incidents
from services.risk.incidents.service import Draft
from services.risk.indicators import service as indicators
from services.risk.marks.enums import IndicatorMeasure
from services.risk.marks.service import mark
from services.risk.redirects import service as redirects
from services.risk.risks.enums import RiskClass

NOUN = "dispute"
DISPUTES = Resource(NOUN, Dispute, lambda _one: None, audited=tuple(DisputeCreate.model_fields))


def _saying(work: Work, kind: type[Published], **more: Any) -> Resource[Dispute]:
    """Disputes whose changes are announced as `kind`, a fact of today."""

    def said(one: Change[Dispute]) -> Published:
        after = one.after
        base = {
            "orders": [{"order_id": each.order_id, "amount_base": each.amount} for each in after.orders],
            "claim_base": after.claim,
            "currency": work.base_currency,
        }
        changed = [name for name in one.changed if name in DisputeSnapshot.model_fields]
        return kind.of(after, changed=changed, business_date=work.today, **base, **more)

    return replace(DISPUTES, said=said)


class _Party(NamedTuple):
    """With whom a dispute is."""

    account_id: UUID | None
    partner_id: UUID | None
    stream_key: UUID
    owner_id: UUID | None


async def open_dispute(work: Work, data: DisputeCreate) -> Dispute:
    """Open a dispute; holds follow at once.

    Raises NothingDisputed, FutureDate, DateOrder, UnknownReference, NotHeardYet, DifferentParties, OpenExceeded, Taken.
    """
    asked = [Asked(one.order_id, one.amount) for one in data.orders]
    check_once(asked)
    if data.contract_id is None and not asked:
        raise NothingDisputed(errors=[FieldError("/orders", NothingDisputed.code, NothingDisputed.title)])
    opened_on = data.opened_on or work.today
    limitation_on = data.limitation_on or limitation_of(data.known_on)
    check_dispute_days(data.known_on, opened_on, limitation_on, work.today)
    await repository.take_turns(work.tx, [one.order_id for one in asked])
    items = await _items(work, asked)
    party = await _party(work, await _contract(work, data.contract_id), items)
    check_room(asked, [Room(one.open, one.disputed) for one in items])
    accounts = {one.account_id for one in items}
    await judging.lock(work, accounts)
    dispute = Dispute.model_validate(
        {
            **fresh(),
            **data.model_dump(),
            **party._asdict(),
            "state": DisputeState.OPENED,
            "opened_on": opened_on,
            "limitation_on": limitation_on,
        }
    )
    if not await repository.add_dispute(work.tx, dispute):
        raise Taken(NOUN, "number", await repository.id_of_number(work.tx, work.visible, dispute.number))
    await record(work, _saying(work, DisputeOpened), [Change(None, dispute)], action="open")
    await _follow(work, accounts, [one.order_id for one in asked])
    return dispute


async def _items(work: Work, asked: list[Asked]) -> list[Item]:
    """The orders that are asked for, in their order. Raises NotHeardYet for those that the caller does not know."""
    found = await repository.items(work.tx, [one.order_id for one in asked]) if asked else {}
    scope = await work.scope()
    faults = [
        FieldError(f"/orders/{number}/order_id", NotHeardYet.code, "no confirmed order of this id is known")
        for number, one in enumerate(asked)
        if one.order_id not in found or not scope.sees(found[one.order_id].owner_id)
    ]
    if faults:
        raise NotHeardYet(errors=faults)
    return [found[one.order_id] for one in asked]


async def _contract(work: Work, contract_id: UUID | None) -> Contract | None:
    if contract_id is None:
        return None
    try:
        return await contracts.require_contract(work, contract_id)
    except NotFound:
        raise UnknownReference(errors=[FieldError("/contract_id", UnknownReference.code, "no such contract")]) from None


async def _party(work: Work, contract: Contract | None, items: list[Item]) -> _Party:
    """The other side: that of the contract, else the account whose orders they are; of several that were merged what
    they lead to. Raises DifferentParties, NotHeardYet."""
    if contract is not None and contract.partner_id is not None:
        _check_same(items, [one.partner_id == contract.partner_id for one in items])
        return _of_contract(contract)
    named = [one.account_id for one in items]
    if contract is not None and contract.account_id is not None:
        named = [contract.account_id, *named]
    groups = await redirects.groups_of(work, set(named))
    root = groups.root(named[0])
    _check_same(items, [groups.root(one.account_id) == root for one in items])
    if contract is not None:
        return _of_contract(contract)
    account_id = named[0] if len(set(named)) == 1 else root
    try:
        party = await directory.require_party(work, account_id, None)
    except NotHeardYet:
        raise NotHeardYet(
            errors=[FieldError("/orders/0/order_id", NotHeardYet.code, "its account is not known yet")]
        ) from None
    return _Party(account_id, None, party.stream_key, party.owner_id)


def _of_contract(contract: Contract) -> _Party:
    return _Party(contract.account_id, contract.partner_id, contract.stream_key, contract.owner_id)


def _check_same(items: list[Item], same: list[bool]) -> None:
    faults = [
        FieldError(f"/orders/{number}/order_id", DifferentParties.code, f"an order of account {one.account_id}")
        for number, (one, is_same) in enumerate(zip(items, same, strict=True))
        if not is_same
    ]
    if faults:
        raise DifferentParties(errors=faults)


async def _follow(work: Work, account_ids: Collection[UUID], order_ids: Collection[UUID]) -> None:
    """Holds of the (locked) accounts, and the overdue ratio, follow what is disputed now."""
    if account_ids:
        await judging.judge(work, account_ids)
        touched = await indicators.touched_by_orders(work, order_ids)
        await mark(work, {IndicatorMeasure.OVERDUE_RATIO}, touched)


async def require_dispute(
    work: Work, dispute_id: UUID, *, version: Versions | None = None, lock: bool = False
) -> Dispute:
    """A dispute by id, locked on request. Raises NotFound (also outside the caller's scope), VersionMismatch."""
    dispute = await repository.find_dispute(work.tx, work.visible, dispute_id, lock=lock)
    if dispute is None:
        raise NotFound(what=NOUN)
    if version is not None:
        version.check(dispute.version)
    return dispute


async def change_dispute(work: Work, dispute_id: UUID, version: Versions, data: DisputeUpdate) -> Dispute:
    """Change a dispute that is not closed. Raises NotFound, VersionMismatch, StateConflict, DateOrder."""
    before = await require_dispute(work, dispute_id, version=version, lock=True)
    if before.state is DisputeState.CLOSED:
        raise StateConflict(NOUN, "change", before.state, LIVING)
    one = changed_row(before, data.given()).after
    check_dispute_days(one.known_on, one.opened_on, one.limitation_on, work.today)
    return await change(work, DISPUTES, before, data.given())


async def move_dispute(work: Work, dispute_id: UUID, action: str) -> Dispute:
    """Move a dispute on. Raises NotFound, StateConflict."""
    before = await require_dispute(work, dispute_id, lock=True)
    return await change(work, DISPUTES, before, {"state": next_state(NOUN, MOVES, action, before.state)}, action=action)


async def close_dispute(work: Work, dispute_id: UUID, data: DisputeClose) -> Dispute:
    """Close a dispute with its outcome: a loss is recorded as an incident, and what was disputed counts again at once.

    Raises NotFound, StateConflict.
    """
    before = await require_dispute(work, dispute_id, lock=True)
    state = next_state(NOUN, MOVES, "close", before.state)
    accounts = await repository.accounts_of(work.tx, [one.order_id for one in before.orders])
    await judging.lock(work, accounts)
    changes = {
        "state": state,
        "outcome": data.outcome,
        "costs": data.costs,
        "closed_on": work.today,
        "incident_id": await _draft(work, before, data),
    }
    after = await change(work, _saying(work, DisputeClosed, outcome_base=data.outcome), before, changes, action="close")
    await repository.end_orders(work.tx, after.id, work.today)
    await _follow(work, accounts, [one.order_id for one in before.orders])
    return after


async def _draft(work: Work, dispute: Dispute, data: DisputeClose) -> UUID | None:
    """The incident of a loss, to be analysed by whoever keeps the register; None without one."""
    loss = loss_of(data.outcome, data.costs)
    if loss is None:
        return None
    draft = Draft(
        occurred_on=dispute.known_on,
        risk_class=RiskClass.CREDIT if dispute.orders else RiskClass.COMPLIANCE,
        owner_id=dispute.owner_id,
        cause=f"{dispute.number}: {dispute.title}",
        gross_loss=loss.gross,
        recoveries=loss.recoveries,
    )
    return (await incidents.draft_incident(work, draft)).id
