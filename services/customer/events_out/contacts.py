"""Contacts: ids, roles and what they allow; nothing of the person."""

from __future__ import annotations

from datetime import date
from typing import Any, ClassVar, Literal
from uuid import UUID

from kit.events.contract import Part, Published, ReasonCode, sample_id


class AllowedChannel(Part):
    """A standing consent."""

    channel: ReasonCode
    purpose: ReasonCode


class ContactSnapshot(Part):
    """A contact of an account and where it may be written to, for which purpose; `owner_id` is the account's."""

    SUBJECT: ClassVar[str] = "id"
    KEY: ClassVar[str] = "stream_key"

    id: UUID
    account_id: UUID
    stream_key: UUID
    owner_id: UUID | None
    roles: list[Literal["decision_maker", "user", "finance", "technical", "legal", "other"]]
    channels: list[AllowedChannel]
    is_archived: bool
    version: int
    changed: list[str]
    business_date: date


_CONTACT: dict[str, Any] = {
    "id": sample_id("6"),
    "account_id": sample_id("1"),
    "stream_key": sample_id("1"),
    "owner_id": sample_id("a1"),
    "roles": ["decision_maker"],
    "channels": [{"channel": "email", "purpose": "marketing"}],
    "is_archived": False,
    "version": 1,
    "changed": [],
    "business_date": "2026-02-14",
}


class ContactCreated(Published, ContactSnapshot):
    """A contact was created."""

    TYPE: ClassVar[str] = "customer.contact.created.v1"
    EXAMPLE: ClassVar[dict[str, Any]] = _CONTACT


class ContactUpdated(Published, ContactSnapshot):
    """A contact was changed; `changed` names the fields, never their values."""

    TYPE: ClassVar[str] = "customer.contact.updated.v1"
    EXAMPLE: ClassVar[dict[str, Any]] = {**_CONTACT, "version": 2, "changed": ["roles"]}


class ContactConsentChanged(Published, ContactSnapshot):
    """A consent was given or withdrawn; `channels` are those that stand after it."""

    channel: ReasonCode
    purpose: ReasonCode
    is_granted: bool

    TYPE: ClassVar[str] = "customer.contact.consent_changed.v1"
    EXAMPLE: ClassVar[dict[str, Any]] = {
        **_CONTACT,
        "version": 3,
        "changed": ["channels"],
        "channel": "email",
        "purpose": "marketing",
        "is_granted": True,
    }


PUBLISHED: tuple[type[Published], ...] = (ContactCreated, ContactUpdated, ContactConsentChanged)
AGREED: tuple[type[Published], ...] = ()
