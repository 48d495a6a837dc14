"""Policies as rows and as a table."""

from __future__ import annotations

from datetime import date
from typing import Annotated

import sqlalchemy as sa
from sqlmodel import Field

from kit.db.columns import OwnedRow, big_int, one_of, text
from services.targets.db import Base
from services.targets.policies.enums import Approval


class TargetPolicy(OwnedRow):
    """A version of the policy, `version` its number; of those that have begun by a day the newest holds on it."""

    __tablename__ = "target_policy"

    valid_from: date
    approval: Annotated[Approval, text(nullable=False)]
    over_assignment_max: Annotated[int, big_int(nullable=False)]
    close_after_days: Annotated[int, Field(nullable=False)]
    reason: Annotated[str, text(nullable=False)]
    author: Annotated[str, text(nullable=False)]


class TargetPolicyTable(TargetPolicy, Base, table=True):
    """Policies."""

    __table_args__ = (one_of("approval", Approval), sa.UniqueConstraint("version"))
