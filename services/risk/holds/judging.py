"""Holds follow the state of their subject; whoever judges has locked it, so that each word is said once.

An account is locked by its `exposure_account` row and its profile: decisions hold both, and so does `lock`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal
from uuid import UUID

from kit.events import outbox
from kit.events.handlers import Fact
from kit.ids import new_id
from kit.work import Work
from services.risk.events_out.holds import CreditHoldLifted, CreditHoldPlaced
from services.risk.holds import ledger, repository
from services.risk.holds.ledger import Said
from services.risk.holds.repository import State
from services.risk.holds.rules import lasts, overdue_step, rule_step
from services.risk.policies.enums import CreditGrade
from services.risk.profiles import service as profiles
from services.risk.profiles.enums import HoldReason, SubjectKind
from services.risk.profiles.models import Holds

Standing = Mapping[UUID, frozenset[HoldReason]]
"""Reasons that hold each subject today."""


@dataclass(frozen=True, slots=True)
class Placing:
    """A hold to be placed."""

    subject_id: UUID
    hold_reason: HoldReason
    until: date | None = None
    reason: str | None = None
    by: str | None = None


@dataclass(frozen=True, slots=True)
class Lifting:
    """A standing hold to be lifted."""

    subject_id: UUID
    hold_reason: HoldReason
    hold_id: UUID
    reason: str | None = None
    by: str | None = None
    waived_until: date | None = None


Step = Placing | Lifting


async def lock(work: Work, ids: Collection[UUID], kind: SubjectKind = SubjectKind.ACCOUNT) -> None:
    """Hold accounts still: their decisions first, then their profiles, which are there before any exposure. Of partners
    it is whoever judges that takes turns."""
    lock_first = repository.lock_exposures if kind is SubjectKind.ACCOUNT else repository.lock_partners
    await lock_first(work.tx, sorted(ids))
    await profiles.lock(work, ids)


async def judge(
    work: Work,
    subject_ids: Collection[UUID],
    kind: SubjectKind = SubjectKind.ACCOUNT,
    partner_ids: Collection[UUID] = (),
) -> Standing:
    """Place and lift what the state of the (locked) subjects of a kind asks for today; returns what holds them
    then, and the partners that are named besides. One statement where nothing changes."""
    found = await repository.states(work.tx, {*subject_ids, *partner_ids}, work.today, work.settings.timezone)
    locked = frozenset(subject_ids)
    reasons = {state.subject_id: _lasting(state, work.today) for state in found}
    steps = [step for state in found if state.subject_id in locked for step in _steps(state, work.today)]
    for said in await settle(work, kind, steps) if steps else ():
        reasons[said.id] = frozenset(HoldReason(each) for each in said.hold_reasons)
    return reasons


def _lasting(state: State, today: date) -> frozenset[HoldReason]:
    pairs = zip(state.reasons, state.untils, strict=True)
    return frozenset(HoldReason(reason) for reason, until in pairs if lasts(until, today))


def _steps(state: State, today: date) -> list[Step]:
    holds = dict(zip(map(HoldReason, state.reasons), zip(state.ids, state.untils, strict=True), strict=True))
    steps: list[Step] = [
        Lifting(state.subject_id, reason, hold_id)
        for reason, (hold_id, until) in holds.items()
        if not lasts(until, today)
    ]
    asked: list[tuple[HoldReason, Literal["place", "lift"] | None]] = [
        (
            HoldReason.OVERDUE,
            overdue_step(
                state.days_overdue,
                state.overdue_days,
                is_standing=HoldReason.OVERDUE in holds,
                is_waived=HoldReason.OVERDUE in state.waived,
            ),
        )
    ]
    for reason, asks in ((HoldReason.GRADE, state.is_defaulted), (HoldReason.GRADE_DROP, state.has_dropped)):
        asked.append((reason, rule_step(asks, is_standing=reason in holds, is_waived=reason in state.waived)))
    for reason, step in asked:
        if step == "place":
            steps.append(Placing(state.subject_id, reason))
        elif step == "lift":
            steps.append(Lifting(state.subject_id, reason, holds[reason][0]))
    return steps


async def settle(work: Work, kind: SubjectKind, steps: Sequence[Step]) -> list[Said]:
    """Take steps about locked subjects of a kind, and announce those that were taken; an account without a profile
    has none. Returns what was said."""
    subjects = await _subjects(work, kind, sorted({step.subject_id for step in steps}))
    said = [subjects[step.subject_id].say(step) for step in steps if step.subject_id in subjects]
    facts = [Fact(outbox.compose(work, one, one.version), one) for one in said]
    done = await ledger.apply(work.tx, facts)
    taken = [fact for fact in facts if fact.data.hold_id in done]
    await outbox.add(work.tx, work.service, [fact.event for fact in taken])
    said_last = {fact.data.id: fact.data for fact in taken}
    await profiles.set_holds(work, [Holds(one.id, one.version, one.hold_reasons) for one in said_last.values()])
    return [fact.data for fact in taken]


@dataclass(slots=True)
class _Subject:
    """A subject as its facts show it, moved on by each of them."""

    common: dict[str, Any]
    reasons: set[HoldReason]
    version: int

    def say(self, step: Step) -> Said:
        """What is announced of a step; the version goes up by one."""
        self.version += 1
        if isinstance(step, Placing):
            self.reasons.add(step.hold_reason)
            return CreditHoldPlaced(
                **self._snapshot(step), hold_id=new_id(), until=step.until, reason=step.reason, placed_by=step.by
            )
        self.reasons.discard(step.hold_reason)
        return CreditHoldLifted(
            **self._snapshot(step),
            hold_id=step.hold_id,
            reason=step.reason,
            lifted_by=step.by,
            waived_until=step.waived_until,
        )

    def _snapshot(self, step: Step) -> dict[str, Any]:
        return {
            **self.common,
            "hold_reasons": [str(each) for each in HoldReason if each in self.reasons],
            "version": self.version,
            "changed": ["hold_reasons"],
            "hold_reason": str(step.hold_reason),
        }


async def _subjects(work: Work, kind: SubjectKind, ids: Sequence[UUID]) -> dict[UUID, _Subject]:
    """Subjects by id, as their profiles stand; a partner that was never active has none, and the terms of the grade
    NR."""
    standing: dict[UUID, set[HoldReason]] = defaultdict(set)
    for subject_id, reason in await repository.standing(work.tx, ids):
        standing[subject_id].add(HoldReason(reason))
    owners = await profiles.owners_of(work, kind, ids)
    known = await profiles.lock(work, ids)
    found = {
        one.id: _Subject(profiles.snapshot(work, one, owners.get(one.id)), standing[one.id], one.version)
        for one in known.values()
    }
    if kind is SubjectKind.PARTNER and owners.keys() - found.keys():
        terms = await profiles.terms_policy(work)
        unrated = next(one for one in terms.grades if one.grade is CreditGrade.NR)
        common: dict[str, Any] = {
            "grade": str(CreditGrade.NR),
            "score": None,
            "terms_days": unrated.terms_days,
            "currency": work.base_currency,
            "business_date": work.today,
        }
        facts = await repository.facts_of(work.tx, ids)
        found |= {
            partner_id: _Subject(common | _partner(partner_id, owner), standing[partner_id], facts.get(partner_id, 0))
            for partner_id, owner in owners.items()
            if partner_id not in found
        }
    return found


def _partner(partner_id: UUID, owner_id: UUID | None) -> dict[str, Any]:
    return {
        "id": partner_id,
        "subject_kind": "partner",
        "account_id": None,
        "partner_id": partner_id,
        "stream_key": partner_id,
        "owner_id": owner_id,
        "deposit_share": 0,
        "credit_limit": None,
    }
