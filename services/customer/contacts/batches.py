"""Upsert of many contacts by external id: a fixed number of statements, whatever the number of rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from uuid import UUID

from kit.errors import Conflict, FieldError, UnknownReference, VersionMismatch
from kit.records import Change, changed_row
from kit.security.blind_index import BlindIndex, NotNormal, normal_email
from kit.security.principals import Scope
from kit.web.batch import Raced, Results, decide_rows
from kit.work import Work
from services.customer.accounts import service as accounts
from services.customer.accounts.models import Account
from services.customer.contacts import repository
from services.customer.contacts.enums import PointKind
from services.customer.contacts.models import Contact
from services.customer.contacts.repository import Pair
from services.customer.contacts.rules import ContactArchived, DuplicateContact
from services.customer.contacts.schemas import ContactRow
from services.customer.contacts.sealing import email_hashes
from services.customer.contacts.service import checked, custom_fields, new_contact, open_all, write
from services.customer.custom_fields.values import Fields
from services.customer.persons.sealing import index_of

Held = tuple[UUID, bytes]
"""Account and hash of an e-mail address."""


@dataclass(slots=True)
class _Attempt:
    """What one attempt at a batch knows and has decided so far."""

    work: Work
    scope: Scope
    index: BlindIndex
    skip: bool
    accounts: dict[UUID, Account]
    account_refs: dict[Pair, UUID]
    by_external: dict[Pair, UUID]
    by_email: dict[Held, UUID]
    contacts: dict[UUID, Contact]
    fields: Fields
    touched: set[UUID] = field(default_factory=set)
    created: list[Change[Contact]] = field(default_factory=list)
    updated: list[Change[Contact]] = field(default_factory=list)


async def upsert_contacts(
    work: Work, rows: Sequence[tuple[int, ContactRow]], results: Results, *, skip: bool = False
) -> None:
    """Create or change contacts; a result per row. A row may not repeat a contact of an earlier row; `skip` lets
    several contacts of an account have one e-mail address."""
    prepare = partial(_prepare, work, [row for _, row in rows], skip)
    await decide_rows(work.tx, rows, results, prepare, _decide, _write)


async def _prepare(work: Work, rows: Sequence[ContactRow], skip: bool) -> _Attempt:
    fields = await custom_fields(work, rows)
    refs = await accounts.find_by_external(work, {row.account_ref.pair for row in rows if row.account_ref})
    wanted = {row.account_id for row in rows if row.account_id} | set(refs.values())
    known = await accounts.accounts_by_id(work, wanted)
    named = {pair for row in rows for pair in row.external_ids.items()}
    by_external = await repository.find_by_external(work.tx, named)
    contacts = await open_all(work, await repository.lock_contacts(work.tx, set(by_external.values())))
    index = index_of(work.settings)
    by_email: dict[Held, UUID] = {}
    if not skip:
        hashes = [index.hashes(PointKind.EMAIL, normal) for row in rows for normal in _normal_emails(row)]
        roots = {one.leads_to for one in known.values()}
        await repository.hold_accounts(work.tx, roots)
        if await repository.find_by_external(work.tx, named) != by_external:
            raise Raced  # who had the accounts before has made some of these contacts: they are no strangers
        for one in await repository.email_holders(work.tx, roots, hashes):
            by_email |= {(one.account_id, each): one.contact_id for each in (one.first, one.second) if each}
    by_id = {contact.id: contact for contact in contacts}
    return _Attempt(work, await work.scope(), index, skip, known, refs, by_external, by_email, by_id, fields)


def _normal_emails(row: ContactRow) -> list[str]:
    """E-mail addresses of a row that are some."""
    found = []
    for email in row.emails:
        try:
            found.append(normal_email(email.value))
        except NotNormal:
            continue  # its row is refused when it is decided
    return found


def _account_of(attempt: _Attempt, row: ContactRow) -> Account:
    account_id = attempt.account_refs.get(row.account_ref.pair) if row.account_ref else row.account_id
    account = attempt.accounts.get(account_id) if account_id else None
    if account is None:
        pointer = "/account_ref" if row.account_ref else "/account_id"
        raise UnknownReference(errors=[FieldError(pointer, "unknown-reference", "no such account")])
    return account


def _decide(attempt: _Attempt, row: ContactRow) -> tuple[str, UUID]:
    """What becomes of one row: (status, contact id); raises AppError when it is refused."""
    account = _account_of(attempt, row)
    found = {attempt.by_external[pair] for pair in row.external_ids.items() if pair in attempt.by_external}
    if len(found) > 1:
        raise DuplicateContact("the external ids belong to several contacts", extra=_candidates(attempt, found))
    if not found:
        values = row.model_dump(exclude={"account_id", "account_ref"})
        contact = new_contact(attempt.work, account, values, attempt.fields)
        _claim(attempt, contact)
        attempt.created.append(Change(None, contact))
        _keep(attempt, contact)
        return "created", contact.id
    contact = attempt.contacts[found.pop()]
    if contact.id in attempt.touched or not attempt.scope.sees(contact.owner_id):
        raise DuplicateContact("the contact is another row's, or not the caller's")
    return _change(attempt, contact, account, row), contact.id


def _candidates(attempt: _Attempt, ids: set[UUID]) -> dict[str, list[str]]:
    """The contacts in the way that the caller may see."""
    return {"candidates": sorted(str(one) for one in ids if attempt.scope.sees(attempt.contacts[one].owner_id))}


def _keep(attempt: _Attempt, contact: Contact) -> None:
    attempt.contacts[contact.id] = contact
    attempt.touched.add(contact.id)
    attempt.by_external |= dict.fromkeys(contact.external_ids.items(), contact.id)


def _claim(attempt: _Attempt, contact: Contact) -> None:
    """Take the e-mail addresses; raises DuplicateContact when one is another's of the account."""
    if attempt.skip:
        return
    pairs = email_hashes(attempt.index, contact.emails)
    root_id = attempt.accounts[contact.account_id].leads_to
    claimed = [(root_id, one) for pair in pairs for one in pair if one is not None]
    holders = {attempt.by_email[one] for one in claimed if one in attempt.by_email} - {contact.id}
    if holders:
        detail = "a contact of the account has this e-mail address"
        raise DuplicateContact(detail, extra={"candidates": sorted(map(str, holders))})
    attempt.by_email |= dict.fromkeys(claimed, contact.id)


