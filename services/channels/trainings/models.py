"""Trainings as rows and as a table."""

from __future__ import annotations

from datetime import date
from typing import Annotated, ClassVar
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from kit.db.columns import DECODED, FrozenRow, OwnedRow, document, text
from kit.db.text_keys import CodeKeyed, TextKeyed, TextKeys, code_indexes, key_indexes
from services.channels.db import Base


class Attendance(FrozenRow):
    """Whether a partner (or a person of it) came and passed; the certificate that this gave, and its last day."""

    partner_id: UUID
    contact_id: UUID | None = None
    attended: bool
    passed: bool
    certificate_to: date | None = None
    certificate_id: UUID | None = None


class Training(OwnedRow):
    """A training of partners on a day; who passes gets a certificate of `certificate_kind` from that day on (None: no
    certificate)."""

    __tablename__ = "training"
    __text_keys__: ClassVar = TextKeys(name="name", also=("code",), codes=("code",))

    code: Annotated[str, text(nullable=False, unique=True)]
    name: Annotated[str, text(nullable=False)]
    held_on: Annotated[date, Field(nullable=False)]
    certificate_kind: Annotated[str | None, text(nullable=True)] = None
    attendance: Annotated[Annotated[tuple[Attendance, ...], DECODED], document(nullable=False)] = ()


class TrainingTable(Training, TextKeyed, CodeKeyed, Base, table=True):
    """Trainings."""

    __table_args__ = (
        *key_indexes("training", Training.__text_keys__),
        *code_indexes("training", "code"),
        sa.Index("ix_training_held_on_id", "held_on", "id"),
        sa.Index(
            "ix_training_attendance",
            "attendance",
            postgresql_using="gin",
            postgresql_ops={"attendance": "jsonb_path_ops"},
        ),
    )
