"""Promotions as rows and as a table; which rules stand, as a counter."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, ClassVar
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from kit.db.columns import DECODED, FrozenRow, OwnedRow, big_int, document, identifier, moment, one_of, text
from kit.db.text_keys import CodeKeyed, TextKeyed, TextKeys, code_indexes, key_indexes
from services.channels.db import Base
from services.channels.promotions.bodies import AudienceBody, ProductsBody, RewardBody, WindowDocument
from services.channels.promotions.enums import PromotionGoal, PromotionKind, PromotionState

Amounts = Annotated[dict[str, int], DECODED]
Texts = Annotated[tuple[str, ...], Field(sa_type=sa.ARRAY(sa.Text), nullable=False)]


class Promotion(OwnedRow):
    """What is given to whom, when, and up to which budget (base currency) and uses; None is unlimited.

    `starts_at` and `ends_at` are the first start and the last end of its windows; `due_at` is when a date brings about
    the next state. `exhausted_at`: since when its
    budget has had no room for what orders ask. `honour`: whether quotes that hold it are kept once it has ended.
    """

    __tablename__ = "promotion"
    __text_keys__: ClassVar = TextKeys(name="name", also=("code",), codes=("code",))

    code: Annotated[str, text(nullable=False, unique=True)]
    name: Annotated[str, text(nullable=False)]
    goal: Annotated[PromotionGoal, text(nullable=False)]
    kind: Annotated[PromotionKind, text(nullable=False)]
    reward: Annotated[Annotated[RewardBody, DECODED], document(nullable=False)]
    products: Annotated[Annotated[ProductsBody, DECODED], document(nullable=False)]
    audience: Annotated[Annotated[AudienceBody, DECODED], document(nullable=False)]
    windows: Annotated[Annotated[tuple[WindowDocument, ...], DECODED], document(nullable=False)]
    starts_at: Annotated[datetime, moment(nullable=False)]
    ends_at: Annotated[datetime | None, moment(nullable=True)]
    payment_terms_max: Annotated[int | None, Field(nullable=True)]
    quiet_days: Annotated[int, Field(nullable=False)]
    group_id: Annotated[UUID, identifier(nullable=False)]
    solo: Annotated[bool, Field(nullable=False)]
    needs_coupon: Annotated[bool, Field(nullable=False)]
    below_floor: Annotated[bool, Field(nullable=False)]
    max_discount: Annotated[Amounts, document(nullable=False)]
    max_times: Annotated[int | None, Field(nullable=True)]
    budget_base: Annotated[int | None, big_int(nullable=True)]
    uses: Annotated[int | None, Field(nullable=True)]
    uses_per_account: Annotated[int | None, Field(nullable=True)]
    tasks: Texts
    channel_notes: Annotated[str, text(nullable=False)]
    state: Annotated[PromotionState, text(nullable=False)]
    honour: Annotated[bool, Field(nullable=False)] = True
    created_by: Annotated[str, text(nullable=False)]
    approved_by: Annotated[str | None, text(nullable=True)] = None
    due_at: Annotated[datetime | None, moment(nullable=True)] = None
    exhausted_at: Annotated[datetime | None, moment(nullable=True)] = None


class PromotionTable(Promotion, TextKeyed, CodeKeyed, Base, table=True):
    """Promotions."""

    __table_args__ = (
        one_of("goal", PromotionGoal),
        one_of("kind", PromotionKind),
        one_of("state", PromotionState),
        sa.CheckConstraint("starts_at < ends_at", name="validity"),
        sa.CheckConstraint("state = 'draft' OR approved_by IS NOT NULL", name="approved_by"),
        *key_indexes("promotion", Promotion.__text_keys__),
        *code_indexes("promotion", "code"),
        sa.Index("ix_promotion_starts_at_id", "starts_at", "id"),
        sa.Index("ix_promotion_due_at", "due_at", postgresql_where="due_at IS NOT NULL"),
        sa.Index("ix_promotion_standing", "code", postgresql_where="state NOT IN ('draft', 'ended')"),
    )


class RuleSet(FrozenRow):
    """Which rules stand: raised in the transaction of each change. No two sets have one `stamp`."""

    __tablename__ = "rule_set"

    id: Annotated[int, Field(primary_key=True, sa_column_kwargs={"autoincrement": False})]
    counter: Annotated[int, big_int(nullable=False)]
    stamp: Annotated[UUID, identifier(nullable=False)]


class RuleSetTable(RuleSet, Base, table=True):
    """The counter of rules: one row."""
