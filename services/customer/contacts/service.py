"""Use cases of contacts."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import Any
from uuid import UUID

from kit import clock
from kit.errors import BadQuery, FieldError, Invalid, NotFound, UnknownReference
from kit.records import Change, Resource, audit_seen, changed_row, fresh, record
from kit.security.blind_index import NotNormal, normal_email, normal_phone
from kit.security.data_keys import data_keys, sealing_keys
from kit.versions import Versions
from kit.work import Work
from services.customer.accounts import service as accounts
from services.customer.accounts.filing import filed
from services.customer.accounts.models import Account
from services.customer.accounts.rules import AccountArchived
from services.customer.contacts import repository
from services.customer.contacts.enums import PointKind
from services.customer.contacts.lists import FOUND_BY
from services.customer.contacts.models import AllowedChannel, Contact, ContactExternalId, StoredContact
from services.customer.contacts.rules import ContactArchived, DuplicateContact, masked_email
from services.customer.contacts.schemas import ContactCreate, ContactRow, ContactUpdate
from services.customer.contacts.sealing import (
    SEALED,
    email_hashes,
    opened,
    points_of,
    read_value,
    sealed,
    with_points,
)
from services.customer.custom_fields.enums import CustomResource
from services.customer.custom_fields.rules import custom_after
from services.customer.custom_fields.values import Fields, Valued, fields_for, keep_values
from services.customer.events_out import ContactCreated, ContactUpdated
from services.customer.persons.access import may_read_pii
from services.customer.persons.rules import masked_phone
from services.customer.persons.sealing import HOME, index_of, ring_of

AUDITED = tuple(ContactCreate.model_fields)


def _said(work: Work, one: Change[Contact]) -> ContactCreated | ContactUpdated:
    return (ContactUpdated if one.before else ContactCreated).of(one.after, **said_of(work, one))


def said_of(work: Work, one: Change[Contact]) -> dict[str, Any]:
    """What the event of a change has that is no field of the contact."""
    changed = sorted("is_archived" if name == "archived_at" else name for name in one.changed)
    return {"is_archived": one.after.is_archived, "changed": changed, "business_date": work.today}


def _contacts(work: Work) -> Resource[Contact]:
    return Resource("contact", Contact, partial(_said, work), audited=AUDITED, owner="owner_id", hashed=("custom",))


def require_open(contact: Contact) -> None:
    """Raises ContactArchived."""
    if contact.is_archived:
        raise ContactArchived()


def of_account(account: Account) -> dict[str, Any]:
    """What a contact has of its account."""
    return {"owner_id": account.seen_by, "stream_key": account.stream_key, "country": account.country}


async def custom_fields(work: Work, bodies: Iterable[ContactCreate | ContactRow | ContactUpdate]) -> Fields:
    """The custom fields by which these bodies are judged; asked for before contacts are locked."""
    return await fields_for(work, CustomResource.CONTACT, [body.custom for body in bodies])


def new_contact(work: Work, account: Account, values: Mapping[str, Any], fields: Fields) -> Contact:
    """A new contact of checked values; raises EmailInvalid, PhoneInvalid, Invalid, AccountArchived."""
    if account.is_archived:
        raise AccountArchived()
    given = {"custom": {}, **checked(work, values, account.country, fields, {})}
    return Contact.model_validate({**given, **fresh(), "account_id": account.id, **of_account(account)})


def checked(
    work: Work, values: Mapping[str, Any], country: str | None, fields: Fields, custom: Mapping[str, Any]
) -> dict[str, Any]:
    """Fields of a body as they are kept; `custom` are the values before. Raises EmailInvalid, PhoneInvalid,
    CustomInvalid, Invalid for a birthday to come."""
    if (born := values.get("birthday")) is not None and born > work.today:
        detail = "nobody is born after today"
        raise Invalid(detail, errors=[FieldError("/birthday", "in-future", detail)])
    found = with_points(values, country)
    if (given := found.pop("custom", None)) is not None:
        found["custom"] = custom_after(fields, given, custom)
    return found


async def open_all(work: Work, stored: Sequence[StoredContact]) -> list[Contact]:
    """Contacts as they are; of one whose key was destroyed only what stands in clear."""
    keys = await data_keys(work.tx, ring_of(work.settings), [one.id for one in stored]) if stored else {}
    return [opened(one, keys.get(one.id)) for one in stored]


async def get_contact(work: Work, contact_id: UUID, *, lock: bool = False) -> Contact:
    """One contact; raises NotFound, also for those outside the caller's scope."""
    read = repository.lock_contacts if lock else repository.load_contacts
    stored = await read(work.tx, [contact_id])
    if not stored or not (await work.scope()).sees(stored[0].owner_id):
        raise NotFound(what="contact")
    (contact,) = await open_all(work, stored)
    return contact


