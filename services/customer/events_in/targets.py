"""What customer hears of the sales organisation."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Annotated
from uuid import UUID

from pydantic import Field

from kit.events.contract import Heard


class MembershipHeard(Heard):
    """Units from the root down, for a time."""

    path: list[UUID]
    valid_from: date
    valid_to: date | None = None


class MemberHeard(Heard):
    """targets.member.joined|moved|left.v1"""

    id: UUID
    code: str
    subject: str | None = None
    memberships: Annotated[list[MembershipHeard], Field(min_length=1)]


HEARD: Mapping[str, type[Heard]] = {
    "targets.member.joined.v1": MemberHeard,
    "targets.member.moved.v1": MemberHeard,
    "targets.member.left.v1": MemberHeard,
}
