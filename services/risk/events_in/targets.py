"""What risk hears of the sales organisation."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from uuid import UUID

from kit.events.contract import Heard


class MembershipHeard(Heard):
    """Units of a member from the root down, for a time."""

    path: list[UUID]
    valid_from: date
    valid_to: date | None


class MemberHeard(Heard):
    """A member with all memberships."""

    id: UUID
    code: str
    subject: str | None
    memberships: list[MembershipHeard]


HEARD: Mapping[str, type[Heard]] = {
    "targets.member.joined.v1": MemberHeard,
    "targets.member.moved.v1": MemberHeard,
    "targets.member.left.v1": MemberHeard,
}
