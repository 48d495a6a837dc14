"""Use cases of conversions: a lead becomes an account, by one transaction or not at all."""

from __future__ import annotations

from typing import Any, NamedTuple
from uuid import UUID

from kit import clock
from kit.errors import FieldError, Forbidden, Invalid, NotFound, UnknownReference
from kit.transitions import next_state
from kit.work import Work
from services.customer.accounts import service as accounts
from services.customer.accounts.filing import filed
from services.customer.accounts.models import Account
from services.customer.accounts.rules import AccountArchived, DuplicateAccount
from services.customer.accounts.schemas import AccountCreate
from services.customer.activities import service as activities
from services.customer.consents import service as consents
from services.customer.contacts import service as contacts
from services.customer.contacts.models import Contact
from services.customer.contacts.rules import DuplicateContact
from services.customer.contacts.schemas import ContactCreate
from services.customer.conversions.rules import (
    ContactNeeded,
    LeadDuplicate,
    account_defaults,
    contact_defaults,
    within,
)
from services.customer.conversions.schemas import LeadConversion, LeadConvert
from services.customer.directories import service as directories
from services.customer.lead_consents import service as lead_consents
from services.customer.leads import service as leads
from services.customer.leads.models import Lead
from services.customer.leads.rules import MOVES, days_between
from services.customer.opportunities import service as opportunities
from services.customer.opportunities.models import Opportunity
from services.customer.opportunities.schemas import OpportunityCreate


class _Undone(Exception):
    """A dry run has come to its end."""

    def __init__(self, outcome: LeadConversion) -> None:
        super().__init__()
        self.outcome = outcome


class Target(NamedTuple):
    """What a lead becomes."""

    account: Account
    contact: Contact | None
    opportunity: Opportunity | None


async def convert_lead(work: Work, lead_id: UUID, data: LeadConvert, *, skip: bool = False) -> LeadConversion:
    """Make of a lead what the body says; `skip` makes an account though it is like another, and a contact though
    another has its address. A dry run does the same and is undone.

    Raises NotFound, LeadConverted, StateConflict, LeadDuplicate, UnknownReference, AccountArchived, ContactArchived,
    ContactNeeded, Forbidden, and what creations of accounts, contacts and opportunities raise.
    """
    if not data.dry_run:
        return await _convert(work, lead_id, data, skip)
    try:
        async with work.tx.savepoint():
            raise _Undone(await _convert(work, lead_id, data, skip))
    except _Undone as undone:
        return undone.outcome


async def _convert(work: Work, lead_id: UUID, data: LeadConvert, skip: bool) -> LeadConversion:
    lead = await leads.get_lead(work, lead_id, lock=True)
    await leads.require_open(work, lead)
    next_state("lead", MOVES, "convert", lead.state)
    _check_permissions(work, data)
    target = await _target(work, lead, data, skip)
    contact_id = target.contact.id if target.contact else None
    moved = await activities.go_along(work, lead.id, target.account, contact_id)
    entries = await lead_consents.entries_of(work, lead.id)
    if entries and contact_id is None:
        raise ContactNeeded(errors=[FieldError("/contact_id", ContactNeeded.code, "name or create a contact")])
    kept = await consents.take_over(work, contact_id, entries) if contact_id else 0
    days = days_between(lead.created_on, work.today)
    opportunity_id = target.opportunity.id if target.opportunity else None
    became = {
        "account_id": target.account.id,
        "contact_id": contact_id,
        "opportunity_id": opportunity_id,
        "converted_at": clock.now(),
        "converted_on": work.today,
        "days_to_convert": days,
    }
    await leads.end_lead(work, lead, became)
    made = {"account": data.create_account, "contact": data.create_contact, "opportunity": data.opportunity}
    ids = {
        "account_id": (await filed(work, target.account.id))["account_id"],
        "contact_id": contact_id,
        "opportunity_id": opportunity_id,
    }
    return LeadConversion(
        lead_id=lead.id,
        dry_run=data.dry_run,
        **{name: None if data.dry_run and made[name[:-3]] is not None else one for name, one in ids.items()},
        is_account_created=data.create_account is not None,
        is_contact_created=data.create_contact is not None,
        is_opportunity_created=data.opportunity is not None,
        activities=moved,
        consents=kept,
        consents_left=len(entries) - kept,
        days_to_convert=days,
    )


def _check_permissions(work: Work, data: LeadConvert) -> None:
    """Who converts may make what the lead becomes; raises Forbidden."""
    wanted = {
        "accounts:write": data.create_account is not None,
        "contacts:write": data.create_contact is not None or data.contact_id is not None,
        "opportunities:write": data.opportunity is not None,
    }
    for permission, is_wanted in wanted.items():
        if is_wanted and not work.actor.may(permission):
            raise Forbidden(f"needs the permission {permission}")


