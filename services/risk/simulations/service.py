"""Use cases of simulations: whom a version of a policy would move, from the profiles as they are, of which nothing is
written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from kit.ids import derived_id
from kit.jobs.jobs import enqueue
from kit.records import Resource, audit_added, fresh, require
from kit.work import Work
from services.risk.assessments import service as assessments
from services.risk.policies import service as policies
from services.risk.policies.enums import CreditGrade, RiskPolicyKind
from services.risk.policies.models import RiskPolicy
from services.risk.profiles.enums import SubjectKind
from services.risk.scorecards import service as scorecards
from services.risk.scorecards.service import Outcome, Rules
from services.risk.simulations import repository
from services.risk.simulations.models import Foreseen, RiskPolicySimulation, RiskPolicySimulationResult
from services.risk.simulations.repository import Member
from services.risk.simulations.rules import OF_SUBJECTS, Overdue, check_kind, held_by, moved

NOUN: Final = "risk-policy-simulation"
SIMULATE: Final = "risk-policies.simulate"
"""Kind of the job that simulates a policy."""
SIMULATIONS = Resource(NOUN, RiskPolicySimulation, lambda _one: None, audited=("policy_id",))
Versions = Mapping[str, int]
"""Which versions of the other policies, and of this one, held when a simulation was asked for, by kind."""


async def start_simulation(work: Work, policy_id: UUID) -> UUID:
    """Ask whom a version of a policy would move today: a job with the id of the simulation. It is kept as it is now.

    Raises NotFound, KindNotSimulated.
    """
    policy = await policies.require_policy(work, policy_id)
    check_kind(policy.kind)
    kinds = OF_SUBJECTS if policy.kind in OF_SUBJECTS else (policy.kind,)
    against = {kind: await policies.policy_on(work, kind, work.today) for kind in kinds}
    row = RiskPolicySimulation(
        **fresh(),
        policy_id=policy.id,
        kind=policy.kind,
        policy_version=policy.policy_version,
        against_version=against[policy.kind].policy_version,
        body=policy.body,
        as_of=work.today,
        created_by=work.actor.subject,
    )
    await repository.add_simulation(work.tx, row)
    await audit_added(work, "risk_policy_simulation", row.id, {"policy_id": str(policy.id), "kind": str(policy.kind)})
    versions = {str(kind): one.policy_version for kind, one in against.items()}
    await enqueue(work.tx, SIMULATE, {"versions": versions}, work.actor.subject, job_id=row.id)
    return row.id


async def require_simulation(work: Work, simulation_id: UUID) -> RiskPolicySimulation:
    """A simulation by id; raises NotFound."""
    return await require(work, SIMULATIONS, simulation_id)


async def count_subjects(work: Work, one: RiskPolicySimulation) -> int:
    """How many accounts and partners, or risks, there are to be looked at."""
    counted = scorecards.count_subjects if one.kind in OF_SUBJECTS else assessments.count_open
    return await counted(work)


def kinds_of(one: RiskPolicySimulation) -> tuple[SubjectKind, ...]:
    """What a simulation looks at, one kind after the other: risks, of a matrix, are of one kind."""
    return tuple(SubjectKind) if one.kind in OF_SUBJECTS else (SubjectKind.ACCOUNT,)


async def simulate_next(
    work: Work,
    one: RiskPolicySimulation,
    versions: Versions,
    after: UUID | None,
    most: int,
    kind: SubjectKind = SubjectKind.ACCOUNT,
) -> list[UUID]:
    """Look at the subjects of a kind after one of them, by id, and keep those that would move; returns which were
    looked at."""
    if one.kind in OF_SUBJECTS:
        ids = await scorecards.next_subjects(work, kind, after, most)
        found = await _scored(work, one, versions, ids, kind) if ids else []
    else:
        ids, found = await _risks(work, one, versions, after, most)
    await repository.add_results(work.tx, found)
    return ids


async def finish_simulation(work: Work, simulation_id: UUID, subjects: int) -> None:
    """All subjects were looked at."""
    await repository.finish(work.tx, simulation_id, subjects)


async def _against(work: Work, kind: RiskPolicyKind, versions: Versions) -> RiskPolicy:
    found = await policies.find_version(work, kind, versions[kind])
    assert found is not None, "a version that was activated stays"
    return found


def _drafted(policy: RiskPolicy, one: RiskPolicySimulation) -> RiskPolicy:
    """The policy with the words of the draft."""
    return policy.model_copy(update={"body": one.body})


async def _scored(
    work: Work, one: RiskPolicySimulation, versions: Versions, ids: Sequence[UUID], kind: SubjectKind
) -> list[RiskPolicySimulationResult]:
    held = [await _against(work, kind, versions) for kind in OF_SUBJECTS]
    drafted = [_drafted(each, one) if each.kind is one.kind else each for each in held]
    both = (await scorecards.rules_of(work, one.as_of, *held), await scorecards.rules_of(work, one.as_of, *drafted))
    outcomes = await scorecards.foresee(work, both, ids, kind)
    sides: list[dict[UUID, Foreseen]] = []
    groups: dict[tuple[Any, ...], dict[UUID, list[Member]]] = {}
    for number, rules in enumerate(both):
        items = (rules.open_from, rules.window.items_from)
        if items not in groups:
            groups[items] = _by_root(await repository.members(work.tx, ids, one.as_of, *items))
        sides.append({key: _foreseen(pair[number], groups[items][key], rules) for key, pair in outcomes.items()})
    return [
        _result(one, sides[0][key], sides[1][key], **{f"{kind}_id": key})
        for key in outcomes
        if moved(sides[0][key], sides[1][key])
    ]


def _by_root(found: Sequence[Member]) -> dict[UUID, list[Member]]:
    groups: dict[UUID, list[Member]] = {}
    for member in found:
        groups.setdefault(member.root_id, []).append(member)
    return groups


def _foreseen(outcome: Outcome, members: Sequence[Member], rules: Rules) -> Foreseen:
    profile = outcome.profile
    states = {one.account_id: Overdue(one.days_overdue, one.standing, one.waived) for one in members}
    own = states.pop(profile.id)
    return Foreseen(
        score=outcome.score,
        grade=profile.grade,
        terms_days=profile.terms_days,
        deposit_share=profile.deposit_share,
        credit_limit=outcome.credit_limit,
        recommended_limit=outcome.recommended_limit,
        hold_reasons=held_by(
            own,
            states.values(),
            rules.overdue_days,
            is_d=profile.grade is CreditGrade.D,
            has_dropped=profile.dropped_from is not None,
        ),
    )


async def _risks(
    work: Work, one: RiskPolicySimulation, versions: Versions, after: UUID | None, most: int
) -> tuple[list[UUID], list[RiskPolicySimulationResult]]:
    """The last assessments of risks that are not closed, in the cells of both matrices."""
    held = await _against(work, one.kind, versions)
    bands = assessments.bands_of(held), assessments.bands_of(_drafted(held, one))
    ids, last = await assessments.next_open(work, after, most)
    found = []
    for each in last:
        before, after_it = (Foreseen(band=side[each.likelihood, each.impact]) for side in bands)
        if moved(before, after_it):
            found.append(_result(one, before, after_it, risk_id=each.risk_id, assessment_kind=each.kind))
    return ids, found


def _result(one: RiskPolicySimulation, before: Foreseen, after: Foreseen, **subject: Any) -> RiskPolicySimulationResult:
    made = derived_id("risk_policy_simulation_result", one.id, *subject.values())
    return RiskPolicySimulationResult(
        id=made, simulation_id=one.id, parts=moved(before, after), before=before, after=after, **subject
    )
