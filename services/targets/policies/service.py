"""Use cases of policies: the next version, and the one that holds on a day."""

from __future__ import annotations

from datetime import date

from kit.records import Resource, add, fresh
from kit.versions import Versions
from kit.work import Work
from services.targets.policies import repository
from services.targets.policies.models import TargetPolicy
from services.targets.policies.rules import ALERT_RULES, check_limits, check_start, check_thresholds
from services.targets.policies.schemas import TargetPolicySet

_RULED = ("valid_from", "approval", "over_assignment_max", "close_after_days", "checks", *ALERT_RULES, "check_limits")
POLICIES = Resource("target-policy", TargetPolicy, lambda _one: None, audited=("version", *_RULED, "reason"))


async def set_policy(work: Work, version: Versions, data: TargetPolicySet) -> TargetPolicy:
    """Add the next version; `version` names the newest. Raises VersionMismatch, PolicyInPast,
    ThresholdsCrossed."""
    check_start(data.valid_from, work.today)
    await repository.lock_policy(work.tx)
    newest = await repository.get_newest(work.tx)
    assert newest is not None, "the migration installs version 1"
    version.check(newest.version)
    given = data.given()
    if "check_limits" in given:
        given["check_limits"] = newest.check_limits.model_copy(update=data.check_limits.given())
        check_limits(given["check_limits"].model_dump())
    ruled = {name: getattr(newest, name) for name in _RULED} | given
    check_thresholds(ruled)
    row = TargetPolicy(**{**fresh(), **ruled, "version": newest.version + 1, "author": work.actor.subject})
    return await add(work, POLICIES, row, action="set")


async def policy_on(work: Work, day: date) -> TargetPolicy:
    """The version that holds on a day."""
    policy = await repository.in_force(work.tx, day)
    assert policy is not None, "version 1, installed by the migration, holds from the first day on"
    return policy
