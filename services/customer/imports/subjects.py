"""What is imported, kind by kind: how rows are written, found again, described, set back and taken back."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from kit.db.columns import OwnedRow
from kit.versions import Versions
from kit.web.batch import Results
from kit.web.schema import Schema
from kit.work import Work
from services.customer.accounts import service as accounts
from services.customer.accounts.batches import upsert_accounts
from services.customer.accounts.private import open_all
from services.customer.accounts.schemas import AccountRow, AccountUpdate
from services.customer.contacts import service as contacts
from services.customer.contacts.batches import upsert_contacts
from services.customer.contacts.schemas import ContactRow, ContactUpdate
from services.customer.imports.columns import CUSTOM
from services.customer.imports.enums import ImportKind
from services.customer.imports.models import Options
from services.customer.leads import service as leads
from services.customer.leads.batches import upsert_leads
from services.customer.leads.schemas import LeadRow, LeadUpdate
from services.customer.opportunities import service as opportunities
from services.customer.opportunities.batches import upsert_opportunities
from services.customer.opportunities.schemas import OpportunityRow, OpportunityUpdate
from services.customer.orders import service as orders
from services.customer.orders.batches import KEPT, upsert_orders
from services.customer.orders.models import Order
from services.customer.orders.schemas import OrderRow, OrderUpdate
from services.customer.orders.service import LINE_CONTENT
from services.customer.payments import service as payments
from services.customer.payments.schemas import PaymentRow, PaymentVoid
from services.customer.payments.voids import void_payment

REVERTED: Final = "import_reverted"
"""Why something ended that an import had made."""
_LATEST = Versions(None)
Pair = tuple[str, str]
Values = Mapping[str, Any]
"""Fields as JSON has them."""


@dataclass(frozen=True, slots=True)
class Subject:
    """`shown` are the fields by which a row is compared before and after, `update` sets some of them."""

    row: type[Schema]
    upsert: Callable[[Work, Sequence[tuple[int, Any]], Results, Options], Awaitable[None]]
    find: Callable[[Work, Collection[Pair]], Awaitable[Mapping[Pair, UUID]]]
    load: Callable[[Work, Collection[UUID]], Awaitable[Mapping[UUID, OwnedRow]]]
    shown: Callable[[OwnedRow], Values]
    update: Callable[[Work, UUID, Values], Awaitable[object]]
    retire: Callable[[Work, UUID], Awaitable[object]]


def _fields(update: type[Schema], *without: str, also: Collection[str] = ()) -> Callable[[OwnedRow], Values]:
    names = {*update.model_fields, *also} - {"owner_id", *without}
    return lambda row: _flat(row.model_dump(mode="json", include=names))


def _flat(shown: dict[str, Any]) -> Values:
    """With each custom field by itself."""
    custom = shown.pop("custom", {})
    return {**shown, **{f"{CUSTOM}{key}": value for key, value in custom.items()}}


def _folded(values: Values) -> Values:
    """What a change by hand would give; a custom field without a value is taken away."""
    custom = {name.removeprefix(CUSTOM): value for name, value in values.items() if name.startswith(CUSTOM)}
    plain = {name: value for name, value in values.items() if not name.startswith(CUSTOM)}
    return {**plain, **({"custom": custom} if custom else {})}


async def _load_accounts(work: Work, ids: Collection[UUID]) -> Mapping[UUID, OwnedRow]:
    known = await accounts.accounts_by_id(work, ids)
    return {one.id: one for one in await open_all(work, list(known.values()))}


def _shown_order(row: OwnedRow) -> Values:
    assert isinstance(row, Order)
    names = {"currency", "payment_terms_days", *KEPT, *(("order_date",) if row.is_dated else ())}
    shown = row.model_dump(mode="json", include=names)
    shown["lines"] = [line.model_dump(mode="json", include=LINE_CONTENT) for line in row.lines]
    if row.is_split:
        shown["credits"] = [{"member_id": str(one.member_id), "share": one.share} for one in row.credits]
    return shown


async def _upsert_accounts(work: Work, rows: Sequence[tuple[int, Any]], results: Results, _options: Options) -> None:
    await upsert_accounts(work, rows, results)


async def _upsert_contacts(work: Work, rows: Sequence[tuple[int, Any]], results: Results, options: Options) -> None:
    await upsert_contacts(work, rows, results, skip=options.skip_duplicate_check)


async def _upsert_orders(work: Work, rows: Sequence[tuple[int, Any]], results: Results, _options: Options) -> None:
    await upsert_orders(work, rows, results)


async def _receive(work: Work, rows: Sequence[tuple[int, Any]], results: Results, _options: Options) -> None:
    await payments.receive_many(work, rows, results)


async def _upsert_leads(work: Work, rows: Sequence[tuple[int, Any]], results: Results, _options: Options) -> None:
    await upsert_leads(work, rows, results)


async def _upsert_opportunities(work: Work, rows: Sequence[tuple[int, Any]], results: Results, _: Options) -> None:
    await upsert_opportunities(work, rows, results)


async def _update_account(work: Work, row_id: UUID, values: Values) -> object:
    return await accounts.update_account(work, row_id, _LATEST, AccountUpdate.model_validate(_folded(values)))


async def _update_contact(work: Work, row_id: UUID, values: Values) -> object:
    data = ContactUpdate.model_validate(_folded(values))
    return await contacts.update_contact(work, row_id, _LATEST, data, skip=True)


async def _update_order(work: Work, row_id: UUID, values: Values) -> object:
    return await orders.update_order(work, row_id, _LATEST, OrderUpdate.model_validate(values))


async def _update_lead(work: Work, row_id: UUID, values: Values) -> object:
    return await leads.update_lead(work, row_id, _LATEST, LeadUpdate.model_validate(values))


async def _update_opportunity(work: Work, row_id: UUID, values: Values) -> object:
    data = OpportunityUpdate.model_validate(values)
    return await opportunities.update_opportunity(work, row_id, _LATEST, data)


async def _never(_work: Work, _row_id: UUID, _values: Values) -> object:
    raise AssertionError("a payment is not changed by another row")


async def _retire_order(work: Work, row_id: UUID) -> object:
    return await orders.retire_draft(work, row_id, REVERTED)


async def _retire_payment(work: Work, row_id: UUID) -> object:
    return await void_payment(work, row_id, PaymentVoid(reason=REVERTED), is_forgotten=True)


async def _retire_lead(work: Work, row_id: UUID) -> object:
    return await leads.retire_lead(work, row_id, REVERTED)


async def _retire_opportunity(work: Work, row_id: UUID) -> object:
    return await opportunities.retire_opportunity(work, row_id, REVERTED)


SUBJECTS: Mapping[ImportKind, Subject] = {
    ImportKind.ACCOUNTS: Subject(
        AccountRow,
        _upsert_accounts,
        accounts.find_by_external,
        _load_accounts,
        _fields(AccountUpdate, "source", "customer_type"),
        _update_account,
        accounts.retire_account,
    ),
    ImportKind.CONTACTS: Subject(
        ContactRow,
        _upsert_contacts,
        contacts.find_by_external,
        contacts.contacts_by_id,
        _fields(ContactUpdate),
        _update_contact,
        contacts.retire_contact,
    ),
    ImportKind.ORDERS: Subject(
        OrderRow,
        _upsert_orders,
        orders.find_by_external,
        orders.orders_by_id,
        _shown_order,
        _update_order,
        _retire_order,
    ),
    ImportKind.PAYMENTS: Subject(
        PaymentRow,
        _receive,
        payments.find_by_external,
        payments.payments_by_id,
        lambda _row: {},
        _never,
        _retire_payment,
    ),
    ImportKind.LEADS: Subject(
        LeadRow,
        _upsert_leads,
        leads.find_by_external,
        leads.leads_by_id,
        _fields(LeadUpdate),
        _update_lead,
        _retire_lead,
    ),
    ImportKind.OPPORTUNITIES: Subject(
        OpportunityRow,
        _upsert_opportunities,
        opportunities.find_by_external,
        opportunities.lock_opportunities,
        _fields(OpportunityUpdate, also=("stage",)),
        _update_opportunity,
        _retire_opportunity,
    ),
}
