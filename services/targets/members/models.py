"""Members and their memberships as rows and as tables, and the directory that gives record scope."""

from __future__ import annotations

from datetime import date
from typing import Annotated, ClassVar
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from kit.db.columns import DECODED, FrozenRow, OwnedRow, identifier, text
from kit.db.text_keys import CodeKeyed, TextKeys, code_indexes
from kit.money import SHARE_WHOLE
from kit.security.principal_table import PrincipalRow
from services.targets.db import Base
from services.targets.members.enums import MemberRole


class MemberRow(OwnedRow):
    """Somebody of the sales organisation; `subject` is the token subject, null without a login, `role` that of the
    newest membership, also of one to come."""

    __tablename__ = "member"
    __text_keys__: ClassVar = TextKeys(codes=("code",))

    code: Annotated[str, text(nullable=False, unique=True)]
    subject: Annotated[str | None, text(nullable=True, unique=True)] = None
    role: Annotated[MemberRole, text(nullable=False)]


class MemberTable(MemberRow, CodeKeyed, Base, table=True):
    """Members."""

    __table_args__ = code_indexes("member", "code")


class MembershipRow(FrozenRow):
    """Where a member belongs from `valid_from` until before `valid_to` (null: open), in which role (null: as the
    member's row says) and with how much of the time."""

    __tablename__ = "membership"

    member_id: Annotated[UUID, identifier(primary_key=True, foreign_key="member.id")]
    valid_from: Annotated[date, Field(primary_key=True)]
    valid_to: date | None = None
    unit_id: Annotated[UUID, identifier(nullable=False, foreign_key="unit.id", index=True)]
    role: Annotated[MemberRole | None, text(nullable=True)] = None
    capacity: Annotated[int, Field(nullable=False, sa_column_kwargs={"server_default": str(SHARE_WHOLE)})] = SHARE_WHOLE


class MembershipTable(MembershipRow, Base, table=True):
    """Memberships."""

    __table_args__ = (
        sa.CheckConstraint("valid_to > valid_from", name="not_empty"),
        sa.Index("uq_membership_open", "member_id", unique=True, postgresql_where=sa.text("valid_to IS NULL")),
    )


class Membership(FrozenRow):
    """A membership with the unit's path from the root down."""

    unit_id: UUID
    path: tuple[UUID, ...]
    valid_from: date
    valid_to: date | None
    role: MemberRole
    capacity: int


class Member(MemberRow):
    """A member with all memberships, oldest first."""

    memberships: Annotated[tuple[Membership, ...], DECODED]


class Principal(PrincipalRow, Base, table=True):
    """Directory of the callers, written together with the memberships."""
