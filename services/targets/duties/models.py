"""Roles as rows and as a table."""

from __future__ import annotations

from typing import Annotated

import sqlalchemy as sa
from sqlmodel import Field

from kit.db.columns import OwnedRow, one_of, text
from services.targets.db import Base
from services.targets.members.enums import MemberRole


class Role(OwnedRow):
    """A role of members, and what who has it is there for; every role has a row from the beginning."""

    __tablename__ = "member_role"

    role: Annotated[MemberRole, text(nullable=False, unique=True)]
    duties: Annotated[tuple[str, ...], Field(sa_type=sa.ARRAY(sa.Text), nullable=False)]


class RoleTable(Role, Base, table=True):
    """Roles."""

    __table_args__ = (one_of("role", MemberRole),)
