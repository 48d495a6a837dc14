"""Personal values of contacts: their normal forms, sealed and opened, and the hashes by which they are found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

import orjson

from kit.errors import FieldError
from kit.security.blind_index import BlindIndex, IndexPair, NotNormal, normal_email
from kit.security.cipher import DataKey, Place
from services.customer.contacts.enums import PointKind
from services.customer.contacts.models import Contact, ContactPoint, Phone, Point, SealedContact, StoredContact
from services.customer.contacts.rules import EmailInvalid, primary_of
from services.customer.persons.sealing import clean_phone

SEALED = ("emails", "phones", "birthday", "address")


def email_of(given: Mapping[str, Any], pointer: str) -> Point:
    """An e-mail address as it is kept: as it was written. Raises EmailInvalid."""
    try:
        normal_email(given["value"])
    except NotNormal as refused:
        raise EmailInvalid(str(refused), errors=[FieldError(pointer, refused.code, str(refused))]) from None
    return Point(**{**given, "value": given["value"].strip()})


def phone_of(given: Mapping[str, Any], country: str | None, pointer: str) -> Phone:
    """A phone number as it is kept: E.164, an extension beside it. Raises PhoneInvalid."""
    value, extension = clean_phone(given["value"], country, pointer)
    return Phone(**{**given, "value": value, "extension": extension or given.get("extension")})


def with_points(values: Mapping[str, Any], country: str | None) -> dict[str, Any]:
    """The fields of a body with addresses and numbers as they are kept; raises EmailInvalid, PhoneInvalid."""
    found = dict(values)
    if "emails" in values:
        found["emails"] = tuple(
            email_of(one, f"/emails/{number}/value") for number, one in enumerate(_marked(values["emails"]))
        )
    if "phones" in values:
        found["phones"] = tuple(
            phone_of(one, country, f"/phones/{number}/value") for number, one in enumerate(_marked(values["phones"]))
        )
    return found


def _marked(points: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    primary = primary_of([one.get("is_primary", False) for one in points])
    return [{**one, "is_primary": is_primary} for one, is_primary in zip(points, primary, strict=True)]


def email_hashes(index: BlindIndex, emails: Sequence[Point]) -> list[IndexPair]:
    """What e-mail addresses are found by."""
    return [index.hashes(PointKind.EMAIL, normal_email(one.value)) for one in emails]


def points_of(index: BlindIndex, contact: Contact) -> list[ContactPoint]:
    """What a contact is found by."""
    phones = [index.hashes(PointKind.PHONE, one.value) for one in contact.phones]
    return [
        ContactPoint(
            contact_id=contact.id, kind=kind, number=number, value_index_1=pair.first, value_index_2=pair.second
        )
        for kind, pairs in ((PointKind.EMAIL, email_hashes(index, contact.emails)), (PointKind.PHONE, phones))
        for number, pair in enumerate(pairs)
    ]


def place(contact_id: UUID, column: str) -> Place:
    """Where a sealed value of a contact stands."""
    return Place("contact", column, contact_id)


def _written(value: object) -> str | None:
    """A personal value as text; None when there is none."""
    if isinstance(value, tuple):
        return orjson.dumps([one.model_dump() for one in value]).decode() if value else None
    return value.isoformat() if isinstance(value, date) else str(value) if value is not None else None


def sealed(contact: Contact, key: DataKey) -> SealedContact:
    """The row of a contact."""
    kept: dict[str, Any] = {name: getattr(contact, name) for name in SealedContact.model_fields}
    for name in SEALED:
        written = _written(kept[name])
        kept[name] = None if written is None else key.seal(written, place(contact.id, name))
    return SealedContact.model_validate(kept)


def read_value(name: str, contact_id: UUID, kept: bytes | None, key: DataKey | None) -> Any:
    """A personal value as JSON has it; nothing where there is none, or whose key was destroyed. Raises CannotOpen."""
    if kept is None or key is None:
        return [] if name in ("emails", "phones") else None
    written = key.open(kept, place(contact_id, name))
    return orjson.loads(written) if name in ("emails", "phones") else written


def opened(stored: StoredContact, key: DataKey | None) -> Contact:
    """The contact of a row; raises CannotOpen."""
    values = dict(stored.__dict__)
    values |= {name: read_value(name, stored.id, values[name], key) for name in SEALED}
    return Contact.model_validate(values)
