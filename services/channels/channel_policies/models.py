"""Policies as rows and as a table."""

from __future__ import annotations

from datetime import date
from typing import Annotated

import sqlalchemy as sa
from pydantic import WrapValidator

from kit.db.columns import DECODED, FrozenRow, OwnedRow, document, one_of, text
from services.channels.channel_policies.bodies import AnyRules, read_rules
from services.channels.channel_policies.enums import ChannelPolicyKind, ConflictSeverity
from services.channels.db import Base


class ConflictRules(FrozenRow):
    """How far apart two orders of one customer may be (days), by how much of its list price a piece may be sold below
    what was agreed (millionths), and how grave a conflict of each kind is at first."""

    window_days: int
    tolerance: int
    severities: dict[str, ConflictSeverity]


class ChannelPolicy(OwnedRow):
    """A version of a kind of policy, `version` its number; of those that have begun by a day the newest holds on it."""

    __tablename__ = "channel_policy"

    kind: Annotated[ChannelPolicyKind, text(nullable=False)]
    valid_from: date
    rules: Annotated[AnyRules, WrapValidator(read_rules), DECODED, document(nullable=False)]
    reason: Annotated[str, text(nullable=False)]
    author: Annotated[str, text(nullable=False)]


class ChannelPolicyTable(ChannelPolicy, Base, table=True):
    """Policies."""

    __table_args__ = (
        one_of("kind", ChannelPolicyKind),
        sa.UniqueConstraint("kind", "version"),
        sa.Index("ix_channel_policy_valid_from_id", "valid_from", "id"),
    )
