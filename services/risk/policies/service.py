"""Use cases of policies: draft, approve by somebody else, activate; which version holds on a day."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from kit import clock
from kit.errors import Conflict, FieldError, Invalid
from kit.records import Resource, add, change, fresh, require
from kit.transitions import next_state
from kit.versions import Versions
from kit.work import Work
from services.risk.policies import repository
from services.risk.policies.bodies import check_body
from services.risk.policies.enums import RiskPolicyKind, RiskPolicyState
from services.risk.policies.models import RiskPolicy
from services.risk.policies.rules import MOVES, check_approver, check_start
from services.risk.policies.schemas import PolicyActivate, PolicyCreate, PolicyUpdate

NOUN = "risk-policy"
POLICIES = Resource(NOUN, RiskPolicy, lambda _one: None, audited=("kind", "policy_version", "body", "reason"))


class PolicyNotDraft(Conflict):
    code, title = "policy-not-draft", "Only a draft can be changed"


class KindFixed(Invalid):
    code, title = "kind-fixed", "A draft keeps its kind"


async def draft_policy(work: Work, data: PolicyCreate) -> RiskPolicy:
    """The draft of the next version of a kind; raises BandGap, PdNotRising, GradeMissing."""
    check_body(data.body)
    await repository.lock_kind(work.tx, data.kind)
    policy = RiskPolicy(
        **fresh(),
        kind=data.kind,
        policy_version=await repository.latest_version(work.tx, data.kind) + 1,
        body=data.body,
        reason=data.reason,
        state=RiskPolicyState.DRAFT,
        authors=(work.actor.subject,),
    )
    return await add(work, POLICIES, policy, action="draft")


async def require_policy(work: Work, policy_id: UUID) -> RiskPolicy:
    """A version by id; raises NotFound."""
    return await require(work, POLICIES, policy_id)


async def change_draft(work: Work, policy_id: UUID, version: Versions, data: PolicyUpdate) -> RiskPolicy:
    """Change a draft: who does is one of its authors from then on.

    Raises NotFound, VersionMismatch, PolicyNotDraft, KindFixed and what a draft raises.
    """
    before = await require(work, POLICIES, policy_id, version=version)
    if before.state is not RiskPolicyState.DRAFT:
        raise PolicyNotDraft(extra={"state": before.state})
    if data.kind is not before.kind:
        raise KindFixed(errors=[FieldError("/kind", KindFixed.code, f"this is a draft of {before.kind}")])
    given = data.model_fields_set - {"kind"}
    changes: dict[str, Any] = {name: getattr(data, name) for name in sorted(given)}
    if "body" in changes:
        check_body(data.body)
    if all(value == getattr(before, name) for name, value in changes.items()):
        return before
    if work.actor.subject not in before.authors:
        changes["authors"] = (*before.authors, work.actor.subject)
    return await change(work, POLICIES, before, changes, reason=changes.get("reason", before.reason))


async def approve_policy(work: Work, policy_id: UUID, version: Versions | None) -> RiskPolicy:
    """Approve a draft of others; `version` is the one that was read, if it was said.

    Raises NotFound, VersionMismatch, StateConflict, SamePerson.
    """
    before = await require(work, POLICIES, policy_id, version=version, lock=True)
    state = next_state(NOUN, MOVES, "approve", before.state)
    check_approver(work.actor.subject, before.authors)
    changes = {"state": state, "approved_by": work.actor.subject, "approved_at": clock.now()}
    return await change(work, POLICIES, before, changes, action="approve")


async def activate_policy(work: Work, policy_id: UUID, data: PolicyActivate) -> RiskPolicy:
    """Let an approved version hold from a day on; the active one of its kind is superseded, and holds until then.

    Raises NotFound, StateConflict, DateOrder for a day before today, EffectiveBeforeLast.
    """
    found = await require(work, POLICIES, policy_id)
    await repository.lock_kind(work.tx, found.kind)
    before = await require(work, POLICIES, policy_id, lock=True)
    state = next_state(NOUN, MOVES, "activate", before.state)
    standing = await repository.active(work.tx, before.kind)
    check_start(data.effective_from, work.today, None if standing is None else standing.effective_from)
    if standing is not None:
        await change(work, POLICIES, standing, {"state": RiskPolicyState.SUPERSEDED}, action="supersede")
    changes = {
        "state": state,
        "effective_from": data.effective_from,
        "activation": await repository.activations(work.tx, before.kind) + 1,
    }
    return await change(work, POLICIES, before, changes, action="activate")


async def policy_on(work: Work, kind: RiskPolicyKind, day: date) -> RiskPolicy:
    """The version of a kind that holds on a day."""
    policy = await repository.in_force(work.tx, kind, day)
    assert policy is not None, "version 1 of each kind, installed by the migration, holds from the first day on"
    return policy


async def find_version(work: Work, kind: RiskPolicyKind, policy_version: int) -> RiskPolicy | None:
    """A version of a kind by its number, drafts included; None when there is none."""
    return await repository.find_version(work.tx, kind, policy_version)
