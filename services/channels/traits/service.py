"""What other slices ask of accounts: what they are like, and which are one."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from kit.work import Work
from services.channels.redirects import service as redirects
from services.channels.traits import repository
from services.channels.traits.models import Traits

PROJECTIONS: Final = ("account_grade", "account_stage", "account_segment")
"""What the answers are read from, beside redirects."""


async def traits_of(work: Work, account_id: UUID) -> Traits:
    """What an account is like: grade and stage of what it reads as, segments of all that are one with it."""
    groups = await redirects.groups_of(work, [account_id])
    all_ids = {account_id, *groups.members(account_id)}
    known = await repository.known_of(work.tx, groups.root(account_id), all_ids)
    return Traits(frozenset(all_ids), known.grade, known.stage, frozenset(known.segments))
