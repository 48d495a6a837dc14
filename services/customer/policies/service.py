"""Use cases of policies: draft, activate; which version holds on a day."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from kit.errors import Conflict, FieldError, Invalid
from kit.records import Resource, add, change, fresh, require
from kit.transitions import next_state
from kit.versions import Versions
from kit.work import Work
from services.customer.policies import repository
from services.customer.policies.bodies import check_body
from services.customer.policies.enums import PolicyKind, PolicyState
from services.customer.policies.models import CustomerPolicy
from services.customer.policies.rules import MOVES, check_start
from services.customer.policies.schemas import CustomerPolicyActivate, CustomerPolicyCreate, CustomerPolicyUpdate

NOUN = "customer-policy"
POLICIES = Resource(NOUN, CustomerPolicy, lambda _one: None, audited=("kind", "policy_version", "body", "reason"))


class PolicyNotDraft(Conflict):
    code, title = "policy-not-draft", "Only a draft can be changed"


class KindFixed(Invalid):
    code, title = "kind-fixed", "A draft keeps its kind"


async def draft_policy(work: Work, data: CustomerPolicyCreate) -> CustomerPolicy:
    """The draft of the next version of a kind; raises what `check_body` raises."""
    check_body(data.body)
    await repository.lock_kind(work.tx, data.kind)
    policy = CustomerPolicy(
        **fresh(),
        kind=data.kind,
        policy_version=await repository.latest_version(work.tx, data.kind) + 1,
        body=data.body,
        reason=data.reason,
        state=PolicyState.DRAFT,
        created_by=work.actor.subject,
    )
    return await add(work, POLICIES, policy, action="draft")


async def require_policy(work: Work, policy_id: UUID) -> CustomerPolicy:
    """A version by id; raises NotFound."""
    return await require(work, POLICIES, policy_id)


async def change_draft(work: Work, policy_id: UUID, version: Versions, data: CustomerPolicyUpdate) -> CustomerPolicy:
    """Change a draft; raises NotFound, VersionMismatch, PolicyNotDraft, KindFixed and what a draft raises."""
    before = await require(work, POLICIES, policy_id, version=version)
    if before.state is not PolicyState.DRAFT:
        raise PolicyNotDraft(extra={"state": before.state})
    if data.kind is not before.kind:
        raise KindFixed(errors=[FieldError("/kind", KindFixed.code, f"this is a draft of {before.kind}")])
    changes = {name: getattr(data, name) for name in sorted(data.model_fields_set)}
    if "body" in changes:
        check_body(data.body)
    return await change(work, POLICIES, before, changes)


async def activate_policy(work: Work, policy_id: UUID, data: CustomerPolicyActivate) -> CustomerPolicy:
    """Let a draft hold from a day on; the active one of its kind is superseded, and holds until then.

    Raises NotFound, StateConflict, DateOrder for a day before today.
    """
    found = await require(work, POLICIES, policy_id)
    await repository.lock_kind(work.tx, found.kind)
    before = await require(work, POLICIES, policy_id, lock=True)
    state = next_state(NOUN, MOVES, "activate", before.state)
    check_start(data.valid_from, work.today)
    standing = await repository.active(work.tx, before.kind)
    if standing is not None:
        await change(work, POLICIES, standing, {"state": PolicyState.SUPERSEDED}, action="supersede")
    changes = {
        "state": state,
        "valid_from": data.valid_from,
        "activation": await repository.activations(work.tx, before.kind) + 1,
    }
    return await change(work, POLICIES, before, changes, action="activate")


async def policy_on(work: Work, kind: PolicyKind, day: date) -> CustomerPolicy:
    """The version of a kind that holds on a day."""
    policy = await repository.in_force(work.tx, kind, day)
    assert policy is not None, "version 1 of each kind, installed by the migration, holds from the first day on"
    return policy


async def policies_by_day(work: Work, kind: PolicyKind) -> list[CustomerPolicy]:
    """The versions of a kind that hold some day or other, in the order of the days they hold from."""
    holding: list[CustomerPolicy] = []
    for policy in await repository.activated(work.tx, kind):
        if policy.valid_from is not None and (not holding or policy.valid_from < _start(holding[-1])):
            holding.append(policy)
    return holding[::-1]


def _start(policy: CustomerPolicy) -> date:
    assert policy.valid_from is not None, "it was activated"
    return policy.valid_from


async def policy_of(work: Work, kind: PolicyKind, policy_version: int) -> CustomerPolicy:
    """A version of a kind that was used."""
    policy = await repository.find_version(work.tx, kind, policy_version)
    assert policy is not None, "versions are never deleted"
    return policy
