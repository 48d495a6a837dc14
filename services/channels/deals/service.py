"""Use cases of deals: register, find, what a reviewer should know.

A claim holds the advisory locks of all it may share with another, so the first wins and the others hear of it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import date
from typing import Any, NamedTuple
from uuid import UUID

from kit import clock
from kit.domains import SHARED_DOMAINS, domain_of
from kit.errors import FieldError, NotFound, UnknownReference
from kit.events.contract import Published
from kit.money import MAX_AMOUNT, convert
from kit.names import fold_name
from kit.records import Change, Resource, add, fresh
from kit.redirects import Groups
from kit.security.identity import identity_hash
from kit.tax_ids import compact_tax_id, tax_id_key
from kit.work import Work
from services.channels.deals import repository
from services.channels.deals.enums import DealState
from services.channels.deals.models import Deal
from services.channels.deals.repository import Account, Active, Claim, Opened, Ordered, Protected
from services.channels.deals.rules import (
    ACTIVE_WITHIN,
    MAX_OPEN,
    ONE_DAY,
    ORDERED_WITHIN,
    PATIENCE,
    REVIEW_DAYS,
    TURN,
    DealInvalid,
    DuplicateDeal,
    Identity,
    PartnerOnHold,
    TooManyDeals,
    account_locks,
    hashes_of,
    identity_locks,
    lock_keys,
)
from services.channels.deals.schemas import DealCreate
from services.channels.directory import service as directory
from services.channels.events_out.deals import (
    DealApproved,
    DealExpired,
    DealExpiring,
    DealExtended,
    DealRegistered,
    DealRejected,
    DealWithdrawn,
    DealWon,
)
from services.channels.partners import service as partners
from services.channels.partners.enums import PartnerState
from services.channels.partners.models import Partner
from services.channels.product_costs.rules import AmountOverflow
from services.channels.products import service as products
from services.channels.quotes.rules import ExchangeRateMissing, PartnerInactive
from services.channels.redirects import service as redirects
from services.channels.sales import service as sales

NOUN = "deal"
AUDITED = (
    "number", "partner_id", "account_id", "owner_id", "customer_name", "country", "product_lines", "value", "currency",
    "registered_by", "registered_on",
)  # fmt: skip
Fact = type[
    DealRegistered | DealApproved | DealRejected | DealExtended | DealExpiring | DealExpired | DealWithdrawn | DealWon
]


class Customer(NamedTuple):
    """Accounts that are an end customer (with the one that its claim is filed under), and what they are one with by
    merges."""

    accounts: list[Account]
    groups: Groups
    filed: UUID | None = None

    @property
    def roots(self) -> list[UUID]:
        """What they read as."""
        ids = {one.id for one in self.accounts} | ({self.filed} if self.filed is not None else set())
        return sorted({self.groups.root(each) for each in ids})

    @property
    def everyone(self) -> list[UUID]:
        """All of them: a claim on any is one on all."""
        return self.groups.everyone(self.roots)

    @property
    def only(self) -> UUID | None:
        """The account that is the end customer, by the surest sign; None where there is none, or more than one."""
        usable = [one for one in self.accounts if not one.is_archived]
        signs = ([one for one in usable if one.by_tax_id], [one for one in usable if one.by_domain], usable)
        likely = [one.id for one in next((some for some in signs if some), [])]
        roots = {self.groups.root(each) for each in likely}
        if len(roots) != 1:
            return None
        return likely[0] if len(likely) == 1 else roots.pop()


class Findings(NamedTuple):
    """What the reader may see of the end customer of a deal: orders of the days after `after` to `until`, opportunities
    that are open now, activities of the last 60 of these days."""

    deal: Deal
    after: date
    until: date
    ordered: list[Ordered]
    opportunities: list[Opened]
    active: list[Active]


def resource(work: Work, fact: Fact | None, day: date | None = None, **more: Any) -> Resource[Deal]:
    """Deals of which a change says a fact, of a business day (today by default)."""

    def said(one: Change[Deal]) -> Published | None:
        if fact is None:
            return None
        named = {
            "base_currency": work.base_currency,
            "identity_hashes": list(one.after.identity_hashes),
            "changed": [name for name in one.changed if name in fact.model_fields],
            "business_date": day or work.today,
        }
        return fact.of(one.after, **named | more)

    return Resource(NOUN, Deal, said, audited=AUDITED)


async def register_deal(work: Work, data: DealCreate) -> Deal:
    """A claim on an end customer.

    Raises UnknownReference, PartnerInactive, DealInvalid, ExchangeRateMissing, AmountOverflow, PartnerOnHold,
    TooManyDeals, DuplicateDeal.
    """
    data = await _known(work, data)
    domain = _domain(data)
    identity = identity_of(work, data, domain)
    value_base = await _in_base(work, data)
    found = await _hold(work, identity, str(data.partner_id))
    await _check_free(work, data.partner_id, identity, found)
    begun, account_id = fresh(), found.only
    account = await sales.find_account(work, found.groups.root(account_id)) if account_id is not None else None
    member_id = await repository.member_of(work.tx, work.actor.subject, work.today)
    calendar = await directory.company_calendar(work)
    review_due_on = calendar.add_working_days(work.today, REVIEW_DAYS)
    deal = Deal(
        **begun,
        **data.model_dump(exclude={"tax_id", "domain"}),
        number=f"DL-{work.today.year}-{await repository.next_number(work.tx):06d}",
        account_id=account_id,
        owner_id=member_id or (account.owner_id if account is not None else None),
        state=DealState.REGISTERED,
        domain=domain,
        name_key=identity.name_key or "",
        tax_id_hash=identity.tax_id_hash,
        domain_hash=identity.domain_hash,
        identity_hashes=tuple(_hashes(work, identity)),
        value_base=value_base,
        registered_by=work.actor.subject,
        registered_on=work.today,
        registered_at=begun["created_at"],
        review_due_on=review_due_on,
        due_at=clock.start_of_day(work.settings.timezone, review_due_on + ONE_DAY),
    )
    return await add(work, resource(work, DealRegistered), deal, action="register")


async def require_deal(work: Work, deal_id: UUID, *, lock: bool = False) -> Deal:
    """A deal of the caller's scope, by its own owner or its account's; raises NotFound."""
    deal = await repository.find_deal(work.tx, work.visible, deal_id, lock=lock)
    if deal is None:
        raise NotFound(what=NOUN)
    return deal


async def shown(work: Work, deal: Deal) -> dict[str, Any]:
    """What is answered of a deal beside its row: its account as it reads now."""
    filed = deal.account_id
    root = None if filed is None else (await redirects.groups_of(work, [filed])).root(filed)
    return {"account_id": root, "filed_account_id": filed}


async def read_findings(work: Work, deal_id: UUID) -> Findings:
    """What a reviewer should know of the end customer; raises NotFound."""
    deal = await require_deal(work, deal_id)
    after = deal.registered_on - ORDERED_WITHIN
    until, recent = deal.registered_on, deal.registered_on - ACTIVE_WITHIN
    found = await _customer_of(work, _known_by(deal), deal.account_id)
    filed = [] if deal.account_id is None else [deal.account_id]
    ids = found.groups.everyone([*filed, *(one.id for one in found.accounts if not one.is_archived)])
    ordered = await repository.ordered_of_late(work.tx, work.visible, ids, after, until)
    opened = await repository.open_opportunities(work.tx, work.visible, ids)
    active = await repository.active_of_late(work.tx, work.visible, ids, recent, until)
    return Findings(deal, after, until, ordered, opened, active)


async def claims_on(work: Work, subjects: str) -> list[Claim]:
    """Claims that other partners have on the customers of orders or opportunities on their days: registered ones, and
    protected ones also after they were won or have expired. `subjects` are JSON: each has its `subject_id`, the
    accounts that are its customer (`members`), `partner_id` and `deal_id` where it has them, its `day`, and folded
    `lines` (null: any)."""
    return await repository.claims_on(work.tx, subjects)


async def protected_on(work: Work, account_ids: Sequence[UUID]) -> list[Protected]:
    """Claims that are protected today, for each of these accounts, the first one first. A customer has more than one
    where each was approved before it was known that their customers are one: all of them stand."""
    return await repository.protected_on(work.tx, account_ids, work.today)


async def hold_claims(work: Work, account_ids: Collection[UUID], known_by: Iterable[Identity] = ()) -> None:
    """Wait for claims on accounts, or on whoever is known so, that are taken or decided on, and keep new ones out until
    the work ends: who decides has heard of these events, or they find the decision. Events of others do not wait."""
    groups = await redirects.groups_of(work, account_ids)
    keys = account_locks(groups.everyone(account_ids)).union(*(identity_locks(one) for one in known_by))
    await repository.hold_locks(work.tx, sorted(keys), is_shared=True)


def identity_of(work: Work, data: DealCreate, domain: str | None) -> Identity:
    """By what the end customer is known, as customer knows its accounts. Raises DealInvalid."""
    name_key, tax_id = fold_name(data.customer_name), None
    if not name_key:
        raise DealInvalid(errors=[FieldError("/customer_name", DealInvalid.code, "nothing of the name is seen")])
    if data.tax_id is not None:
        if not compact_tax_id(data.country, data.tax_id):
            raise DealInvalid(errors=[FieldError("/tax_id", DealInvalid.code, "no letter and no digit")])
        tax_id = identity_hash(work.settings, "tax_id", data.country, tax_id_key(data.country, data.tax_id))
    own = domain if domain not in SHARED_DOMAINS else None
    return Identity(name_key, data.country, tax_id, identity_hash(work.settings, "domain", own) if own else None)


def _hashes(work: Work, identity: Identity) -> list[str]:
    """What others may recognise the end customer by."""
    name = identity_hash(work.settings, "name", identity.country or "", identity.name_key or "")
    return hashes_of((identity.tax_id_hash, identity.domain_hash, name))


def _domain(data: DealCreate) -> str | None:
    found = domain_of(data.domain)
    if data.domain is not None and found is None:
        raise DealInvalid(errors=[FieldError("/domain", DealInvalid.code, "no domain")])
    return found


async def _known(work: Work, data: DealCreate) -> DealCreate:
    """The claim with product lines in their own spelling."""
    try:
        partner = await partners.require_partner(work, data.partner_id)
    except NotFound:
        raise UnknownReference(errors=[FieldError("/partner_id", UnknownReference.code, "no such partner")]) from None
    _check_active(partner)
    lines = await products.known_lines(work, data.product_lines)
    unknown = [number for number, line in enumerate(data.product_lines) if line not in lines]
    if unknown:
        at = [FieldError(f"/product_lines/{number}", UnknownReference.code, "unknown here") for number in unknown]
        raise UnknownReference(errors=at)
    return data.model_copy(update={"product_lines": list(dict.fromkeys(lines[line] for line in data.product_lines))})


def _check_active(partner: Partner) -> None:
    if partner.state is not PartnerState.ACTIVE:
        raise PartnerInactive(errors=[FieldError("/partner_id", PartnerInactive.code, PartnerInactive.title)])


async def _in_base(work: Work, data: DealCreate) -> int:
    rate = (await sales.rates_on(work, [data.currency], work.today)).get(data.currency)
    if rate is None:
        raise ExchangeRateMissing(
            errors=[FieldError("/currency", ExchangeRateMissing.code, f"none of {data.currency}")]
        )
    value = convert(data.value, data.currency, rate, work.base_currency)
    if value > MAX_AMOUNT:
        raise AmountOverflow(errors=[FieldError("/value", AmountOverflow.code, f"more than {MAX_AMOUNT}")])
    return value


async def hold_first(work: Work, deal: Deal) -> Customer:
    """Wait for claims that may be the same as one that stands, before it is locked; who its customer is then. It is the
    first of those that stand on that customer, also where accounts were merged or called otherwise since. Raises
    DuplicateDeal."""
    identity, held = _known_by(deal), set[int]()
    found = await _customer_of(work, identity, deal.account_id)
    while wanted := _locks(identity, str(deal.partner_id), found) - held:
        await repository.hold_locks(work.tx, sorted(wanted))
        held |= wanted
        found = await _customer_of(work, identity, deal.account_id)
    await _check_claim(work, identity, found, deal)
    return found


async def _hold(work: Work, identity: Identity, partner: str) -> Customer:
    """Wait for claims that may be the same; who the end customer is then. Who still waits hears of a claim that was
    registered meanwhile, so nobody waits for a turn only to be refused. Raises DuplicateDeal."""
    held: set[int] = set()
    turns = PATIENCE
    found = await _customer_of(work, identity)
    while wanted := _locks(identity, partner, found) - held:
        await _check_claim(work, identity, found)
        if turns == 0:
            await repository.hold_locks(work.tx, sorted(wanted))
            held |= wanted
        elif await repository.hold_locks_soon(work.tx, sorted(wanted), TURN):
            held |= wanted
        else:
            turns -= 1
        found = await _customer_of(work, identity)
    return found


async def _check_free(work: Work, partner_id: UUID, identity: Identity, found: Customer) -> None:
    """Under the locks of the claim: a partner that was terminated while they were waited for claims nothing."""
    _check_active(await partners.require_partner(work, partner_id))
    if await directory.is_on_hold(work, partner_id):
        raise PartnerOnHold()
    await _check_claim(work, identity, found)
    if await repository.open_deals(work.tx, partner_id) >= MAX_OPEN:
        raise TooManyDeals()


async def _check_claim(work: Work, identity: Identity, found: Customer, own: Deal | None = None) -> None:
    """Nobody else stands on the customer, nobody before one's own claim where that stands."""
    other = await repository.live_claim(work.tx, identity, found.everyone, work.today, own)
    if other is not None:
        shown = {"number": other.number, "registered_at": other.registered_at.isoformat()}
        if (await work.scope()).sees(other.owner_id):
            shown |= {"deal_id": str(other.id), "partner_id": str(other.partner_id)}
        raise DuplicateDeal(f"{other.number} was registered at {shown['registered_at']}", extra=shown)


async def _customer_of(work: Work, identity: Identity, filed: UUID | None = None) -> Customer:
    accounts = await repository.accounts_like(work.tx, identity)
    ids = {one.id for one in accounts} | ({filed} if filed is not None else set())
    return Customer(accounts, await redirects.groups_of(work, sorted(ids)), filed)


def _locks(identity: Identity, partner: str, found: Customer) -> set[int]:
    return {*lock_keys(identity, partner), *account_locks(found.roots)}


def _known_by(deal: Deal) -> Identity:
    return Identity(deal.name_key, deal.country, deal.tax_id_hash, deal.domain_hash)
