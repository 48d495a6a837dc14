"""Personal values of contacts of partners: their normal forms, sealed and opened, and the hashes they are found by."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from kit.errors import FieldError
from kit.security.blind_index import BlindIndex, IndexPair, NotNormal, normal_email, normal_phone
from kit.security.cipher import DataKey, Place
from services.channels.partner_contacts.models import PartnerContact, SealedPartnerContact
from services.channels.partner_contacts.rules import PartnerEmailInvalid, PartnerPhoneInvalid

SEALED: Final = ("email", "phone")
UNSHOWN: Final = ("email_index_1", "email_index_2", "phone_index_1", "phone_index_2")
"""Columns that nobody is shown."""
HOME: Final = "CN"
"""Where a phone number without a country is dialled."""


def normal_of(kind: str, value: str) -> str:
    """What an address or a number is found by; raises NotNormal."""
    return normal_email(value) if kind == "email" else normal_phone(value, HOME)


def checked(values: Mapping[str, Any]) -> dict[str, Any]:
    """Fields of a body as they are kept: the number in E.164. Raises PartnerEmailInvalid, PartnerPhoneInvalid."""
    found = dict(values)
    for kind, error in (("email", PartnerEmailInvalid), ("phone", PartnerPhoneInvalid)):
        if found.get(kind) is None:
            continue
        try:
            normal = normal_of(kind, found[kind])
        except NotNormal as refused:
            raise error(str(refused), errors=[FieldError(f"/{kind}", refused.code, str(refused))]) from None
        found[kind] = normal if kind == "phone" else found[kind].strip()
    return found


def place(contact_id: UUID, column: str) -> Place:
    """Where a sealed value of a contact stands."""
    return Place("partner_contact", column, contact_id)


def is_personal(contact: PartnerContact) -> bool:
    """Whether it has something that is sealed."""
    return contact.email is not None or contact.phone is not None


def sealed(contact: PartnerContact, key: DataKey | None, index: BlindIndex | None) -> SealedPartnerContact:
    """The row of a contact; key and index are those of one that has something to seal."""
    kept: dict[str, Any] = {name: getattr(contact, name) for name in PartnerContact.model_fields}
    for name in SEALED:
        value, pair = kept[name], IndexPair(None, None)
        if value is not None and key is not None and index is not None:
            kept[name], pair = key.seal(value, place(contact.id, name)), index.hashes(name, normal_of(name, value))
        kept[f"{name}_index_1"], kept[f"{name}_index_2"] = pair
    return SealedPartnerContact.model_validate(kept)


def read_value(name: str, contact_id: UUID, kept: bytes | None, key: DataKey | None) -> str | None:
    """A personal value; nothing where there is none, or whose key was destroyed. Raises CannotOpen."""
    return None if kept is None or key is None else key.open(kept, place(contact_id, name))


def opened(stored: SealedPartnerContact, key: DataKey | None) -> PartnerContact:
    """The contact of a row; raises CannotOpen."""
    values = {name: getattr(stored, name) for name in PartnerContact.model_fields}
    values |= {name: read_value(name, stored.id, values[name], key) for name in SEALED}
    return PartnerContact.model_validate(values)
