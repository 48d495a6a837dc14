"""Column mixin of the job table; kit's SQL uses its name, `job`."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import declared_attr
from sqlmodel import Field

from kit.db.columns import Identified, Versioned, big_int, document, moment, text


class JobState(StrEnum):
    """Where a job stands; the last three are final."""

    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"


class JobRow(Identified, Versioned):
    """A piece of long work: asked for by a request, run by a worker, resumed from its checkpoint.

    `attempts` counts the claims since the last new checkpoint; `lease_owner` is drawn anew by every claim.
    """

    __tablename__ = "job"

    @declared_attr.directive
    def __table_args__(cls) -> Any:
        return (
            sa.CheckConstraint("state IN ('queued', 'running', 'succeeded', 'failed', 'cancelled')", name="state"),
            sa.Index("ix_job_open", "run_at", "id", postgresql_where=sa.text("state IN ('queued', 'running')")),
        )

    kind: str = text(nullable=False)
    state: str = text(nullable=False, default="queued", sa_column_kwargs={"server_default": "queued"})
    requested_by: str = text(nullable=False)
    params: str = document(nullable=False)
    progress_done: int = big_int(nullable=False, default=0, sa_column_kwargs={"server_default": "0"})
    progress_total: int | None = big_int(nullable=True, default=None)
    checkpoint: str | None = document(nullable=True, default=None)
    result: str | None = document(nullable=True, default=None)
    error: str | None = text(nullable=True, default=None)
    attempts: int = Field(nullable=False, default=0, sa_column_kwargs={"server_default": "0"})
    cancel_requested: bool = Field(nullable=False, default=False, sa_column_kwargs={"server_default": sa.false()})
    lease_owner: str | None = text(nullable=True, default=None)
    lease_until: datetime | None = moment(nullable=True, default=None)
    run_at: datetime = moment(nullable=False, sa_column_kwargs={"server_default": sa.text("now()")})
    started_at: datetime | None = moment(nullable=True, default=None)
    finished_at: datetime | None = moment(nullable=True, default=None)