def _given(attempt: _Attempt, contact: Contact, account: Account, row: ContactRow) -> dict[str, Any]:
    """What a row says of a contact that exists; raises Conflict, DuplicateContact, EmailInvalid, PhoneInvalid."""
    if account.id != contact.account_id:
        raise Conflict("a contact stays with its account")
    given = {name: value for name, value in row.given().items() if name not in ("account_id", "account_ref")}
    for source, name in row.external_ids.items():
        if contact.external_ids.get(source, name) != name:
            raise DuplicateContact(f"the contact has another id in {source}")
    given["external_ids"] = {**contact.external_ids, **row.external_ids}
    return checked(attempt.work, given, contact.country, attempt.fields, contact.custom)


def _change(attempt: _Attempt, contact: Contact, account: Account, row: ContactRow) -> str:
    one = changed_row(contact, _given(attempt, contact, account, row))
    attempt.touched.add(contact.id)
    if not one.changed:
        return "unchanged"
    if contact.is_archived:
        raise ContactArchived()
    if "emails" in one.changed:
        _claim(attempt, one.after)
    attempt.updated.append(one)
    _keep(attempt, one.after)
    return "updated"


async def _write(attempt: _Attempt) -> None:
    """Everything at once; raises Raced when another transaction took an external id meanwhile."""
    try:
        if not await write(attempt.work, attempt.created, attempt.updated):
            raise Raced
    except VersionMismatch:
        raise Raced from None