async def accounts_of(work: Work, ids: Collection[UUID]) -> dict[UUID, UUID]:
    """The account of each of these contacts that the caller may see."""
    scope = await work.scope()
    return {one.id: one.account_id for one in await repository.load_contacts(work.tx, ids) if scope.sees(one.owner_id)}


async def who_has(work: Work, emails: Iterable[str]) -> dict[UUID, UUID]:
    """Contacts that the caller sees, archived ones aside, that have one of these e-mail addresses, with their account;
    what is none finds nobody. Nobody else is answered for one of them until the transaction ends."""
    normal = set()
    for email in emails:
        with suppress(NotNormal):
            normal.add(normal_email(email))
    await repository.hold_emails(work.tx, normal)
    hashes = [index_of(work.settings).hashes(PointKind.EMAIL, one) for one in normal]
    return await accounts_of(work, {one.contact_id for one in await repository.holders_anywhere(work.tx, hashes)})


async def refuse_duplicates(work: Work, contact: Contact) -> None:
    """Raises DuplicateContact when another contact of what its account reads as has one of its e-mail addresses. Nobody
    else gives addresses to contacts of it until the transaction ends."""
    roots = set((await repository.roots_of(work.tx, [contact.account_id])).values())
    await repository.hold_accounts(work.tx, roots)
    hashes = email_hashes(index_of(work.settings), contact.emails)
    found = await repository.email_holders(work.tx, roots, hashes)
    if others := sorted({str(one.contact_id) for one in found if one.contact_id != contact.id}):
        raise DuplicateContact("a contact of the account has this e-mail address", extra={"candidates": others})


async def refuse_taken(work: Work, contact: Contact) -> None:
    """Raises DuplicateContact when another contact has one of its external ids; names those the caller sees."""
    found = await repository.find_by_external(work.tx, list(contact.external_ids.items()))
    others = set(found.values()) - {contact.id}
    if others:
        scope = await work.scope()
        known = await repository.load_contacts(work.tx, others)
        seen = sorted(str(one.id) for one in known if scope.sees(one.owner_id))
        raise DuplicateContact("another contact has this external id", extra={"candidates": seen})


async def create_contact(work: Work, data: ContactCreate, *, skip: bool = False) -> Contact:
    """Add a contact; `skip` lets another of the account have the same e-mail address. Raises UnknownReference,
    AccountArchived, DuplicateContact, EmailInvalid, PhoneInvalid."""
    try:
        account = await accounts.get_account(work, data.account_id)
    except NotFound:
        detail = f"no account {data.account_id}"
        raise UnknownReference(detail, errors=[FieldError("/account_id", "unknown-reference", detail)]) from None
    values, fields = data.model_dump(exclude={"account_id"}), await custom_fields(work, [data])
    contact = new_contact(work, account, values, fields)
    await refuse_taken(work, contact)
    if not skip:
        await refuse_duplicates(work, contact)
    if not await write(work, [Change(None, contact)], []):
        raise DuplicateContact()
    return contact


