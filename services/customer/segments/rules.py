"""Pure rules of segments: what is refused, and how what changed is told."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple
from uuid import UUID

from kit.errors import Conflict, Invalid


class SegmentFilterInvalid(Invalid):
    """The filter is none of the list of what the segment consists of."""

    code, title = "segment-filter-invalid", "The filter is not valid"


class SegmentCycle(Conflict):
    """A segment would be found by itself."""

    code, title = "segment-cycle", "The segment asks for itself, by way of others"


class SegmentKind(Invalid):
    """A segment has a filter or ids."""

    code, title = "segment-kind", "Give a filter or ids"


class Chunk(NamedTuple):
    """A part of what a refresh changed."""

    joined: Sequence[UUID]
    left: Sequence[UUID]


def chunks_of(joined: Sequence[UUID], left: Sequence[UUID], most: int) -> list[Chunk]:
    """What changed in parts of at most so many ids, who joined first."""
    marked = [(one, True) for one in joined] + [(one, False) for one in left]
    parts = [marked[start : start + most] for start in range(0, len(marked), most)]
    return [Chunk([one for one, is_in in part if is_in], [one for one, is_in in part if not is_in]) for part in parts]


def way_back(start: UUID, asks: Mapping[UUID, Collection[UUID]]) -> list[UUID]:
    """The segments by which one asks for itself, itself first; empty when it does not."""
    ways, seen = [[start]], set[UUID]()
    for way in ways:
        for one in sorted(asks.get(way[-1], ())):
            if one == start:
                return way
            if one not in seen:
                seen.add(one)
                ways.append([*way, one])
    return []
