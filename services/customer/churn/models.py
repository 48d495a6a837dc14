"""Fits of the model and what they said of accounts, as rows and as tables."""

from __future__ import annotations

from datetime import date
from typing import Annotated
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from kit.db.columns import FrozenRow, OwnedRow, identifier, text
from services.customer.churn.rules import Fit
from services.customer.db import Base


class ChurnFit(OwnedRow):
    """A BG/NBD model of the orders up to a day; its job has its id.

    Until it has run, `sample_size` (accounts with an order) is None, and so is what follows. Parameters are None where
    too few bought again, or the search for them did not end. `scored_accounts` have enough order days to be judged,
    `warned_accounts` of them were warned of by what was known of the day.
    """

    __tablename__ = "churn_fit"

    as_of: Annotated[date, Field(nullable=False)]
    sample_size: Annotated[int | None, Field(nullable=True)] = None
    repeat_buyers: Annotated[int | None, Field(nullable=True)] = None
    r: Annotated[float | None, Field(sa_type=sa.Double, nullable=True)] = None
    alpha: Annotated[float | None, Field(sa_type=sa.Double, nullable=True)] = None
    a: Annotated[float | None, Field(sa_type=sa.Double, nullable=True)] = None
    b: Annotated[float | None, Field(sa_type=sa.Double, nullable=True)] = None
    log_likelihood: Annotated[float | None, Field(sa_type=sa.Double, nullable=True)] = None
    policy_version: Annotated[int | None, Field(nullable=True)] = None
    scored_accounts: Annotated[int | None, Field(nullable=True)] = None
    warned_accounts: Annotated[int | None, Field(nullable=True)] = None
    created_by: Annotated[str, text(nullable=False)]

    @property
    def fit(self) -> Fit | None:
        """What the rules work on."""
        if self.r is None or self.alpha is None or self.a is None or self.b is None:
            return None
        return Fit(self.r, self.alpha, self.a, self.b)


class ChurnFitTable(ChurnFit, Base, table=True):
    """Fits."""

    __table_args__ = (
        sa.CheckConstraint("sample_size >= 0 AND repeat_buyers BETWEEN 0 AND sample_size", name="counts"),
        sa.CheckConstraint("num_nulls(r, alpha, a, b, log_likelihood) IN (0, 5)", name="parameters"),
        sa.Index("ix_churn_fit_created_at_id", "created_at", "id"),
        sa.Index("ix_churn_fit_as_of_id", "as_of", "id"),
    )


class ChurnScore(FrozenRow):
    """What a fit said of an account on its day: days since its last order, its rhythm, its chances, its points."""

    __tablename__ = "churn_score"

    fit_id: Annotated[UUID, identifier(primary_key=True, foreign_key="churn_fit.id")]
    account_id: Annotated[UUID, identifier(primary_key=True, foreign_key="account.id")]
    days_since: Annotated[int, Field(nullable=False)]
    rhythm: Annotated[float, Field(sa_type=sa.Double, nullable=False)]
    p_alive: Annotated[float, Field(sa_type=sa.Double, nullable=False)]
    p_silent: Annotated[float, Field(sa_type=sa.Double, nullable=False)]
    score: Annotated[int, Field(nullable=False)]
    is_warned: Annotated[bool, Field(nullable=False)]


class ChurnScoreTable(ChurnScore, Base, table=True):
    """Scores of fits."""

    __table_args__ = (sa.CheckConstraint("score BETWEEN 0 AND 100", name="score"),)
