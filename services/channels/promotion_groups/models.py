"""Groups of promotions as rows and as a table."""

from __future__ import annotations

from typing import Annotated, ClassVar

import sqlalchemy as sa

from kit.db.columns import OwnedRow, one_of, text
from kit.db.text_keys import CodeKeyed, TextKeyed, TextKeys, code_indexes, key_indexes
from services.channels.db import Base
from services.channels.evaluator.rewards import Phase
from services.channels.promotion_groups.enums import GroupPer


class PromotionGroup(OwnedRow):
    """Promotions of one step of which one wins; those of different groups add up."""

    __tablename__ = "promotion_group"
    __text_keys__: ClassVar = TextKeys(name="name", also=("code",), codes=("code",))

    code: Annotated[str, text(nullable=False, unique=True)]
    name: Annotated[str, text(nullable=False)]
    phase: Annotated[Phase, text(nullable=False)]
    per: Annotated[GroupPer, text(nullable=False)]


class PromotionGroupTable(PromotionGroup, TextKeyed, CodeKeyed, Base, table=True):
    """Groups of promotions."""

    __table_args__ = (
        one_of("phase", Phase),
        one_of("per", GroupPer),
        sa.CheckConstraint("per = 'quote' OR phase = 'line'", name="per_line"),
        *key_indexes("promotion_group", PromotionGroup.__text_keys__),
        *code_indexes("promotion_group", "code"),
    )
