"""The procedure of conflicts: assessed, stated on, proposed on, agreed or decided, closed, dismissed; late by dates.

A decision is made under the lock of the account that it is about, before the conflict itself is locked.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from kit import clock
from kit.errors import FieldError, NotHeardYet, UnknownReference
from kit.ids import new_id
from kit.records import change
from kit.transitions import next_state
from kit.work import Work
from services.channels.agreements.rules import ValidityInvalid, check_validity
from services.channels.conflicts import repository
from services.channels.conflicts.enums import ConflictOutcome
from services.channels.conflicts.models import Conflict, ConflictStatement
from services.channels.conflicts.opening import NOUN, due, resource
from services.channels.conflicts.rules import (
    MOVES,
    ArbitrationTooEarly,
    ConflictInvalid,
    SplitOverlap,
    check_shares,
    meets,
)
from services.channels.conflicts.schemas import (
    ConflictAgree,
    ConflictArbitrate,
    ConflictAssess,
    ConflictClose,
    ConflictDismiss,
    ConflictPropose,
    ConflictStatementAdd,
)
from services.channels.conflicts.service import require_conflict, splits_of_accounts
from services.channels.directory import service as directory
from services.channels.directory.service import OwnerLeft
from services.channels.events_out.conflicts import ConflictResolved
from services.channels.partners import service as partners
from services.channels.promotions.rules import SamePerson
from services.channels.redirects import service as redirects


async def assess_conflict(work: Work, conflict_id: UUID, data: ConflictAssess) -> Conflict:
    """Say how grave it is; raises NotFound, StateConflict."""
    before = await require_conflict(work, conflict_id, lock=True)
    state = next_state(NOUN, MOVES, "assess", before.state)
    changes = {"state": state, "severity": data.severity, "assessment": data.note, **await due(work, state)}
    return await change(work, resource(work, None), before, changes, action="assess")


async def add_statement(work: Work, conflict_id: UUID, data: ConflictStatementAdd) -> Conflict:
    """Hear a party; the first statement begins the mediation. Raises NotFound, StateConflict, UnknownReference."""
    before = await require_conflict(work, conflict_id, lock=True)
    state = next_state(NOUN, MOVES, "state", before.state)
    if data.partner_id is not None:
        _check_party(before, data.partner_id)
    row = ConflictStatement(
        id=new_id(),
        conflict_id=before.id,
        partner_id=data.partner_id,
        statement=data.statement,
        recorded_by=work.actor.subject,
        recorded_at=clock.now(),
    )
    await repository.add_statement(work.tx, row)
    entered = await due(work, state) if before.state is not state else {}
    changes = {"state": state, "statement_count": before.statement_count + 1, **entered}
    return await change(work, resource(work, None), before, changes, action="state")


async def propose_outcome(work: Work, conflict_id: UUID, data: ConflictPropose) -> Conflict:
    """Propose an outcome, or another one in its place: what the parties said of the last is void.

    Raises NotFound, StateConflict, ValidityInvalid, SharesInvalid, ConflictInvalid, UnknownReference, NotHeardYet,
    SplitOverlap.
    """
    before = await _decidable(work, conflict_id)
    state = next_state(NOUN, MOVES, "propose", before.state)
    await _check_outcome(work, before, data)
    changes = {
        "state": state,
        "proposal": data.note,
        "proposed_by": work.actor.subject,
        "accepted_by": (),
        "refused_by": (),
        **_outcome(data),
        **await due(work, state),
    }
    return await change(work, resource(work, None), before, changes, action="propose")


async def agree_conflict(work: Work, conflict_id: UUID, data: ConflictAgree) -> Conflict:
    """A partner accepts or refuses what is proposed; all have accepted: agreed.

    Raises NotFound, StateConflict, UnknownReference, NotHeardYet, ValidityInvalid, SplitOverlap.
    """
    before = await _decidable(work, conflict_id)
    state = next_state(NOUN, MOVES, "agree", before.state)
    _check_party(before, data.partner_id)
    own = {data.partner_id}
    accepted, refused = set(before.accepted_by) - own, set(before.refused_by) - own
    (accepted if data.accepts else refused).add(data.partner_id)
    said = {"accepted_by": sorted(accepted), "refused_by": sorted(refused)}
    if accepted != set(before.partner_ids):
        return await change(work, resource(work, None), before, said, action="agree")
    await _check_split(work, before, before.outcome, before.valid_from, before.valid_to)
    changes = {**said, "state": state, **_decided(work), **await due(work, state)}
    return await change(work, _resolved(work, before.outcome), before, changes, action="agree")


async def arbitrate_conflict(work: Work, conflict_id: UUID, data: ConflictArbitrate) -> Conflict:
    """Decide what somebody else has proposed on, once a party refused or the time for agreeing is over.

    Raises NotFound, StateConflict, SamePerson, ArbitrationTooEarly and what a proposal raises.
    """
    before = await _decidable(work, conflict_id)
    state = next_state(NOUN, MOVES, "arbitrate", before.state)
    if work.actor.subject == before.proposed_by:
        raise SamePerson()
    if not before.refused_by and (before.due_on is None or work.today <= before.due_on):
        raise ArbitrationTooEarly(extra={"due_on": before.due_on and before.due_on.isoformat()})
    await _check_outcome(work, before, data)
    changes = {**_outcome(data), "state": state, "decision_note": data.note, **_decided(work), **await due(work, state)}
    return await change(work, _resolved(work, data.outcome), before, changes, action="arbitrate")


async def close_conflict(work: Work, conflict_id: UUID, data: ConflictClose) -> Conflict:
    """What was decided is done; raises NotFound, StateConflict."""
    before = await require_conflict(work, conflict_id, lock=True)
    state = next_state(NOUN, MOVES, "close", before.state)
    note = data.note or before.decision_note
    return await change(
        work, resource(work, None), before, {"state": state, "decision_note": note}, action="close", reason=data.note
    )


async def dismiss_conflict(work: Work, conflict_id: UUID, data: ConflictDismiss) -> Conflict:
    """There is none; further evidence opens another. Raises NotFound, StateConflict."""
    before = await require_conflict(work, conflict_id, lock=True)
    state = next_state(NOUN, MOVES, "dismiss", before.state)
    nothing: dict[str, Any] = {"outcome": None, "valid_from": None, "valid_to": None}
    shares: dict[str, Any] = {"member_shares": {}, "partner_shares": {}, "at_fault": ()}
    entered = await due(work, state)
    changes = {**nothing, **shares, "state": state, "decision_note": data.note, **_decided(work), **entered}
    said = resource(work, ConflictResolved, outcome="dismissed")
    return await change(work, said, before, changes, action="dismiss", reason=data.note)


async def become_late(work: Work, rows: Sequence[Conflict]) -> None:
    """The days of a state are over: late is said once, the conflict stays where it is."""
    for row in rows:
        before: Conflict = row
        await change(work, resource(work, None), before, {"is_late": True, "due_at": None}, action="become late")


async def _decidable(work: Work, conflict_id: UUID) -> Conflict:
    """A conflict, locked after its account."""
    seen = await require_conflict(work, conflict_id)
    if seen.account_id is not None:
        await redirects.hold_accounts(work, {seen.account_id})
    return await require_conflict(work, conflict_id, lock=True)


def _resolved(work: Work, outcome: ConflictOutcome | None) -> Any:
    return resource(work, ConflictResolved, outcome=outcome)


def _outcome(data: ConflictPropose) -> dict[str, Any]:
    shares = {
        name: {str(key): share for key, share in sorted(given.items())}
        for name, given in (("member_shares", data.member_shares), ("partner_shares", data.partner_shares))
    }
    at_fault = sorted(set(data.at_fault))
    return {
        "outcome": data.outcome,
        "valid_from": data.valid_from,
        "valid_to": data.valid_to,
        "at_fault": at_fault,
        **shares,
    }


def _decided(work: Work) -> dict[str, Any]:
    return {"resolved_at": clock.now(), "decided_by": work.actor.subject}


def _check_party(conflict: Conflict, partner_id: UUID) -> None:
    if partner_id not in conflict.partner_ids:
        raise UnknownReference(errors=[FieldError("/partner_id", UnknownReference.code, "no party of the conflict")])


async def _check_outcome(work: Work, conflict: Conflict, data: ConflictPropose) -> None:
    check_validity(data.valid_from, data.valid_to)
    check_shares(data.outcome, data.member_shares, data.partner_shares)
    members = await directory.known_members(work, data.member_shares, data.valid_from)
    known = await partners.known_partners(work, list(data.partner_shares)) if data.partner_shares else set()
    absent = [f"/member_shares/{each}" for each in data.member_shares if each not in members.known]
    unknown = [f"/partner_shares/{each}" for each in data.partner_shares if each not in known]
    strangers = [n for n, each in enumerate(data.at_fault) if each not in conflict.partner_ids]
    unknown += [f"/at_fault/{n}" for n in strangers]
    if unknown:
        raise UnknownReference(errors=[FieldError(at, UnknownReference.code, "unknown here") for at in unknown])
    if absent:
        raise NotHeardYet(errors=[FieldError(at, NotHeardYet.code, "not heard of yet") for at in absent])
    if left := [f"/member_shares/{each}" for each in data.member_shares if each in members.left]:
        raise OwnerLeft(*left)
    await _check_split(work, conflict, data.outcome, data.valid_from, data.valid_to)


async def _check_split(
    work: Work, conflict: Conflict, outcome: ConflictOutcome | None, first: date | None, last: date | None
) -> None:
    """A split is one account's, holds from a later day on, and alone. Under the lock of the account."""
    if outcome is not ConflictOutcome.SPLIT or first is None:
        return
    if conflict.account_id is None:
        text = "the conflict is about a territory: there is no account to be shared"
        raise ConflictInvalid(errors=[FieldError("/outcome", ConflictInvalid.code, text)])
    if first <= work.today:
        raise ValidityInvalid(errors=[FieldError("/valid_from", ValidityInvalid.code, f"later than {work.today}")])
    for other in await splits_of_accounts(work, {conflict.account_id}):
        if other.valid_from is not None and meets(first, last, other.valid_from, other.valid_to):
            shown = {"valid_from": other.valid_from.isoformat(), "valid_to": other.valid_to and str(other.valid_to)}
            raise SplitOverlap(f"{other.number} holds", extra={"number": other.number, **shown})
