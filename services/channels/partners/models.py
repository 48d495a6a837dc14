"""Partners as rows and as a table."""

from __future__ import annotations

from typing import Annotated, ClassVar

import sqlalchemy as sa
from sqlmodel import Field

from kit.db.columns import OwnedRow, one_of, text
from kit.db.text_keys import CodeKeyed, TextKeyed, TextKeys, code_indexes, key_indexes
from services.channels.db import Base
from services.channels.partners.enums import PartnerKind, PartnerState


class Partner(OwnedRow):
    """An organisation that sells for the company."""

    __tablename__ = "partner"
    __text_keys__: ClassVar = TextKeys(name="name", also=("code",), codes=("code",))

    code: Annotated[str, text(nullable=False, unique=True)]
    name: Annotated[str, text(nullable=False)]
    kind: Annotated[PartnerKind, text(nullable=False)]
    regions: Annotated[tuple[str, ...], Field(sa_type=sa.ARRAY(sa.Text), nullable=False)]
    state: Annotated[PartnerState, text(nullable=False)]


class PartnerTable(Partner, TextKeyed, CodeKeyed, Base, table=True):
    """Partners."""

    __table_args__ = (
        one_of("state", PartnerState),
        *key_indexes("partner", Partner.__text_keys__),
        *code_indexes("partner", "code"),
    )
