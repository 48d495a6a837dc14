"""Runs of the RFM analysis and what they say of each account, as rows and as tables."""

from __future__ import annotations

from datetime import date
from typing import Annotated
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from kit.db.columns import FrozenRow, OwnedRow, big_int, identifier, one_of, text
from services.customer.db import Base
from services.customer.rfm.enums import RfmSegment


class RfmRun(OwnedRow):
    """An analysis as of the end of a day, of the orders of the last `days` days (None: of all); its job has its id.

    `sample_size` is how many accounts it ranked, None until it has run.
    """

    __tablename__ = "rfm_run"

    as_of: Annotated[date, Field(nullable=False)]
    days: Annotated[int | None, Field(nullable=True)] = None
    sample_size: Annotated[int | None, Field(nullable=True)] = None
    created_by: Annotated[str, text(nullable=False)]


class RfmRunTable(RfmRun, Base, table=True):
    """Runs."""

    __table_args__ = (
        sa.CheckConstraint("days > 0", name="days"),
        sa.CheckConstraint("sample_size >= 0", name="sample_size"),
        sa.Index("ix_rfm_run_created_at_id", "created_at", "id"),
        sa.Index("ix_rfm_run_as_of", "as_of", "created_at"),
    )


class RfmScore(FrozenRow):
    """What a run says of an account: days since its last order, days with an order, net of what came back in base
    currency, their scores `r`, `f`, `m` of 1 (worst) to 5, and the segment of `r` and `f`."""

    __tablename__ = "rfm_score"

    run_id: Annotated[UUID, identifier(primary_key=True, foreign_key="rfm_run.id")]
    account_id: Annotated[UUID, identifier(primary_key=True, foreign_key="account.id")]
    recency_days: Annotated[int, Field(nullable=False)]
    frequency: Annotated[int, Field(nullable=False)]
    monetary_base: Annotated[int, big_int(nullable=False)]
    r: Annotated[int, Field(nullable=False)]
    f: Annotated[int, Field(nullable=False)]
    m: Annotated[int, Field(nullable=False)]
    segment: Annotated[RfmSegment, text(nullable=False)]


class RfmScoreTable(RfmScore, Base, table=True):
    """Scores."""

    __table_args__ = (
        one_of("segment", RfmSegment),
        sa.CheckConstraint(
            "r BETWEEN 1 AND 5 AND f BETWEEN 1 AND 5 AND m BETWEEN 1 AND 5 AND recency_days >= 0 AND frequency > 0",
            name="scores",
        ),
        sa.Index("ix_rfm_score_run_id_segment_account_id", "run_id", "segment", "account_id"),
        sa.Index("ix_rfm_score_account_id_run_id", "account_id", "run_id"),
    )
