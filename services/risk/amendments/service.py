"""Use cases of amendments: draft, approve by somebody else, sign; one at a time is open."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from kit import clock
from kit.db.rows import insert_rows
from kit.errors import FieldError, Invalid, StateConflict
from kit.records import Change, Resource, change, changed_row, fresh, record, require
from kit.transitions import next_state
from kit.work import Work
from services.risk.amendments.enums import AmendmentState
from services.risk.amendments.models import Amendment
from services.risk.amendments.rules import MOVES, AmendmentOpen
from services.risk.amendments.schemas import AmendmentCreate, AmendmentSign
from services.risk.contracts import service as contracts
from services.risk.contracts.models import TERMS, Contract
from services.risk.contracts.rules import DAY, STANDING
from services.risk.events_out.contracts import ContractAmended
from services.risk.policies.rules import DateOrder, check_approver

NOUN = "amendment"
AMENDMENTS = Resource(
    NOUN, Amendment, lambda _one: None, audited=("contract_id", "effective_on", "reason", "terms", *TERMS)
)


class NothingAmended(Invalid):
    code, title = "nothing-amended", "Name at least one term"


async def draft_amendment(work: Work, contract_id: UUID, data: AmendmentCreate) -> Amendment:
    """The draft of other terms of a contract that is signed or in force.

    Raises NotFound, StateConflict, NothingAmended, AmendmentOpen, DateOrder.
    """
    contract = await _standing(work, contract_id)
    given = tuple(name for name in TERMS if name in data.model_fields_set)
    if not given:
        raise NothingAmended
    _check_day(contract, data)
    amendment = Amendment.model_validate(
        {
            **fresh(),
            **data.model_dump(),
            "contract_id": contract_id,
            "terms": given,
            "state": AmendmentState.DRAFT,
            "author": work.actor.subject,
        }
    )
    if not await insert_rows(work.tx, Amendment, [amendment], "ON CONFLICT DO NOTHING"):
        raise AmendmentOpen
    await record(work, AMENDMENTS, [Change(None, amendment)], action="draft")
    return amendment


async def _standing(work: Work, contract_id: UUID) -> Contract:
    contract = await contracts.require_contract(work, contract_id, lock=True)
    if contract.state not in STANDING:
        raise StateConflict(contracts.NOUN, "amend", contract.state, STANDING)
    return contract


def _check_day(contract: Contract, data: AmendmentCreate | Amendment) -> None:
    """Other terms hold from a day of the contract on, or follow its last day without a gap."""
    day, ends_on = data.effective_on, contract.ends_on
    if day < contract.starts_on or (ends_on is not None and day > ends_on + DAY):
        detail = f"not within {contract.starts_on} and {ends_on}"
        raise DateOrder(errors=[FieldError("/effective_on", DateOrder.code, detail)])


async def require_amendment(work: Work, amendment_id: UUID, *, lock: bool = False) -> Amendment:
    """An amendment by id; raises NotFound, also for one of a contract outside the caller's scope."""
    amendment = await require(work, AMENDMENTS, amendment_id, lock=lock)
    await contracts.require_contract(work, amendment.contract_id, noun=NOUN)
    return amendment


async def approve_amendment(work: Work, amendment_id: UUID) -> Amendment:
    """Approve an amendment of somebody else; raises NotFound, StateConflict, SamePerson."""
    before = await require_amendment(work, amendment_id, lock=True)
    state = next_state(NOUN, MOVES, "approve", before.state)
    check_approver(work.actor.subject, (before.author,))
    changes = {"state": state, "approved_by": work.actor.subject, "approved_at": clock.now()}
    return await change(work, AMENDMENTS, before, changes, action="approve")


async def withdraw_amendment(work: Work, amendment_id: UUID) -> Amendment:
    """Drop an open amendment; raises NotFound, StateConflict."""
    before = await require_amendment(work, amendment_id, lock=True)
    state = next_state(NOUN, MOVES, "withdraw", before.state)
    return await change(work, AMENDMENTS, before, {"state": state}, action="withdraw")


async def sign_amendment(work: Work, amendment_id: UUID, data: AmendmentSign) -> Amendment:
    """Note that an amendment was signed: the next version of its contract holds from its day on.

    Raises NotFound, StateConflict (also of a contract that has ended), FutureDate, DateOrder, RenewalIncomplete,
    CurrencyNotSupported.
    """
    found = await require_amendment(work, amendment_id)
    contract = await _standing(work, found.contract_id)
    before = await require_amendment(work, amendment_id, lock=True)
    state = next_state(NOUN, MOVES, "sign", before.state)
    contracts.check_past(work, data.signed_on, "/signed_on")
    _check_day(contract, before)
    terms: dict[str, Any] = {name: getattr(before, name) for name in before.terms}
    terms["terms_from"] = before.effective_on
    if "value" in terms:
        agreed = changed_row(contract, {"value": terms["value"]}).after
        terms |= await contracts.valued(work, agreed, data.signed_on, "/signed_on")
    resource = contracts.saying(
        work, ContractAmended, work.today, amendment_id=amendment_id, effective_on=before.effective_on
    )
    await contracts.amend(work, contract, amendment_id, terms, resource)
    return await change(work, AMENDMENTS, before, {"state": state, "signed_on": data.signed_on}, action="sign")
