"""Raises of limits: for a time, after which the limit before them holds again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from kit.clock import start_of_day
from kit.due.due import Due
from kit.ids import new_id
from kit.records import Change, changed_row
from kit.work import Work
from services.risk.profiles import repository, service
from services.risk.profiles.models import CreditProfile, LimitRaise
from services.risk.profiles.rules import check_raise, has_ended
from services.risk.profiles.schemas import CreditLimitRaise


async def raise_limit(work: Work, profile_id: UUID, data: CreditLimitRaise) -> None:
    """Raise a limit through a day. A raise of one that is raised takes its place: the limit before both comes back.

    Raises NotFound, AccountMerged, DateOrder, NotARaise.
    """
    before = await service.require_profile(work, profile_id, lock=True)
    base = before.credit_limit if before.limit_before is None else before.limit_before
    check_raise(data.credit_limit, base, data.until, work.today)
    changes: dict[str, Any] = {
        "credit_limit": data.credit_limit,
        "limit_before": base,
        "raised_until": data.until,
    }
    one = changed_row(before, changes)
    if "raised_until" in one.changed:
        due = LimitRaise(id=new_id(), profile_id=profile_id, due_at=_end(work, data.until))
        await repository.add_raise(work.tx, due)
    await service.put_changes(work, [one], action="raise_limit", reason=data.reason)


def _end(work: Work, until: date) -> datetime:
    return start_of_day(work.settings.timezone, until + timedelta(1))


async def end_raises(work: Work, rows: Sequence[LimitRaise]) -> None:
    """Raises have passed their last day: the limit before them holds again, unless a person has set one since."""
    profiles = await service.lock(work, {row.profile_id for row in rows})
    profile: CreditProfile
    ended: list[Change[CreditProfile]] = []
    for profile in profiles.values():
        if has_ended(profile.raised_until, work.today):
            ended.append(changed_row(profile, {"credit_limit": profile.limit_before, **service.UNRAISED}))
    await service.put_changes(work, ended, action="end_raise")
    over = {one.after.id for one in ended}
    for row in rows:
        until = profiles[row.profile_id].raised_until
        if until is None or row.profile_id in over:
            await repository.drop_raise(work.tx, row.id)
        else:
            await repository.put_off(work.tx, row.id, _end(work, until))


RAISES_DUE: Final = Due("limit-raise", LimitRaise, end_raises)
