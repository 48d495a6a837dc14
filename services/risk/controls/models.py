"""Controls as rows and as a table. Effects: millionths."""

from __future__ import annotations

from datetime import date
from typing import Annotated, ClassVar
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from kit.db.columns import OwnedRow, identifier, one_of, text
from kit.db.text_keys import TextKeyed, TextKeys, key_indexes
from services.risk.controls.enums import ControlKind, ControlState, Verdict
from services.risk.controls.rules import Worth
from services.risk.db import Base


class Control(OwnedRow):
    """What stands against a cause or a consequence of a risk; `branch` is the code of that.

    `measured` is the effect that the last test, on `tested_on`, has shown.
    """

    __tablename__ = "control"
    __text_keys__: ClassVar = TextKeys(name="title")

    risk_id: Annotated[UUID, identifier(nullable=False)]
    kind: Annotated[ControlKind, text(nullable=False)]
    branch: Annotated[str, text(nullable=False)]
    title: Annotated[str, text(nullable=False)]
    owner_id: Annotated[UUID | None, identifier(nullable=True)] = None
    claimed_effect: Annotated[int, Field(nullable=False)]
    test_every_days: Annotated[int, Field(nullable=False)]
    state: Annotated[ControlState, text(nullable=False)]
    tested_on: Annotated[date | None, Field(nullable=True)] = None
    verdict: Annotated[Verdict | None, text(nullable=True)] = None
    measured_effect: Annotated[int | None, Field(nullable=True)] = None

    @property
    def worth(self) -> Worth:
        """What its effect rests on."""
        return Worth(
            self.state, self.claimed_effect, self.test_every_days, self.tested_on, self.verdict, self.measured_effect
        )


class ControlTable(Control, TextKeyed, Base, table=True):
    """Controls."""

    __table_args__ = (
        *key_indexes("control", Control.__text_keys__),
        one_of("kind", ControlKind),
        one_of("state", ControlState),
        one_of("verdict", Verdict),
        sa.CheckConstraint("claimed_effect BETWEEN 0 AND 1000000", name="claimed_effect"),
        sa.CheckConstraint(
            "(tested_on IS NULL) = (verdict IS NULL) AND (tested_on IS NULL) = (measured_effect IS NULL)",
            name="tested_on",
        ),
        sa.ForeignKeyConstraint(["risk_id"], ["risk.id"]),
        sa.Index("ix_control_risk_id", "risk_id"),
        sa.Index("ix_control_created_at_id", "created_at", "id"),
    )
