"""Column mixin of the table that names due rows whose step failed; kit's SQL uses its name, `due_failure`."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlmodel import Field, SQLModel

from kit.db.columns import identifier, moment, text


class DueFailureRow(SQLModel):
    """A due row that waits for its next attempt; gone once it has been worked, or is no longer due."""

    __tablename__ = "due_failure"

    name: str = text(primary_key=True)
    row_id: UUID = identifier(primary_key=True)
    attempts: int = Field(nullable=False)
    retry_at: datetime = moment(nullable=False)
    error: str = text(nullable=False)
    failed_at: datetime = moment(nullable=False)
