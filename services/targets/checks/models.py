"""Stored runs of checks as rows and as a table."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from kit.db.columns import DECODED, FrozenRow, big_int, document, identifier, moment, one_of, text
from services.targets.checks.enums import TargetCheckCause, TargetCheckFix, TargetCheckKind, TargetCheckVerdict
from services.targets.db import Base


class Evidence(FrozenRow):
    """A figure that a check looked at: an amount, a count, or a share in 1e-6."""

    name: str
    value: int


class Lack(FrozenRow):
    """What a check lacks: what there is of what is needed."""

    reason: str
    have: int
    need: int


class Finding(FrozenRow):
    """What a check found, by what, and what would mend it; `lack` is why it could say nothing."""

    check: TargetCheckKind
    verdict: TargetCheckVerdict
    evidence: tuple[Evidence, ...] = ()
    fix: TargetCheckFix | None = None
    fix_amount: int | None = None
    lack: Lack | None = None


class Override(FrozenRow):
    """Why a check that fails does not count."""

    check: TargetCheckKind
    reason: str


class TargetCheckRun(FrozenRow):
    """All checks of a target as it stood at `target_version`, with what was known at the end of `as_of`."""

    __tablename__ = "target_check"

    id: Annotated[UUID, identifier(primary_key=True)]
    target_id: Annotated[UUID, identifier(nullable=False)]
    target_version: Annotated[int, Field(nullable=False)]
    amount: Annotated[int, big_int(nullable=False)]
    cause: Annotated[TargetCheckCause, text(nullable=False)]
    as_of: date
    formula_version: int
    policy_version: Annotated[int, Field(nullable=False)]
    verdict: Annotated[TargetCheckVerdict, text(nullable=False)]
    findings: Annotated[tuple[Finding, ...], DECODED, document(nullable=False)]
    overrides: Annotated[tuple[Override, ...], DECODED, document(nullable=False)]
    author: Annotated[str, text(nullable=False)]
    recorded_at: Annotated[datetime, moment(nullable=False)]


class TargetCheckTable(TargetCheckRun, Base, table=True):
    """Runs of checks; they are only added."""

    __table_args__ = (
        one_of("cause", TargetCheckCause),
        one_of("verdict", TargetCheckVerdict),
        sa.Index("ix_target_check_target_id_recorded_at_id", "target_id", "recorded_at", "id"),
    )
