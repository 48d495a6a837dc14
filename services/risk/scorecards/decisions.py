"""Grades that people set: for a time, and a better one only with somebody else's approval."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from kit.clock import start_of_day
from kit.due.due import Due
from kit.errors import Conflict
from kit.versions import Versions
from kit.work import Work
from services.risk.holds import judging
from services.risk.policies.bodies import TermsBody
from services.risk.policies.rules import check_approver
from services.risk.profiles import service as profiles
from services.risk.profiles.models import CreditProfile
from services.risk.profiles.service import regraded
from services.risk.scorecards.laws import check_grade_until, dropped_from, is_better
from services.risk.scorecards.schemas import CreditGradeSet

NEVER = 10
"""More grades than there are: what people set is no drop, it only ends one."""
_UNSET: dict[str, Any] = {"set_grade": None, "set_until": None, "due_at": None}
_UNPROPOSED: dict[str, Any] = {"proposed_grade": None, "proposed_until": None, "proposed_by": None}


class GradeNotProposed(Conflict):
    code, title = "grade-not-proposed", "No better grade waits for an approval"


async def set_grade(work: Work, profile_id: UUID, data: CreditGradeSet) -> None:
    """Set the grade of an account or a partner through a day: a better one is proposed only, in the place of another
    proposal.

    Raises NotFound, AccountMerged, DateOrder, GradeTooLong.
    """
    check_grade_until(data.until, work.today)
    before = await _locked(work, profile_id)
    terms = await profiles.terms_policy(work)
    if is_better(data.grade, before.grade, terms):
        changes: dict[str, Any] = {
            "proposed_grade": data.grade,
            "proposed_until": data.until,
            "proposed_by": work.actor.subject,
        }
    else:
        changes = _set(work, data.grade, data.until) | _UNPROPOSED
    await _put(work, before, changes, terms, "set_grade", data.reason)


def _set(work: Work, grade: object, until: Any) -> dict[str, Any]:
    ends = start_of_day(work.settings.timezone, until + timedelta(1))
    return {"set_grade": grade, "set_until": until, "due_at": ends}


async def _locked(work: Work, profile_id: UUID, version: Versions | None = None) -> CreditProfile:
    """The profile, with its subject held still; raises NotFound, VersionMismatch, AccountMerged."""
    found = await profiles.require_profile(work, profile_id)
    await judging.lock(work, [profile_id], found.subject_kind)
    return await profiles.require_profile(work, profile_id, version=version, lock=True)


async def approve_grade(work: Work, profile_id: UUID, version: Versions | None) -> None:
    """Let the better grade that somebody else proposed hold; `version` is the one that was read, if it was said.

    Raises NotFound, VersionMismatch, AccountMerged, GradeNotProposed, SamePerson.
    """
    before = await _locked(work, profile_id, version)
    if before.proposed_grade is None or before.proposed_until is None or before.proposed_until < work.today:
        raise GradeNotProposed
    check_approver(work.actor.subject, (before.proposed_by or "",))
    changes = _set(work, before.proposed_grade, before.proposed_until) | _UNPROPOSED
    await _put(work, before, changes, await profiles.terms_policy(work), "approve_grade", "")


async def _put(
    work: Work, before: CreditProfile, changes: dict[str, Any], terms: TermsBody, action: str, reason: str
) -> None:
    one = regraded(before, changes, terms)
    drop = dropped_from(before.dropped_from, before.grade, one.after.grade, NEVER)
    one = regraded(before, {**changes, "dropped_from": drop}, terms)
    await profiles.put_changes(work, [one], action=action, reason=reason)
    if {"grade", "dropped_from"} & set(one.changed):
        await judging.judge(work, [before.id], before.subject_kind)


async def end_grades(work: Work, rows: Sequence[CreditProfile]) -> None:
    """Grades that were set have passed their last day: those that the rules found hold again. Holds follow with the
    next look at them, and at once where an order is placed: who judges locks exposures before profiles."""
    terms = await profiles.terms_policy(work)
    changes = [regraded(row, dict(_UNSET), terms) for row in rows]
    await profiles.put_changes(work, changes, action="end_grade")


GRADES_DUE = Due("set-grade", CreditProfile, end_grades, "t.due_at IS NOT NULL")
