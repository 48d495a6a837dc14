"""Pure rules of memberships: moving and leaving on a date, never overlapping."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any
from uuid import UUID

from kit.errors import Conflict
from kit.money import SHARE_WHOLE
from services.targets.members.enums import MemberRole


class AlreadyThere(Conflict):
    code, title = "already-there", "The member belongs to that unit from that date on already"


class NotMember(Conflict):
    code, title = "not-a-member", "The member belongs to no unit on that date"


class LaterMemberships(Conflict):
    code, title = "later-memberships", "The member has memberships after that date"


class RoleHeld(Conflict):
    code, title = "role-held", "The member has that role, and that capacity, from that date on already"


@dataclass(frozen=True, slots=True)
class Span:
    """Belonging to a unit from `valid_from` until before `valid_to` (None: open), in a role, with a share of time."""

    unit_id: UUID
    valid_from: date
    valid_to: date | None = None
    role: MemberRole = MemberRole.SALES_REP
    capacity: int = SHARE_WHOLE

    def covers(self, day: date) -> bool:
        """Whether the span holds on a day."""
        return self.valid_from <= day and (self.valid_to is None or day < self.valid_to)


def moved(spans: Sequence[Span], unit_id: UUID, start: date) -> list[Span]:
    """The spans after a move to `unit_id` from `start` on; `spans` are sorted and do not overlap.

    The move holds until what held at `start` would have ended (a later move, a leave), or, outside of any
    span, until the next one begins. Roles stay as they are. Neighbours that are equal become one. Raises AlreadyThere.
    """
    covering = next((span for span in spans if span.covers(start)), None)
    if covering is not None:
        if covering.unit_id == unit_id:
            raise AlreadyThere
        return _seamless(_set(spans, start, "unit_id", unit_id))
    end = min((span.valid_from for span in spans if span.valid_from > start), default=None)
    earlier = [span for span in spans if span.valid_from < start]
    like = earlier[-1] if earlier else spans[0] if spans else Span(unit_id, start)
    between = replace(like, unit_id=unit_id, valid_from=start, valid_to=end)
    return _seamless(sorted([*spans, between], key=lambda span: span.valid_from))


def carried(spans: Sequence[Span], successors: Mapping[UUID, UUID], start: date) -> list[Span]:
    """The spans of who belongs from `start` on to what units went on as; all else of them stays."""
    found: list[Span] = []
    for span in spans:
        goes_on = span.unit_id in successors and (span.valid_to is None or span.valid_to > start)
        if not goes_on:
            found.append(span)
            continue
        if span.valid_from < start:
            found.append(replace(span, valid_to=start))
        found.append(replace(span, unit_id=successors[span.unit_id], valid_from=max(span.valid_from, start)))
    return found


def in_role(spans: Sequence[Span], role: MemberRole, capacity: int | None, start: date) -> list[Span]:
    """The spans after a change of role, and of capacity unless it is None, from `start` on.

    Each holds until what held at `start` would have ended (a later change, a leave), through all moves. Raises
    NotMember, RoleHeld.
    """
    covering = next((span for span in spans if span.covers(start)), None)
    if covering is None:
        raise NotMember
    if role == covering.role and capacity in (None, covering.capacity):
        raise RoleHeld
    changed = _set(spans, start, "role", role)
    return _seamless(changed if capacity is None else _set(changed, start, "capacity", capacity))


def settled(spans: Sequence[Span], unit_id: UUID, role: MemberRole, capacity: int | None, start: date) -> list[Span]:
    """The spans of somebody who belongs to a unit, in a role and with a capacity (None: as it is), from `start` on; the
    same spans when that is so already."""
    held = next((span for span in spans if span.covers(start)), None)
    found = list(spans) if held is not None and held.unit_id == unit_id else moved(spans, unit_id, start)
    try:
        return in_role(found, role, capacity, start)
    except RoleHeld:
        return found


def _set(spans: Sequence[Span], start: date, name: str, value: object) -> list[Span]:
    """The spans with one of their values changed from `start` on, as long as it is the one that holds at `start`."""
    found: list[Span] = []
    until: date | None = None
    old: object = None
    for span in spans:
        if span.covers(start):
            if span.valid_from < start:
                found.append(replace(span, valid_to=start))
            old, until = getattr(span, name), span.valid_to
            found.append(_with(replace(span, valid_from=start), name, value))
        elif span.valid_from == until and getattr(span, name) == old:
            until = span.valid_to
            found.append(_with(span, name, value))
        else:
            until = None
            found.append(span)
    return found


def _with(span: Span, name: str, value: object) -> Span:
    changes: dict[str, Any] = {name: value}
    return replace(span, **changes)


def _seamless(spans: Sequence[Span]) -> list[Span]:
    """The spans in which neighbours that differ only in their days are one."""
    merged = list(spans[:1])
    for span in spans[1:]:
        last = merged[-1]
        is_same = replace(last, valid_from=span.valid_from, valid_to=span.valid_to) == span
        if is_same and span.valid_from == last.valid_to:
            merged[-1] = replace(last, valid_to=span.valid_to)
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