async def _target(work: Work, lead: Lead, data: LeadConvert, skip: bool) -> Target:
    """What the lead becomes; what is new is made. Raises LeadDuplicate and what creations raise."""
    contact = await _chosen_contact(work, data) if data.contact_id else None
    wanted = contact_defaults(lead.person_name, lead.email, lead.phone)
    if data.create_contact is not None:
        wanted |= data.create_contact.given()
        if "name" not in wanted:
            detail = "the lead names no person"
            raise Invalid(detail, errors=[FieldError("/create_contact/name", "required", detail)])
    owner_id = await _owner(work, lead)
    known: dict[UUID, UUID] = {}
    if data.create_contact is not None and not skip:
        known = await contacts.who_has(work, [email["value"] for email in wanted["emails"]])
    account = await _account(work, lead, data, contact, owner_id, known, skip)
    if known:
        raise LeadDuplicate(extra={"candidates": _candidates([], known)})
    if data.create_contact is not None:
        contact = await _make_contact(work, account, wanted, skip)
    opportunity = await _make_opportunity(work, data, account, contact, owner_id) if data.opportunity else None
    return Target(account, contact, opportunity)


async def _owner(work: Work, lead: Lead) -> UUID | None:
    """Whose what is made becomes unless said: the lead's owner, unless they have left."""
    if lead.owner_id is None or lead.owner_id in (await directories.find_sellers(work, [lead.owner_id])).left:
        return None
    return lead.owner_id


async def _chosen_contact(work: Work, data: LeadConvert) -> Contact:
    """The contact that is there, of the account that is named or of what that was merged into."""
    detail = "no such contact of the account"
    unknown = UnknownReference(detail, errors=[FieldError("/contact_id", "unknown-reference", detail)])
    assert data.contact_id is not None, "asked for by who chose one"
    try:
        contact = await contacts.get_contact(work, data.contact_id)
    except NotFound:
        raise unknown from None
    contacts.require_open(contact)
    if data.account_id is not None and data.account_id not in (await filed(work, contact.account_id)).values():
        raise unknown
    return contact


async def _account(
    work: Work,
    lead: Lead,
    data: LeadConvert,
    contact: Contact | None,
    owner_id: UUID | None,
    known: dict[UUID, UUID],
    skip: bool,
) -> Account:
    """The account that is there, or a new one. Raises LeadDuplicate, which names contacts in the way, too."""
    if data.create_account is None:
        return await _chosen_account(work, contact.account_id if contact else data.account_id)
    given = account_defaults(lead.company, lead.person_name, lead.phone)
    given |= {"country": lead.country, "owner_id": owner_id} | data.create_account.given()
    if given.get("kind") != "person" and "phone" not in data.create_account.model_fields_set:
        given.pop("phone", None)
    try:
        with within("create_account"):
            return await accounts.create_account(work, AccountCreate.model_validate(given), may_be_like=skip)
    except DuplicateAccount as refused:
        found = [UUID(one) for one in refused.extra.get("candidates", ())]
        raise LeadDuplicate(refused.detail, extra={"candidates": _candidates(found, known)}) from None


async def _chosen_account(work: Work, account_id: UUID | None) -> Account:
    assert account_id is not None, "the body names an account or a contact of one"
    try:
        account = await accounts.get_account(work, account_id)
    except NotFound:
        detail = f"no account {account_id}"
        raise UnknownReference(detail, errors=[FieldError("/account_id", "unknown-reference", detail)]) from None
    if account.is_archived:
        raise AccountArchived()
    return account


def _candidates(found: list[UUID], known: dict[UUID, UUID]) -> list[dict[str, str | None]]:
    """Accounts and contacts to choose from, as a body names them."""
    accounts_found = [{"account_id": str(one), "contact_id": None} for one in found]
    return accounts_found + [
        {"account_id": str(account_id), "contact_id": str(contact_id)} for contact_id, account_id in known.items()
    ]


async def _make_contact(work: Work, account: Account, wanted: dict[str, Any], skip: bool) -> Contact:
    body = ContactCreate.model_validate(wanted | {"account_id": account.id})
    try:
        with within("create_contact"):
            return await contacts.create_contact(work, body, skip=skip)
    except DuplicateContact as refused:
        found = {UUID(one): account.id for one in refused.extra.get("candidates", ())}
        raise LeadDuplicate(refused.detail, extra={"candidates": _candidates([], found)}) from None


async def _make_opportunity(
    work: Work, data: LeadConvert, account: Account, contact: Contact | None, owner_id: UUID | None
) -> Opportunity:
    assert data.opportunity is not None, "asked for by who wants one"
    given = {"owner_id": owner_id, "contact_id": contact.id if contact else None} | data.opportunity.given()
    with within("opportunity"):
        return await opportunities.create_opportunity(
            work, OpportunityCreate.model_validate(given | {"account_id": account.id})
        )
