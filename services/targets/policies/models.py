"""Policies as rows and as a table."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

import sqlalchemy as sa
from sqlmodel import Field

from kit.db.columns import DECODED, FrozenRow, OwnedRow, big_int, document, one_of, text
from services.targets.db import Base
from services.targets.policies.enums import Approval, ChecksRule


def whole(default: int) -> Any:
    """A column of a number that rows of earlier releases have too."""
    return Field(nullable=False, sa_column_kwargs={"server_default": str(default)})


class CheckLimits(FrozenRow):
    """Where checks pass, and where they warn instead of failing, inclusive on the better side: millionths, percentiles
    of the growth. `elapsed_warn` is the share of its period after which a target begins late."""

    growth_pass: int = 75
    growth_warn: int = 95
    p_hit_pass: int = 200_000
    p_hit_warn: int = 50_000
    coverage_pass: int = 950_000
    coverage_warn: int = 800_000
    capacity_pass: int = 1_000_000
    capacity_warn: int = 800_000
    elapsed_warn: int = 100_000
    commits_pass: int = 50_000
    commits_warn: int = 150_000
    siblings_pass: int = 250_000
    siblings_warn: int = 500_000
    long_share_pass: int = 900_000
    long_share_warn: int = 750_000


_LIMITS = CheckLimits().model_dump_json()


class TargetPolicy(OwnedRow):
    """A version of the policy, `version` its number; of those that have begun by a day the newest holds on it."""

    __tablename__ = "target_policy"

    valid_from: date
    approval: Annotated[Approval, text(nullable=False)]
    over_assignment_max: Annotated[int, big_int(nullable=False)]
    close_after_days: Annotated[int, Field(nullable=False)]
    checks: Annotated[ChecksRule, text(nullable=False, sa_column_kwargs={"server_default": "advise"})] = (
        ChecksRule.ADVISE
    )
    alert_pace_amber: Annotated[int, whole(950_000)] = 950_000
    alert_pace_red: Annotated[int, whole(850_000)] = 850_000
    alert_pace_margin: Annotated[int, whole(20_000)] = 20_000
    alert_p_hit_amber: Annotated[int, whole(500_000)] = 500_000
    alert_p_hit_red: Annotated[int, whole(200_000)] = 200_000
    alert_p_hit_margin: Annotated[int, whole(50_000)] = 50_000
    alert_silent_share: Annotated[int, whole(100_000)] = 100_000
    check_limits: Annotated[
        CheckLimits, DECODED, document(nullable=False, sa_column_kwargs={"server_default": _LIMITS})
    ] = CheckLimits()
    reason: Annotated[str, text(nullable=False)]
    author: Annotated[str, text(nullable=False)]


class TargetPolicyTable(TargetPolicy, Base, table=True):
    """Policies."""

    __table_args__ = (one_of("approval", Approval), one_of("checks", ChecksRule), sa.UniqueConstraint("version"))
