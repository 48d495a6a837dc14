"""Custom fields, their indexed values and who asks for them, as rows and as tables."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, cast
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from kit.db.columns import DECODED, FrozenRow, OwnedRow, document, identifier, moment, one_of, text
from services.customer.custom_fields.enums import CustomResource, CustomType
from services.customer.db import Base


class CustomOption(FrozenRow):
    """An option of a field of choices; one that was withdrawn stays on the rows that have it."""

    value: str
    is_withdrawn: bool = False


class CustomField(OwnedRow):
    """A field of the company's own. Its type and its key never change, and no other field of the resource ever has the
    key.

    `indexed`: its values are kept apart, for filters; `indexed_at` is since when all of them are (null: not yet), and
    `index_no` counts how often that was begun.
    """

    __tablename__ = "custom_field"

    resource: Annotated[CustomResource, text(nullable=False)]
    key: Annotated[str, text(nullable=False)]
    type: Annotated[CustomType, text(nullable=False)]
    required: Annotated[bool, Field(nullable=False)]
    options: Annotated[tuple[CustomOption, ...], DECODED, document(nullable=False)] = ()
    indexed: Annotated[bool, Field(nullable=False)]
    index_no: Annotated[int, Field(nullable=False)] = 0
    indexed_at: Annotated[datetime | None, moment(nullable=True)] = None
    archived_at: Annotated[datetime | None, moment(nullable=True)] = None
    created_by: Annotated[str, text(nullable=False)]

    @property
    def is_archived(self) -> bool:
        """Whether no row gets another value of it."""
        return self.archived_at is not None

    @property
    def is_filterable(self) -> bool:
        """Whether lists may ask for it."""
        return self.indexed and self.indexed_at is not None and not self.is_archived


class CustomFieldTable(CustomField, Base, table=True):
    """Custom fields."""

    __table_args__ = (
        one_of("resource", CustomResource),
        one_of("type", CustomType),
        sa.UniqueConstraint("resource", "key"),
        sa.Index("ix_custom_field_created_at_id", "created_at", "id"),
    )


class CustomValue(FrozenRow):
    """A value of an indexed field on a row, in the column of its type; `place` counts the options chosen.

    `text_value` holds texts (their first 501 characters, which is more than a filter may name), options, `true` and
    `false`, and the currency of money, whose amount is `number_value`.
    """

    __tablename__ = "custom_value"

    field_id: Annotated[UUID, identifier(primary_key=True)]
    row_id: Annotated[UUID, identifier(primary_key=True)]
    place: Annotated[int, Field(primary_key=True)] = 0
    text_value: Annotated[str | None, Field(sa_type=cast(Any, sa.Text(collation="C")), nullable=True)] = None
    number_value: Annotated[Decimal | None, Field(sa_type=cast(Any, sa.Numeric), nullable=True)] = None
    date_value: Annotated[date | None, Field(nullable=True)] = None


class CustomValueTable(CustomValue, Base, table=True):
    """Values of indexed fields: each filter is served by the index of its type, each row by the primary key."""

    __table_args__ = (
        sa.Index(
            "ix_custom_value_text",
            "field_id",
            "text_value",
            "number_value",
            "row_id",
            postgresql_where=sa.text("text_value IS NOT NULL"),
        ),
        sa.Index(
            "ix_custom_value_number",
            "field_id",
            "number_value",
            "row_id",
            postgresql_where=sa.text("text_value IS NULL AND number_value IS NOT NULL"),
        ),
        sa.Index(
            "ix_custom_value_date",
            "field_id",
            "date_value",
            "row_id",
            postgresql_where=sa.text("date_value IS NOT NULL"),
        ),
    )


class CustomFieldUse(FrozenRow):
    """A saved filter asks for a field; `used_by` is what keeps the filter."""

    __tablename__ = "custom_field_use"

    field_id: Annotated[UUID, identifier(primary_key=True)]
    used_by: Annotated[str, text(primary_key=True)]
    user_id: Annotated[UUID, identifier(primary_key=True)]


class CustomFieldUseTable(CustomFieldUse, Base, table=True):
    """Which saved filters ask for which fields."""

    __table_args__ = (sa.Index(None, "used_by", "user_id"),)
