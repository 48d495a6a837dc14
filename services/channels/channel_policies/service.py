"""Use cases of policies: the next version, and the one that holds on a day."""

from __future__ import annotations

from datetime import date

from kit.records import Resource, add, fresh
from kit.versions import Versions
from kit.work import Work
from services.channels.channel_policies import repository
from services.channels.channel_policies.bodies import DiscountRulesBody, DrawRulesBody, ScoringRulesBody
from services.channels.channel_policies.enums import ChannelPolicyKind
from services.channels.channel_policies.models import ChannelPolicy, ConflictRules
from services.channels.channel_policies.rules import check_start
from services.channels.channel_policies.schemas import ChannelPolicySet

POLICIES = Resource(
    "channel-policy", ChannelPolicy, lambda _one: None, audited=("kind", "version", "valid_from", "rules", "reason")
)


async def set_policy(work: Work, version: Versions, data: ChannelPolicySet) -> ChannelPolicy:
    """Add the next version of a kind; `version` names its newest. Raises VersionMismatch, PolicyInPast."""
    check_start(data.valid_from, work.today)
    await repository.lock_policy(work.tx, data.kind)
    newest = await repository.get_newest(work.tx, data.kind)
    assert newest is not None, "the migration installs version 1 of each kind"
    version.check(newest.version)
    ruled = {**data.model_dump(), "version": newest.version + 1, "author": work.actor.subject}
    row = ChannelPolicy.model_validate({**fresh(), **ruled})
    return await add(work, POLICIES, row, action="set")


async def conflict_rules_on(work: Work, day: date) -> ConflictRules:
    """The rules of conflicts that hold on a day."""
    return ConflictRules.model_validate((await _in_force(work, ChannelPolicyKind.CONFLICT, day)).rules.model_dump())


async def scoring_on(work: Work, day: date) -> tuple[int, ScoringRulesBody]:
    """How channels are scored on a day, by which version."""
    policy = await _in_force(work, ChannelPolicyKind.SCORING, day)
    assert isinstance(policy.rules, ScoringRulesBody)
    return policy.version, policy.rules


async def discounts_on(work: Work, day: date) -> DiscountRulesBody:
    """What roles may take off alone on a day."""
    rules = (await _in_force(work, ChannelPolicyKind.DISCOUNT, day)).rules
    assert isinstance(rules, DiscountRulesBody)
    return rules


async def draws_on(work: Work, day: date) -> DrawRulesBody:
    """What prizes of draws may be worth on a day."""
    rules = (await _in_force(work, ChannelPolicyKind.DRAW, day)).rules
    assert isinstance(rules, DrawRulesBody)
    return rules


async def _in_force(work: Work, kind: ChannelPolicyKind, day: date) -> ChannelPolicy:
    policy = await repository.in_force(work.tx, kind, day)
    assert policy is not None, "version 1, installed by the migration, holds from the first day on"
    return policy
