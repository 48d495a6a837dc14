"""Contacts of partners as rows and as a table, and the keys that they are sealed under."""

from __future__ import annotations

from typing import Annotated, ClassVar
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from kit.db.columns import OwnedRow, identifier, one_of, text
from kit.db.text_keys import TextKeyed, TextKeys, everybody, key_indexes
from kit.security.data_keys import DataKeyRow
from services.channels.db import Base
from services.channels.partner_contacts.enums import PartnerContactRole

Bytes = Annotated[bytes | None, Field(sa_type=sa.LargeBinary, nullable=True)]


class PartnerContactColumns(OwnedRow):
    """What the table has in clear; an archived contact takes no changes until it is restored."""

    __tablename__ = "partner_contact"
    __text_keys__: ClassVar = TextKeys(name="name", is_person=everybody)

    partner_id: Annotated[UUID, identifier(nullable=False)]
    name: Annotated[str, text(nullable=False)]
    title: Annotated[str | None, text(nullable=True)] = None
    role: Annotated[PartnerContactRole, text(nullable=False)]
    is_archived: Annotated[bool, Field(nullable=False)] = False


class SealedPartnerContact(PartnerContactColumns):
    """A contact as it is stored: address and number sealed under a key of its own, and found by hashes."""

    email: Bytes = None
    phone: Bytes = None
    email_index_1: Bytes = None
    email_index_2: Bytes = None
    phone_index_1: Bytes = None
    phone_index_2: Bytes = None


class PartnerContact(PartnerContactColumns):
    """Somebody who works for a partner."""

    email: str | None = None
    phone: str | None = None


class PartnerContactTable(SealedPartnerContact, TextKeyed, Base, table=True):
    """Contacts of partners."""

    __table_args__ = (
        one_of("role", PartnerContactRole),
        *key_indexes("partner_contact", PartnerContactColumns.__text_keys__, "partner_id"),
        *(
            sa.Index(f"ix_partner_contact_{name}", name, postgresql_where=sa.text(f"{name} IS NOT NULL"))
            for name in ("email_index_1", "email_index_2", "phone_index_1", "phone_index_2")
        ),
    )


class DataKeyTable(DataKeyRow, Base, table=True):
    """Keys of persons."""
