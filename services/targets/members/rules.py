"""Pure rules of memberships: moving and leaving on a date, never overlapping."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from uuid import UUID

from kit.errors import Conflict


class AlreadyThere(Conflict):
    code, title = "already-there", "The member belongs to that unit from that date on already"


class NotMember(Conflict):
    code, title = "not-a-member", "The member belongs to no unit on that date"


class LaterMemberships(Conflict):
    code, title = "later-memberships", "The member has memberships after that date"


@dataclass(frozen=True, slots=True)
class Span:
    """Belonging to a unit from `valid_from` until before `valid_to` (None: open)."""

    unit_id: UUID
    valid_from: date
    valid_to: date | None = None

    def covers(self, day: date) -> bool:
        """Whether the span holds on a day."""
        return self.valid_from <= day and (self.valid_to is None or day < self.valid_to)


def moved(spans: Sequence[Span], unit_id: UUID, start: date) -> list[Span]:
    """The spans after a move to `unit_id` from `start` on; `spans` are sorted and do not overlap.

    The move holds until what held at `start` would have ended (a later move, a leave), or, outside of any
    span, until the next one begins. Neighbours in the same unit become one. Raises AlreadyThere.
    """
    covering = next((span for span in spans if span.covers(start)), None)
    if covering is not None and covering.unit_id == unit_id:
        raise AlreadyThere
    end = covering.valid_to if covering else min((s.valid_from for s in spans if s.valid_from > start), default=None)
    kept = [span for span in spans if span is not covering]
    if covering is not None and covering.valid_from < start:
        kept.append(replace(covering, valid_to=start))
    ordered = sorted([*kept, Span(unit_id, start, end)], key=lambda span: span.valid_from)
    merged = ordered[:1]
    for span in ordered[1:]:
        if span.unit_id == merged[-1].unit_id and span.valid_from == merged[-1].valid_to:
            merged[-1] = replace(merged[-1], valid_to=span.valid_to)
        else:
            merged.append(span)
    return merged


def ended(spans: Sequence[Span], on: date, *, may_undo: bool = False) -> list[Span]:
    """The spans of a member who belongs to no unit from `on` on. Raises NotMember, LaterMemberships.

    With `may_undo` the last span may end on the day it began on: it was never.
    """
    if any(span.valid_from > on for span in spans):
        raise LaterMemberships
    last = spans[-1] if spans else None
    if may_undo and last is not None and last.valid_from == on:
        return list(spans[:-1])
    if last is None or not last.covers(on) or last.valid_from == on:
        raise NotMember("leaving needs a membership that began before that date")
    return [*spans[:-1], replace(last, valid_to=on)]
