"""Personal values of leads: sealed under a key of the lead's own, and found by keyed hashes, as those of contacts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from kit.errors import FieldError
from kit.security.blind_index import BlindIndex, IndexPair, NotNormal, normal_email
from kit.security.cipher import DataKey, Place
from services.customer.contacts.enums import PointKind
from services.customer.contacts.rules import EmailInvalid
from services.customer.leads.models import Lead, SealedLead
from services.customer.persons.sealing import clean_phone

SEALED = ("email", "phone")
UNSHOWN = ("email_index_1", "email_index_2", "phone_index_1", "phone_index_2")
"""Columns that nobody is shown."""


def checked(values: Mapping[str, Any], country: str | None) -> dict[str, Any]:
    """Fields of a body as they are kept: the number in E.164, read as in a country. Raises EmailInvalid,
    PhoneInvalid."""
    found = dict(values)
    if found.get("email") is not None:
        found["email"] = found["email"].strip()
        try:
            normal_email(found["email"])
        except NotNormal as refused:
            raise EmailInvalid(str(refused), errors=[FieldError("/email", refused.code, str(refused))]) from None
    if found.get("phone") is not None:
        found["phone"], _ = clean_phone(found["phone"], country, "/phone")
    return found


def place(lead_id: UUID, column: str) -> Place:
    """Where a sealed value of a lead stands."""
    return Place("lead", column, lead_id)


def is_personal(lead: Lead | SealedLead) -> bool:
    """Whether it has something that is sealed."""
    return lead.email is not None or lead.phone is not None


def sealed(lead: Lead, key: DataKey | None, index: BlindIndex | None) -> SealedLead:
    """The row of a lead; key and index are those of one that has something to seal."""
    kept: dict[str, Any] = {name: getattr(lead, name) for name in type(lead).model_fields}
    if key is None or index is None:
        return SealedLead.model_validate(kept | dict.fromkeys(SEALED))
    for name in SEALED:
        value = kept[name]
        kept[name] = None if value is None else key.seal(value, place(lead.id, name))
    pairs = {
        PointKind.EMAIL: index.hashes(PointKind.EMAIL, normal_email(lead.email)) if lead.email else None,
        PointKind.PHONE: index.hashes(PointKind.PHONE, lead.phone) if lead.phone else None,
    }
    for kind, pair in pairs.items():
        kept[f"{kind}_index_1"], kept[f"{kind}_index_2"] = pair or IndexPair(None, None)
    return SealedLead.model_validate(kept)


def read_value(name: str, lead_id: UUID, kept: bytes | None, key: DataKey | None) -> str | None:
    """A personal value; nothing where there is none, or whose key was destroyed. Raises CannotOpen."""
    return None if kept is None or key is None else key.open(kept, place(lead_id, name))


def opened(stored: SealedLead, key: DataKey | None) -> Lead:
    """The lead of a row; raises CannotOpen."""
    values = {name: getattr(stored, name) for name in Lead.model_fields}
    values |= {name: read_value(name, stored.id, values[name], key) for name in SEALED}
    return Lead.model_validate(values)
