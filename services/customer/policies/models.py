"""Policies as rows and as a table."""

from __future__ import annotations

from datetime import date
from typing import Annotated

import sqlalchemy as sa
from pydantic import WrapValidator
from sqlmodel import Field

from kit.db.columns import DECODED, OwnedRow, document, one_of, text
from services.customer.db import Base
from services.customer.policies.bodies import AnyBody, read_body
from services.customer.policies.enums import PolicyKind, PolicyState


class CustomerPolicy(OwnedRow):
    """A version of a kind of policy; `activation` counts the activations of its kind."""

    __tablename__ = "customer_policy"

    kind: Annotated[PolicyKind, text(nullable=False)]
    policy_version: Annotated[int, Field(nullable=False)]
    body: Annotated[AnyBody, WrapValidator(read_body), DECODED, document(nullable=False)]
    reason: Annotated[str, text(nullable=False)]
    state: Annotated[PolicyState, text(nullable=False)]
    created_by: Annotated[str, text(nullable=False)]
    valid_from: Annotated[date | None, Field(nullable=True)] = None
    activation: Annotated[int | None, Field(nullable=True)] = None


class CustomerPolicyTable(CustomerPolicy, Base, table=True):
    """Policies."""

    __table_args__ = (
        one_of("kind", PolicyKind),
        one_of("state", PolicyState),
        sa.CheckConstraint(
            "(state = 'draft') = (valid_from IS NULL) AND (state = 'draft') = (activation IS NULL)", name="activation"
        ),
        sa.UniqueConstraint("kind", "policy_version"),
        sa.UniqueConstraint("kind", "activation"),
        sa.Index("uq_customer_policy_active", "kind", unique=True, postgresql_where=sa.text("state = 'active'")),
        sa.Index("ix_customer_policy_created_at_id", "created_at", "id"),
    )
