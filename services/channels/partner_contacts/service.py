"""Use cases of contacts of partners: address and number are sealed under a key of the contact's own, masked for who may
not see them, and each answer in full leaves a trace. Nobody else is told of them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

from kit.errors import BadQuery, FieldError, NotFound
from kit.records import Change, Resource, audit_seen, changed_row, fresh, record
from kit.security.blind_index import NotNormal
from kit.security.data_keys import data_keys, sealing_keys
from kit.security.rings import index_of, ring_of
from kit.versions import Versions
from kit.work import Work
from services.channels.partner_contacts import repository
from services.channels.partner_contacts.lists import FOUND_BY
from services.channels.partner_contacts.models import PartnerContact, SealedPartnerContact
from services.channels.partner_contacts.rules import PartnerContactArchived, masked_email, masked_phone
from services.channels.partner_contacts.schemas import PartnerContactCreate, PartnerContactUpdate
from services.channels.partner_contacts.sealing import (
    SEALED,
    checked,
    is_personal,
    normal_of,
    opened,
    read_value,
    sealed,
)
from services.channels.partners import service as partners
from services.channels.partners.access import may_read_pii

NOUN = "partner-contact"
KIND = "partner_contact"
PARTNER_CONTACTS = Resource(
    NOUN,
    PartnerContact,
    lambda _one: None,
    audited=("partner_id", "name", "title", "role", "email", "phone"),
)


async def create_contact(work: Work, data: PartnerContactCreate) -> PartnerContact:
    """Enter a contact; raises UnknownReference, PartnerEmailInvalid, PartnerPhoneInvalid."""
    await partners.check_known(work, data.partner_id)
    contact = PartnerContact.model_validate({**fresh(), **checked(data.model_dump())})
    (row,) = await _sealed(work, [contact])
    await repository.add_contact(work.tx, row)
    await record(work, PARTNER_CONTACTS, [Change(None, contact)], action="create")
    return contact


async def require_contact(work: Work, contact_id: UUID, *, lock: bool = False) -> PartnerContact:
    """A contact by id, as it is; raises NotFound."""
    stored = await repository.find_contact(work.tx, contact_id, lock=lock)
    if stored is None:
        raise NotFound(what=NOUN)
    (contact,) = await _opened(work, [stored])
    return contact


async def partner_of(work: Work, contact_id: UUID) -> UUID | None:
    """Whose contact it is; None for no contact."""
    stored = await repository.find_contact(work.tx, contact_id)
    return None if stored is None else stored.partner_id


async def partners_of(work: Work, ids: Collection[UUID]) -> dict[UUID, UUID]:
    """The partner of each of these contacts that there are."""
    return await repository.partners_of(work.tx, ids) if ids else {}


async def update_contact(work: Work, contact_id: UUID, version: Versions, data: PartnerContactUpdate) -> PartnerContact:
    """Change the fields given; raises NotFound, VersionMismatch, PartnerContactArchived and those of a creation."""
    before = await require_contact(work, contact_id, lock=True)
    version.check(before.version)
    one = changed_row(before, checked(data.given()))
    if one.changed and before.is_archived:
        raise PartnerContactArchived()
    return await _save(work, one, "change")


async def archive_contact(work: Work, contact_id: UUID) -> PartnerContact:
    """Close a contact: it stays readable; raises NotFound, PartnerContactArchived."""
    before = await require_contact(work, contact_id, lock=True)
    if before.is_archived:
        raise PartnerContactArchived()
    return await _save(work, changed_row(before, {"is_archived": True}), "archive")


async def restore_contact(work: Work, contact_id: UUID) -> PartnerContact:
    """Undo an archive; raises NotFound."""
    before = await require_contact(work, contact_id, lock=True)
    return await _save(work, changed_row(before, {"is_archived": False}), "restore")


async def _save(work: Work, one: Change[PartnerContact], action: str) -> PartnerContact:
    if one.changed:
        (row,) = await _sealed(work, [one.after])
        await repository.save_contact(work.tx, row)
        await record(work, PARTNER_CONTACTS, [one], action=action)
    return one.after


async def _sealed(work: Work, contacts: Sequence[PartnerContact]) -> list[SealedPartnerContact]:
    persons = [one.id for one in contacts if is_personal(one)]
    if not persons:
        return [sealed(one, None, None) for one in contacts]
    keys, index = await sealing_keys(work.tx, ring_of(work.settings), persons), index_of(work.settings)
    return [sealed(one, keys.get(one.id), index) for one in contacts]


async def _opened(work: Work, stored: Sequence[SealedPartnerContact]) -> list[PartnerContact]:
    ids = [one.id for one in stored if one.email is not None or one.phone is not None]
    keys = await data_keys(work.tx, ring_of(work.settings), ids) if ids else {}
    return [opened(one, keys.get(one.id)) for one in stored]


async def shown(work: Work, contact: PartnerContact) -> dict[str, Any]:
    """The contact as the caller may see it; in full it leaves a trace."""
    body = contact.model_dump(mode="json")
    await _seen(work, [body], [contact.id])
    return body


async def shown_items(work: Work, items: list[dict[str, Any]]) -> None:
    """Items of a list as the caller may see them, in their places; in full they leave one trace together."""
    sealed_in = [name for name in SEALED if items and name in items[0]]
    ids: list[UUID] = [item[sealed_in[0]][0] for item in items] if sealed_in else []
    is_sealed = any(item[name][1] is not None for item in items for name in sealed_in)
    keys = await data_keys(work.tx, ring_of(work.settings), ids) if is_sealed else {}
    for item, contact_id in zip(items, ids, strict=False):
        for name in sealed_in:
            item[name] = read_value(name, contact_id, item[name][1], keys.get(contact_id))
    await _seen(work, items, ids)


async def _seen(work: Work, bodies: Sequence[dict[str, Any]], ids: Sequence[UUID]) -> None:
    if may_read_pii(work.actor):
        await audit_seen(work, KIND, ids)
        return
    for body in bodies:
        for name, mask in (("email", masked_email), ("phone", masked_phone)):
            if body.get(name) is not None:
                body[name] = mask(body[name])


def found_by(work: Work, asked: Mapping[str, str]) -> tuple[str, list[bytes | None]]:
    """The condition that contacts have this `email` and `phone`, and its parameters. Raises BadQuery for what is none,
    and for who does not see them in full: every answer would be one about them."""
    if asked and not may_read_pii(work.actor):
        raise BadQuery(errors=[FieldError(name, "unknown-parameter", "needs partner-pii:read") for name in asked])
    conditions, hashes = ["TRUE"], list[bytes | None]()
    for kind, value in asked.items():
        try:
            normal = normal_of(kind, value)
        except NotNormal as refused:
            raise BadQuery(errors=[FieldError(kind, refused.code, str(refused))]) from None
        first = len(hashes) + 1
        conditions.append(FOUND_BY.format(kind=kind, first=first, second=first + 1))
        hashes += index_of(work.settings).hashes(kind, normal)
    return " AND ".join(conditions), hashes


async def fill_index(work: Work, after: UUID, limit: int) -> list[UUID]:
    """Write the hashes of contacts anew whose columns are not those of the index keys that are set, in order of id;
    which they were. What cannot be opened any more is let go."""
    ids = await repository.badly_indexed(work.tx, index_of(work.settings).places, after, limit)
    contacts = await _opened(work, await repository.lock_contacts(work.tx, ids))
    await repository.put_indexes(work.tx, await _sealed(work, contacts))
    return ids


async def is_index_left(work: Work) -> bool:
    """Whether `fill_index` has something to do."""
    return bool(await repository.badly_indexed(work.tx, index_of(work.settings).places, UUID(int=0), 1))
