"""Use cases of holds: placed and lifted by hand."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from kit.errors import Conflict, NotFound
from kit.security import audit
from kit.transitions import next_state
from kit.work import Work
from services.risk.directory import service as directory
from services.risk.holds import judging, repository
from services.risk.holds.judging import Lifting, Placing
from services.risk.holds.rules import MOVES, check_until, waived_until
from services.risk.holds.schemas import CreditHoldCreate, CreditHoldLift
from services.risk.policies import service as policies
from services.risk.policies.bodies import HoldsBody
from services.risk.policies.enums import RiskPolicyKind
from services.risk.profiles import service as profiles
from services.risk.profiles.enums import HoldReason, SubjectKind

NOUN = "credit-hold"


class HoldAlreadyPlaced(Conflict):
    code, title = "hold-already-placed", "A hold of this reason stands already"


async def place_hold(work: Work, data: CreditHoldCreate) -> UUID:
    """Hold an account or a partner by hand; returns the id of the hold.

    Raises OneParty, NotHeardYet, DateOrder, and HoldAlreadyPlaced while another one by hand stands.
    """
    check_until(data.until, work.today)
    await directory.require_party(work, data.account_id, data.partner_id)
    kind = SubjectKind.ACCOUNT if data.partner_id is None else SubjectKind.PARTNER
    subject_id = data.account_id or data.partner_id
    assert subject_id is not None, "a party is one of them"
    await judging.lock(work, [subject_id], kind)
    standing = await judging.judge(work, [subject_id], kind)
    step = Placing(subject_id, HoldReason.MANUAL, data.until, data.reason, work.actor.subject)
    said = [] if HoldReason.MANUAL in standing[subject_id] else await judging.settle(work, kind, [step])
    if not said:
        raise HoldAlreadyPlaced
    shown: dict[str, Any] = {"subject_id": str(subject_id), "until": data.until and str(data.until)}
    await _audit(work, said[0].hold_id, "place", None, shown, data.reason)
    return said[0].hold_id


async def lift_hold(work: Work, hold_id: UUID, data: CreditHoldLift) -> None:
    """Lift a hold by hand: a rule's does not come back before the day after its waiver.

    Raises NotFound, StateConflict, NothingToWaive, DateOrder, WaiverTooLong.
    """
    found = await repository.find_holds(work.tx, [hold_id])
    if not found:
        raise NotFound(what=NOUN)
    await judging.lock(work, [found[0].subject_id], found[0].subject_kind)
    (before,) = await repository.find_holds(work.tx, [hold_id])
    next_state(NOUN, MOVES, "lift", before.state)
    body = (await policies.policy_on(work, RiskPolicyKind.HOLDS, work.today)).body
    assert isinstance(body, HoldsBody), "a policy of holds"
    last = waived_until(before.hold_reason, data.until, work.today, body.waiver_days)
    if before.hold_reason is HoldReason.GRADE_DROP:
        await profiles.make_good(work, before.subject_id)
    step = Lifting(before.subject_id, before.hold_reason, before.id, data.reason, work.actor.subject, last)
    await judging.settle(work, before.subject_kind, [step])
    stood: dict[str, Any] = {"state": str(before.state)}
    shown: dict[str, Any] = {"hold_reason": str(before.hold_reason), "waived_until": last and str(last)}
    await _audit(work, hold_id, "lift", stood, shown, data.reason)


async def _audit(
    work: Work, hold_id: UUID, action: str, before: dict[str, Any] | None, after: dict[str, Any], reason: str
) -> None:
    await audit.record(
        work.tx,
        actor=work.actor.subject,
        roles=sorted(work.actor.roles),
        action=action,
        resource="credit_hold",
        resource_id=str(hold_id),
        before=before,
        after=after,
        reason=reason,
        key=work.secret,
    )
