"""Pure rules of commits: until when they are taken, and how far they are from what was planned."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import NamedTuple
from uuid import UUID

from kit.errors import Conflict
from services.targets.targets.enums import TargetState


class CommitsClosed(Conflict):
    code, title = "commits-closed", "Commits are taken for drafts, until their last day"


class Planned(NamedTuple):
    """A child as it is planned."""

    target_id: UUID
    key: str
    name: str
    amount: int


class ChildGap(NamedTuple):
    """A child, what was committed to it, and how much that is beyond the plan; without a commit both are None."""

    target_id: UUID
    key: str
    name: str
    amount: int
    commit: int | None
    difference: int | None


def check_taken(state: TargetState, until: date | None, today: date) -> None:
    """A draft takes commits, to the end of its last day. Raises CommitsClosed."""
    if state is not TargetState.DRAFT:
        raise CommitsClosed(f"the target is {state}", extra={"state": state})
    if until is not None and until < today:
        raise CommitsClosed(f"the last day was {until}", extra={"commit_until": until.isoformat()})


def gaps_of(children: Sequence[Planned], commits: Mapping[UUID, int | None]) -> list[ChildGap]:
    """Every child with its commit; 0 is one, None and what is not there are none."""
    return [_gap(one, commits.get(one.target_id)) for one in children]


def _gap(child: Planned, commit: int | None) -> ChildGap:
    return ChildGap(*child, commit, None if commit is None else commit - child.amount)


def committed(gaps: Sequence[ChildGap]) -> int:
    """The sum of what was committed."""
    return sum(one.commit for one in gaps if one.commit is not None)