async def update_contact(
    work: Work, contact_id: UUID, version: Versions, data: ContactUpdate, *, skip: bool = False
) -> Contact:
    """Change the fields given; raises NotFound, VersionMismatch, ContactArchived and those of create."""
    fields = await custom_fields(work, [data])
    before = await get_contact(work, contact_id, lock=True)
    version.check(before.version)
    one = changed_row(before, checked(work, data.given(), before.country, fields, before.custom))
    if not one.changed:
        return before
    require_open(before)
    if "external_ids" in one.changed:
        await refuse_taken(work, one.after)
    if "emails" in one.changed and not skip:
        await refuse_duplicates(work, one.after)
    if not await write(work, [], [one]):
        raise DuplicateContact()
    return one.after


async def archive_contact(work: Work, contact_id: UUID) -> Contact:
    """Close a contact: it is read, nothing is sent to it any more; raises NotFound, ContactArchived."""
    before = await get_contact(work, contact_id, lock=True)
    require_open(before)
    one = changed_row(before, {"archived_at": clock.now()})
    await write(work, [], [one], action="archive")
    return one.after


async def restore_contact(work: Work, contact_id: UUID, *, skip: bool = False) -> Contact:
    """Undo an archive; raises NotFound, AccountArchived, DuplicateContact."""
    before = await get_contact(work, contact_id, lock=True)
    one = changed_row(before, {"archived_at": None})
    if not one.changed:
        return before
    if (await accounts.get_account(work, before.account_id)).is_archived:
        raise AccountArchived()
    if not skip:
        await refuse_duplicates(work, one.after)
    await write(work, [], [one], action="restore")
    return one.after


async def find_by_external(work: Work, pairs: Collection[repository.Pair]) -> dict[repository.Pair, UUID]:
    """Contact ids of (source, external id), whoever has them."""
    return await repository.find_by_external(work.tx, pairs)


async def contacts_by_id(work: Work, ids: Collection[UUID]) -> dict[UUID, Contact]:
    """Those of these contacts that the caller may see, as they are."""
    scope, stored = await work.scope(), await repository.load_contacts(work.tx, ids)
    return {one.id: one for one in await open_all(work, [one for one in stored if scope.sees(one.owner_id)])}


async def retire_contact(work: Work, contact_id: UUID) -> Contact:
    """Archive a contact that was added by mistake; its external ids are free. Raises NotFound, ContactArchived."""
    before = await get_contact(work, contact_id, lock=True)
    require_open(before)
    one = changed_row(before, {"archived_at": clock.now(), "external_ids": {}})
    await write(work, [], [one], action="revert")
    return one.after


def external_ids_of(contact: Contact) -> list[ContactExternalId]:
    """Its ids in other systems as rows."""
    return [
        ContactExternalId(source=source, external_id=name, contact_id=contact.id)
        for source, name in contact.external_ids.items()
    ]


async def write(
    work: Work, created: Sequence[Change[Contact]], updated: Sequence[Change[Contact]], *, action: str = "update"
) -> bool:
    """Seal, write, announce and audit contacts; False when another transaction took an external id meanwhile.

    Raises VersionMismatch when one has moved on.
    """
    await store(work, [one.after for one in created], [])
    renamed = [one.after for one in updated if "external_ids" in one.changed]
    await store(work, [], [one.after for one in updated])
    if renamed:
        await repository.drop_external_ids(work.tx, [one.id for one in renamed])
    named = [row for one in [*(one.after for one in created), *renamed] for row in external_ids_of(one)]
    if not await repository.add_contacts(work.tx, [], named):
        return False
    index = index_of(work.settings)
    moved = [one.after for one in updated if {"emails", "phones"} & set(one.changed)]
    found = [*(one.after for one in created), *moved]
    if found:
        points = [point for one in found for point in points_of(index, one)]
        await repository.set_points(work.tx, [one.id for one in moved], points)
    ones = [*created, *updated]
    rows = [Valued(one.after.id, one.before.custom if one.before else {}, one.after.custom) for one in ones]
    if changed := [row for row in rows if row.before != row.after]:
        await keep_values(work, CustomResource.CONTACT, changed)
    await record(work, _contacts(work), created, action="create")
    await record(work, _contacts(work), updated, action=action)
    return True


