"""Tier programmes as rows and as a table."""

from __future__ import annotations

from datetime import date
from typing import Annotated, ClassVar

import sqlalchemy as sa
from sqlmodel import Field

from kit.db.columns import DECODED, FrozenRow, OwnedRow, document, one_of, text
from kit.db.text_keys import CodeKeyed, TextKeyed, TextKeys, code_indexes, key_indexes
from services.channels.db import Base
from services.channels.tier_programmes.enums import TierMetric, TierProgrammeState
from services.channels.tier_programmes.rules import Level


class TierThresholds(FrozenRow):
    """What a level asks for; None: not asked. `growth`, `deals_won` and `satisfaction` in millionths; of `conflicts`
    (at fault) it is the most, of all others the least."""

    revenue: int | None = None
    growth: int | None = None
    deals_won: int | None = None
    certificates: int | None = None
    satisfaction: int | None = None
    conflicts: int | None = None


class TierBenefits(FrozenRow):
    """What a level gives: a discount on list prices (millionths), and whatever else was promised."""

    discount: int = 0
    perks: tuple[str, ...] = ()


class TierLevel(FrozenRow):
    """A level: the higher its rank, the more it is."""

    code: str
    name: str
    rank: int
    thresholds: TierThresholds = TierThresholds()
    benefits: TierBenefits = TierBenefits()

    @property
    def asked(self) -> Level:
        """What the rules work on."""
        of = {metric: getattr(self.thresholds, metric) for metric in TierMetric}
        return Level(self.code, self.rank, {metric: least for metric, least in of.items() if least is not None})


TierLevels = Annotated[tuple[TierLevel, ...], DECODED]


class TierProgramme(OwnedRow):
    """A version of a tier programme, its levels from the lowest up: it counts for periods that end from `valid_from`
    on, until the next version's day."""

    __tablename__ = "tier_programme"
    __text_keys__: ClassVar = TextKeys(name="name", also=("code",), codes=("code",))

    code: Annotated[str, text(nullable=False)]
    programme_version: Annotated[int, Field(nullable=False)]
    name: Annotated[str, text(nullable=False)]
    levels: Annotated[TierLevels, document(nullable=False)]
    valid_from: Annotated[date, Field(nullable=False)]
    state: Annotated[TierProgrammeState, text(nullable=False)]
    created_by: Annotated[str, text(nullable=False)]
    published_by: Annotated[str | None, text(nullable=True)] = None
    published_on: Annotated[date | None, Field(nullable=True)] = None

    @property
    def ladder(self) -> list[Level]:
        """Its levels as the rules work on them."""
        return [level.asked for level in self.levels]


class TierProgrammeTable(TierProgramme, TextKeyed, CodeKeyed, Base, table=True):
    """Tier programmes."""

    __table_args__ = (
        *key_indexes("tier_programme", TierProgramme.__text_keys__),
        *code_indexes("tier_programme", "code", "programme_version = 1"),
        one_of("state", TierProgrammeState),
        sa.CheckConstraint(
            "(state = 'published') = (published_by IS NOT NULL AND published_on IS NOT NULL)", name="published"
        ),
        sa.UniqueConstraint("code", "programme_version"),
        sa.Index("uq_tier_programme_draft", "code", unique=True, postgresql_where=sa.text("state = 'draft'")),
        sa.Index(
            "uq_tier_programme_valid_from",
            "code",
            "valid_from",
            unique=True,
            postgresql_where=sa.text("state = 'published'"),
        ),
        sa.Index("ix_tier_programme_valid_from_id", "valid_from", "id"),
    )
