"""Policies as rows and as a table."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated

import sqlalchemy as sa
from pydantic import WrapValidator
from sqlmodel import Field

from kit.db.columns import DECODED, OwnedRow, document, moment, one_of, text
from services.risk.db import Base
from services.risk.policies.bodies import AnyBody, read_body
from services.risk.policies.enums import RiskPolicyKind, RiskPolicyState


class RiskPolicy(OwnedRow):
    """A version of a kind of policy; `authors` wrote its draft, `activation` counts the activations of its kind."""

    __tablename__ = "risk_policy"

    kind: Annotated[RiskPolicyKind, text(nullable=False)]
    policy_version: Annotated[int, Field(nullable=False)]
    body: Annotated[AnyBody, WrapValidator(read_body), DECODED, document(nullable=False)]
    reason: Annotated[str, text(nullable=False)]
    state: Annotated[RiskPolicyState, text(nullable=False)]
    authors: Annotated[tuple[str, ...], Field(sa_type=sa.ARRAY(sa.Text), nullable=False)]
    approved_by: Annotated[str | None, text(nullable=True)] = None
    approved_at: Annotated[datetime | None, moment(nullable=True)] = None
    effective_from: Annotated[date | None, Field(nullable=True)] = None
    activation: Annotated[int | None, Field(nullable=True)] = None


class RiskPolicyTable(RiskPolicy, Base, table=True):
    """Policies."""

    __table_args__ = (
        one_of("kind", RiskPolicyKind),
        one_of("state", RiskPolicyState),
        sa.CheckConstraint(
            "(state IN ('active', 'superseded')) = (effective_from IS NOT NULL AND activation IS NOT NULL)",
            name="activation",
        ),
        sa.CheckConstraint("state = 'draft' OR approved_by IS NOT NULL", name="approved_by"),
        sa.UniqueConstraint("kind", "policy_version"),
        sa.UniqueConstraint("kind", "activation"),
        sa.Index("uq_risk_policy_active", "kind", unique=True, postgresql_where="state = 'active'"),
        sa.Index("ix_risk_policy_created_at_id", "created_at", "id"),
    )