async def store(work: Work, created: Sequence[Contact], updated: Sequence[Contact]) -> None:
    """Write the rows of contacts under the keys of their persons; raises VersionMismatch when one has moved on."""
    keys = await sealing_keys(work.tx, ring_of(work.settings), [one.id for one in (*created, *updated)])
    await repository.add_contacts(work.tx, [sealed(one, keys[one.id]) for one in created], [])
    await repository.save_contacts(work.tx, [sealed(one, keys[one.id]) for one in updated])


async def set_channels(work: Work, before: Contact, channels: tuple[AllowedChannel, ...]) -> Change[Contact]:
    """Keep what a contact allows from now on, as a new version also where that is what it was."""
    one = changed_row(before, {"channels": channels})
    kept: Contact = one.after
    after = kept.model_copy(update={"version": before.version + 1, "updated_at": clock.now()})
    await repository.save_channels(work.tx, before.version, after)
    return Change(before, after, one.changed)


async def shown(work: Work, contact: Contact) -> dict[str, Any]:
    """The contact as the caller may see it; in full it leaves a trace."""
    body = contact.model_dump(mode="json", exclude={"archived_at", "stream_key", "country"})
    body |= await filed(work, contact.account_id)
    (found,) = await _seen(work, [body | {"is_archived": contact.is_archived}], [contact.id])
    return found


async def shown_items(work: Work, items: list[dict[str, Any]]) -> None:
    """Items of a list as the caller may see them, in their places; in full they leave one trace together."""
    sealed_in = [name for name in SEALED if items and name in items[0]]
    ids: list[UUID] = [item[sealed_in[0]][0] for item in items] if sealed_in else []
    keys = await data_keys(work.tx, ring_of(work.settings), ids) if ids else {}
    for item, contact_id in zip(items, ids, strict=False):
        for name in sealed_in:
            item[name] = read_value(name, contact_id, item[name][1], keys.get(contact_id))
    await _seen(work, items, ids)


async def _seen(work: Work, bodies: list[dict[str, Any]], ids: Sequence[UUID]) -> list[dict[str, Any]]:
    if may_read_pii(work.actor):
        await audit_seen(work, "contact", ids)
        return bodies
    for body in bodies:
        _mask(body)
    return bodies


def _mask(body: dict[str, Any]) -> None:
    for email in body.get("emails", ()):
        email["value"] = masked_email(email["value"])
    for phone in body.get("phones", ()):
        phone |= {"value": masked_phone(phone["value"]), "extension": None}
    body |= {name: None for name in ("birthday", "address") if name in body}


async def fill_index(work: Work, after: UUID, limit: int) -> list[UUID]:
    """Write the hashes of contacts anew whose columns are not those of the index keys that are set, in order of id;
    which they were. What is found by them does not change."""
    index = index_of(work.settings)
    ids = await repository.badly_indexed(work.tx, index.places, after, limit)
    contacts = await open_all(work, await repository.lock_contacts(work.tx, ids))
    await repository.set_points(work.tx, ids, [point for one in contacts for point in points_of(index, one)])
    return ids


async def is_index_left(work: Work) -> bool:
    """Whether `fill_index` has something to do."""
    return bool(await repository.badly_indexed(work.tx, index_of(work.settings).places, UUID(int=0), 1))


def found_by(work: Work, asked: Mapping[str, str], given: int) -> tuple[str, list[bytes | None]]:
    """The condition that contacts have this `email` and `phone`, as the end of one with `given` parameters, and its
    parameters. Raises BadQuery for what is none."""
    index, condition, hashes = index_of(work.settings), "", list[bytes | None]()
    for kind, value in asked.items():
        try:
            normal = normal_email(value) if kind == PointKind.EMAIL else normal_phone(value, HOME)
        except NotNormal as refused:
            raise BadQuery(errors=[FieldError(kind, refused.code, str(refused))]) from None
        first = given + len(hashes) + 1
        condition += " AND " + FOUND_BY.format(kind=PointKind(kind), first=first, second=first + 1)
        hashes += index.hashes(kind, normal)
    return condition, hashes
