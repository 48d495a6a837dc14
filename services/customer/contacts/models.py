"""Contacts, their ids in other systems and what they are found by, as rows and as tables."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, ClassVar
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from kit.db.columns import DECODED, FrozenRow, OwnedRow, big_int, document, identifier, moment, one_of, text
from kit.db.text_keys import TextKeyed, TextKeys, everybody, key_indexes
from kit.security.data_keys import DataKeyRow
from services.customer.contacts.enums import ContactRole, PointKind
from services.customer.db import Base, OfOwner


class Point(FrozenRow):
    """An address somebody is reached at; `label` is the company's word for it."""

    value: str
    label: str | None = None
    is_primary: bool = False


class Phone(Point):
    """A phone number in E.164, and its extension."""

    extension: str | None = None


class AllowedChannel(FrozenRow):
    """A consent that stands."""

    channel: str
    purpose: str


class ContactColumns(OwnedRow):
    """What the table of contacts has in clear."""

    __tablename__ = "contact"
    __text_keys__: ClassVar = TextKeys(name="name", is_person=everybody)

    account_id: Annotated[UUID, identifier(nullable=False, sa_column_args=(sa.ForeignKey("account.id"),))]
    name: Annotated[str, text(nullable=False)]
    title: Annotated[str | None, text(nullable=True)] = None
    roles: Annotated[tuple[ContactRole, ...], Field(sa_type=sa.ARRAY(sa.Text), nullable=False)] = ()
    language: Annotated[str | None, text(nullable=True)] = None
    preferred_channel: Annotated[str | None, text(nullable=True)] = None
    channels: Annotated[tuple[AllowedChannel, ...], DECODED, document(nullable=False)] = ()
    custom: Annotated[
        dict[str, Any], DECODED, document(nullable=False, sa_column_kwargs={"server_default": sa.text("'{}'")})
    ] = {}  # noqa: RUF012  # never changed in place
    archived_at: Annotated[datetime | None, moment(nullable=True)] = None

    @property
    def is_archived(self) -> bool:
        """Whether it takes no more changes, and nothing may be sent to it."""
        return self.archived_at is not None


class SealedContact(ContactColumns):
    """A contact as it is stored: personal values sealed under the person's key, each bound to its column."""

    emails: Annotated[bytes | None, Field(sa_type=sa.LargeBinary, nullable=True)] = None
    phones: Annotated[bytes | None, Field(sa_type=sa.LargeBinary, nullable=True)] = None
    birthday: Annotated[bytes | None, Field(sa_type=sa.LargeBinary, nullable=True)] = None
    address: Annotated[bytes | None, Field(sa_type=sa.LargeBinary, nullable=True)] = None


class ContactTable(SealedContact, TextKeyed, OfOwner, Base, table=True):
    """Contacts."""

    __table_args__ = (
        sa.CheckConstraint(
            "roles <@ ARRAY[{}]::text[]".format(", ".join(f"'{role}'" for role in ContactRole)), name="roles"
        ),
        *key_indexes("contact", ContactColumns.__text_keys__, "account_id"),
        sa.Index("ix_contact_created_at_id", "created_at", "id"),
        sa.Index("ix_contact_account_id_created_at_id", "account_id", "created_at", "id"),
        sa.Index("ix_contact_account_owner_id_created_at_id", "account_owner_id", "created_at", "id"),
        sa.Index("ix_contact_account_owner_id_name_sort_id", "account_owner_id", "name_sort", "id"),
    )


class ContactExternalId(FrozenRow):
    """The contact's id in another system, at most one per system."""

    __tablename__ = "contact_external_id"

    source: Annotated[str, text(primary_key=True)]
    external_id: Annotated[str, text(primary_key=True)]
    contact_id: Annotated[
        UUID,
        identifier(
            nullable=False, sa_column_args=(sa.ForeignKey("contact.id", deferrable=True, initially="DEFERRED"),)
        ),
    ]


class ContactExternalIdTable(ContactExternalId, Base, table=True):
    """Ids of contacts in other systems."""

    __table_args__ = (sa.UniqueConstraint("contact_id", "source"),)


class ContactPoint(FrozenRow):
    """Hashes of an e-mail address or phone number: by them a contact is found, nothing else is known of them."""

    __tablename__ = "contact_point"

    contact_id: Annotated[
        UUID,
        identifier(
            primary_key=True, sa_column_args=(sa.ForeignKey("contact.id", deferrable=True, initially="DEFERRED"),)
        ),
    ]
    kind: Annotated[PointKind, text(primary_key=True)]
    number: Annotated[int, big_int(primary_key=True)]
    value_index_1: Annotated[bytes | None, Field(sa_type=sa.LargeBinary, nullable=True)] = None
    value_index_2: Annotated[bytes | None, Field(sa_type=sa.LargeBinary, nullable=True)] = None


class ContactPointTable(ContactPoint, Base, table=True):
    """What contacts are found by."""

    __table_args__ = (
        one_of("kind", PointKind),
        sa.Index("ix_contact_point_value_index_1", "value_index_1", "kind"),
        sa.Index("ix_contact_point_value_index_2", "value_index_2", "kind"),
    )


class DataKeyTable(DataKeyRow, Base, table=True):
    """Keys of persons."""


class _Joined(FrozenRow):
    """What a contact has of its account, and its ids in other systems."""

    external_ids: Annotated[dict[str, str], DECODED]
    owner_id: UUID | None
    stream_key: UUID
    country: str | None


class StoredContact(SealedContact, _Joined):
    """A contact as it was read."""


class Contact(ContactColumns, _Joined):
    """Somebody at an account; `owner_id`, `stream_key` and `country` are the account's."""

    emails: tuple[Point, ...] = ()
    phones: tuple[Phone, ...] = ()
    birthday: date | None = None
    address: str | None = None
