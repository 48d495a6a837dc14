"""Where things lead that lead to others, and which of them are one: redirects that are kept, taken back and chained."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from uuid import UUID


class Redirect(NamedTuple):
    """`source` leads to `target` since a moment."""

    id: UUID
    target: UUID
    source: UUID
    since: datetime

    @property
    def age(self) -> tuple[datetime, UUID]:
        """Its place among redirects, whoever heard of it when."""
        return self.since, self.id


@dataclass(frozen=True, slots=True)
class Groups:
    """Things that are one: where those lead that lead somewhere, and what leads to a root."""

    roots: Mapping[UUID, UUID]
    merged: Mapping[UUID, tuple[UUID, ...]]

    @classmethod
    def of(cls, leads: Iterable[tuple[UUID, UUID]]) -> Groups:
        """Out of pairs: what leads somewhere, and its root."""
        roots: dict[UUID, UUID] = {}
        merged: dict[UUID, list[UUID]] = defaultdict(list)
        for each, root in leads:
            roots[each] = root
            merged[root].append(each)
        return cls(roots, {root: tuple(sorted(ids)) for root, ids in merged.items()})

    def root(self, each: UUID) -> UUID:
        """What one reads as."""
        return self.roots.get(each, each)

    def members(self, each: UUID) -> tuple[UUID, ...]:
        """All that are one with this one, the root first."""
        root = self.root(each)
        return (root, *self.merged.get(root, ()))

    def everyone(self, ids: Collection[UUID]) -> list[UUID]:
        """The members of the groups of these, in order of id."""
        return sorted({member for each in ids for member in self.members(each)})


def roots_of(redirects: Iterable[Redirect]) -> dict[UUID, UUID]:
    """Where each source leads in the end; what leads nowhere is missing.

    Of two redirects of one source the later one holds. A loop, which the owner of redirects never makes, is cut at its
    latest redirect: that one's source is the root. The order of the redirects does not matter.
    """
    leads: dict[UUID, Redirect] = {}
    for one in redirects:
        known = leads.get(one.source)
        if one.source != one.target and (known is None or known.age < one.age):
            leads[one.source] = one
    for start in sorted(leads):
        if loop := _loop(leads, start):
            del leads[max(loop, key=lambda one: one.age).source]
    return {source: _end(leads, source) for source in leads}


def _loop(leads: Mapping[UUID, Redirect], start: UUID) -> list[Redirect]:
    """The redirects of the loop that a walk runs into; empty when it ends."""
    walked: list[UUID] = []
    here = start
    while here in leads:
        if here in walked:
            return [leads[each] for each in walked[walked.index(here) :]]
        walked.append(here)
        here = leads[here].target
    return []


def _end(leads: Mapping[UUID, Redirect], each: UUID) -> UUID:
    while each in leads:
        each = leads[each].target
    return each
