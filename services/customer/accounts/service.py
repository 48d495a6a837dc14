"""Use cases of accounts."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import partial
from typing import Any
from uuid import UUID

from kit import clock
from kit.errors import FieldError, NotFound, NotHeardYet
from kit.names import fold_name
from kit.records import Change, Resource, changed_row, fresh, record
from kit.security.identity import identity_hash
from kit.versions import Versions
from kit.work import Work
from services.customer.accounts import repository
from services.customer.accounts.access import may_read_tax_ids
from services.customer.accounts.changes import SIZED_BY, cleaned
from services.customer.accounts.enums import CustomerType
from services.customer.accounts.facts import Written, aged, check_source, note, score_of_new, written
from services.customer.accounts.filling import YUAN
from services.customer.accounts.models import Account, AccountExternalId, Source
from services.customer.accounts.private import close_all, open_all
from services.customer.accounts.rules import (
    AccountArchived,
    AccountMerged,
    DuplicateAccount,
    OwnerLeft,
    check_customer_type,
)
from services.customer.accounts.schemas import AccountCreate, AccountUpdate, ExternalRef
from services.customer.accounts.sealing import PRIVATE
from services.customer.accounts.values import custom_fields, keep_custom
from services.customer.custom_fields.rules import custom_after
from services.customer.custom_fields.values import Fields
from services.customer.directories import service as directories
from services.customer.directories.service import Sellers
from services.customer.events_out import AccountCreated, AccountUpdated
from services.customer.exchange_rates.service import rate_on
from services.customer.identity import service as identity
from services.customer.identity.models import Compared
from services.customer.identity.service import COMPARED
from services.customer.ownership.service import rows_follow
from services.customer.persons.sealing import index_of


def _said(work: Work, one: Change[Account]) -> AccountCreated | AccountUpdated:
    account = one.after
    kind = AccountUpdated if one.before else AccountCreated
    more: dict[str, Any] = {"is_archived": account.is_archived, "changed": said_fields(one.changed)}
    if not account.is_organization:
        return kind.of(account, name=None, **more)
    key = repository.tax_keys(account)["tax_id_key"]
    hashes = {
        "tax_id_hash": identity_hash(work.settings, "tax_id", account.country or "", key) if key else None,
        "domain_hash": identity_hash(work.settings, "domain", account.domain) if account.domain else None,
    }
    return kind.of(account, name_key=fold_name(account.name), **hashes, **more)


def said_fields(changed: Iterable[str]) -> list[str]:
    """Names of changed fields as events and histories have them."""
    return sorted("is_archived" if name == "archived_at" else name for name in changed)


def resource(work: Work) -> Resource[Account]:
    """Accounts as they are announced and audited."""
    audited = tuple(name for name in AccountCreate.model_fields if name != "source")
    return Resource("account", Account, partial(_said, work), audited=audited, owner="owner_id", hashed=("custom",))


async def yuan_rate(work: Work, bodies: Iterable[AccountCreate | AccountUpdate]) -> str | None:
    """Base units per CNY today, where one of these bodies says something of an enterprise's size."""
    is_asked = any(SIZED_BY & body.given().keys() for body in bodies)
    return await rate_on(work, YUAN, work.today) if is_asked else None


def new_account(work: Work, values: Mapping[str, Any], rate: str | None, fields: Fields) -> Account:
    """A new account of the fields of a body; it keys its own stream. Raises CustomerTypeMismatch and what `cleaned`
    raises."""
    begun, decided = fresh(), CustomerType.NEW
    check_customer_type(values.get("customer_type"), decided)
    kept = cleaned(values, values["kind"], None, base_currency=work.base_currency, rate=rate)
    kept["custom"] = custom_after(fields, values["custom"], {}) if values.get("custom") is not None else {}
    return Account.model_validate({**kept, **begun, "stream_key": begun["id"], "customer_type": decided})


def changed_account(
    work: Work, before: Account, given: Mapping[str, Any], rate: str | None, fields: Fields
) -> Change[Account]:
    """The account with the fields of a body; raises what `cleaned` raises."""
    kept = cleaned(given, before.kind, before, base_currency=work.base_currency, rate=rate)
    if (custom := kept.pop("custom", None)) is not None:
        kept["custom"] = custom_after(fields, custom, before.custom)
    return changed_row(before, kept)


async def own_seller(work: Work) -> UUID | None:
    """Owner of what a seller makes: themselves; None for callers who see everything."""
    everything = (await work.scope()).everything
    return None if everything else await directories.seller_of_subject(work, work.actor.subject)


def unknown_owner(owner_id: UUID, pointer: str = "/owner_id") -> NotHeardYet:
    """The owner is no member, or none the caller may give accounts to."""
    detail = f"no seller {owner_id}"
    return NotHeardYet(detail, errors=[FieldError(pointer, "unknown-reference", detail)])


async def check_owner(work: Work, owner_id: UUID | None, pointer: str = "/owner_id") -> None:
    """Raises NotHeardYet for an owner outside the directory or the caller's scope, OwnerLeft for one who left."""
    scope = await work.scope()
    if owner_id is None and scope.everything:
        return
    if owner_id is None:
        detail = "the caller is no seller that is known yet"
        raise NotHeardYet(detail, errors=[FieldError(pointer, NotHeardYet.code, "name an owner")])
    sellers = await directories.find_sellers(work, [owner_id])
    if not scope.sees(owner_id) or owner_id not in sellers.known:
        raise unknown_owner(owner_id, pointer)
    if owner_id in sellers.left:
        raise OwnerLeft(owner_id, pointer)


async def known_owners(work: Work, rows: Sequence[AccountCreate]) -> Sellers:
    """Owners named in `rows` that the caller may name."""
    found = await directories.find_sellers(work, {row.owner_id for row in rows if row.owner_id is not None})
    scope = await work.scope()
    return Sellers(frozenset(owner for owner in found.known if scope.sees(owner)), found.left)


async def refuse_taken(work: Work, account: Account) -> None:
    """Raises DuplicateAccount when another account has the tax id or an external id; names those the caller sees
    (the holder of a tax id to those only who may read tax ids: others would learn that a guess was right)."""
    named = set((await repository.find_by_external(work.tx, list(account.external_ids.items()))).values())
    others = set(named)
    key = repository.tax_keys(account)["tax_id_key"]
    if key is not None and account.is_organization:
        holders = await repository.find_by_tax_id(work.tx, [key])
        others |= {holder for (country, _), holder in holders.items() if country == account.country}
    others.discard(account.id)
    if others:
        told = others if may_read_tax_ids(work.actor) else others & named
        scope = await work.scope()
        known = await repository.load_accounts(work.tx, sorted(told))
        seen = [other for other, holder in known.items() if scope.sees(holder.seen_by)]
        raise DuplicateAccount(extra={"candidates": sorted(map(str, seen))})


def tax_id_key_of(account: Account) -> str | None:
    """By what its tax id is compared."""
    return repository.tax_keys(account)["tax_id_key"]


def compared(work: Work, account: Account, tax_id_key: str | None) -> Compared:
    """What is compared of an account in memory, its phone in clear. Raises KeysUnset (of a person)."""
    phone, indexes = account.phone, (account.phone_index_1, account.phone_index_2)
    if phone and not account.is_organization:
        found = index_of(work.settings).hashes("phone", phone)
        phone, indexes = None, (found.first, found.second)
    return Compared(
        account.id,
        account.kind,
        account.name,
        account.local_name,
        account.country,
        tax_id_key,
        account.domain,
        phone,
        account.address if account.is_organization else None,
        *indexes,
        account.owner_id,
    )


async def create_account(work: Work, data: AccountCreate, *, may_be_like: bool = False) -> Account:
    """Add an account; raises TaxIdInvalid, NotHeardYet, DuplicateAccount. `may_be_like`: also one so like another
    that it seems to be the same."""
    check_source(work, source := source_of(data))
    owner_id = data.owner_id or await own_seller(work)
    await check_owner(work, owner_id)
    values, fields = {**data.model_dump(), "owner_id": owner_id}, await custom_fields(work, [data])
    account = new_account(work, values, await yuan_rate(work, [data]), fields)
    await refuse_taken(work, account)
    one = compared(work, account, tax_id_key_of(account))
    if not may_be_like and (seen := await identity.duplicates_seen(work, one)):
        detail = "an account is so like this one that it seems to be the same; X-Skip-Duplicate-Check: true adds it"
        raise DuplicateAccount(detail, extra={"candidates": list(map(str, seen))})
    write = written(Change(None, account), data.model_fields_set, source)
    stored = await add(work, [write], external_ids_of(account))
    if stored is None:
        raise DuplicateAccount()
    await identity.put_keys(work, one)
    await record(work, resource(work), [Change(None, account)], action="create")
    return stored[0]


def external_ids_of(account: Account) -> list[AccountExternalId]:
    """Its ids in other systems as rows."""
    return [
        AccountExternalId(source=source, external_id=name, account_id=account.id)
        for source, name in account.external_ids.items()
    ]


async def get_account(work: Work, account_id: UUID) -> Account:
    """One account; raises NotFound, also for those outside the caller's scope."""
    account = await repository.find_account(work.tx, work.visible, account_id)
    if account is None:
        raise NotFound(what="account")
    return account


async def group_of(work: Work, root_id: UUID) -> list[UUID]:
    """An account and all that were merged into it, itself first."""
    return [root_id, *await repository.merged_into(work.tx, root_id)]


async def accounts_by_id(work: Work, ids: Collection[UUID]) -> dict[UUID, Account]:
    """Those of these accounts that the caller may see."""
    known, scope = await repository.load_accounts(work.tx, ids), await work.scope()
    return {account.id: account for account in known.values() if scope.sees(account.seen_by)}


async def find_by_external(work: Work, pairs: Collection[tuple[str, str]]) -> dict[tuple[str, str], UUID]:
    """Account ids of (source, external id), whoever owns them."""
    return await repository.find_by_external(work.tx, pairs)


async def account_id_of(work: Work, account_id: UUID | None, ref: ExternalRef | None) -> UUID | None:
    """The account named by id or by external id; None when nobody has that external id."""
    if ref is None:
        return account_id
    return (await find_by_external(work, [(ref.source, ref.id)])).get((ref.source, ref.id))


async def _lock(work: Work, account_id: UUID) -> Account:
    account = (await repository.lock_accounts(work.tx, [account_id])).get(account_id)
    if account is None or not (await work.scope()).sees(account.seen_by):
        raise NotFound(what="account")
    if account.root_id is not None:
        raise AccountMerged(extra={"merged_into": str(account.root_id)})
    return account


async def _lock_open(work: Work, account_id: UUID) -> Account:
    account = await _lock(work, account_id)
    if account.is_archived:
        raise AccountArchived()
    return account


async def update_account(work: Work, account_id: UUID, version: Versions, data: AccountUpdate) -> Account:
    """Change the fields given; raises NotFound, VersionMismatch, AccountMerged,
    AccountArchived and those of create."""
    fields = await custom_fields(work, [data])
    before = await _lock_open(work, account_id)
    version.check(before.version)
    given, source = data.given(), source_of(data)
    check_source(work, source)
    if set(PRIVATE) & given.keys():
        (before,) = await open_all(work, [before])
    one = changed_account(work, before, given, await yuan_rate(work, [data]), fields)
    if "owner_id" in one.changed:
        await check_owner(work, one.after.owner_id)
    if {"country", "tax_id", "external_ids"} & set(one.changed):
        await refuse_taken(work, one.after)
    return await _save(work, written(one, given, source), "update")


async def archive_account(work: Work, account_id: UUID) -> Account:
    """Close an account for changes and orders; raises NotFound, AccountArchived."""
    before = await _lock_open(work, account_id)
    return await _save(work, written(changed_row(before, {"archived_at": clock.now()}), (), None), "archive")


async def restore_account(work: Work, account_id: UUID) -> Account:
    """Open an archived account again; raises NotFound."""
    before = await _lock(work, account_id)
    return await _save(work, written(changed_row(before, {"archived_at": None}), (), None), "restore")


async def retire_account(work: Work, account_id: UUID) -> Account:
    """Archive an account that was added by mistake; its external ids and its tax id are free. Raises NotFound,
    AccountMerged, AccountArchived."""
    before = await _lock_open(work, account_id)
    changes = {"archived_at": clock.now(), "external_ids": {}, "tax_id": None}
    return await _save(work, written(changed_row(before, changes), (), None), "revert")


async def transfer_account(work: Work, account_id: UUID, owner_id: UUID) -> tuple[Account, UUID | None]:
    """Hand an account over, also an archived one, whose orders may be open; to its own owner: orders that were left
    behind follow. With who had it before. Raises NotFound, NotHeardYet, OwnerLeft.
    """
    before = await _lock(work, account_id)
    await check_owner(work, owner_id)
    if before.owner_id == owner_id:
        await rows_follow(work, [account_id])
        return before, owner_id
    return await _save(work, written(_handed_over(before, owner_id), (), None), "transfer"), before.owner_id


def _handed_over(before: Account, owner_id: UUID) -> Change[Account]:
    return changed_row(before, {"owner_id": owner_id})


async def transfer_accounts(
    work: Work, account_ids: Collection[UUID], owner_id: UUID, to: UUID, transfer_id: UUID
) -> list[UUID]:
    """Hand over those of the accounts that are still `owner_id`'s; returns their ids. Nobody's scope is asked."""
    locked = await repository.lock_accounts(work.tx, account_ids)
    changes = [_handed_over(one, to) for _, one in sorted(locked.items()) if one.owner_id == owner_id]
    await save(work, [written(one, (), None)._replace(transfer_id=transfer_id) for one in changes])
    await record(work, resource(work), changes, action="transfer")
    moved = [one.after.id for one in changes]
    await rows_follow(work, moved)
    return moved


def source_of(data: AccountCreate | AccountUpdate) -> Source | None:
    """Where a body says that it comes from."""
    return Source(**data.source.model_dump()) if data.source else None


async def add(work: Work, writes: Sequence[Written], external_ids: Sequence[AccountExternalId]) -> list[Account] | None:
    """Write new accounts and ids of accounts in other systems, what is private of persons sealed, and return them so;
    None when something clashed with another's."""
    closed = await close_all(work, [_aged(work, write) for write in writes])
    stored = [_with_score(account, score_of_new(account, work.today)) for account in closed]
    if not await repository.add_accounts(work.tx, stored, external_ids):
        return None
    await keep_custom(work, writes)
    note(work, writes)
    return stored


async def save(work: Work, writes: Sequence[Written]) -> list[Account]:
    """Write accounts that were changed, what is private of persons sealed, and return them so; raises VersionMismatch
    when one has moved on."""
    aged_ones = [_aged(work, write) for write in writes]
    stored = await close_all(work, aged_ones)
    kept = [one._replace(after=after) for one, after in zip(aged_ones, stored, strict=True)]
    await repository.save_accounts(work.tx, kept)
    await keep_custom(work, writes)
    return await _judged(work, writes, stored)


def _aged(work: Work, write: Written) -> Change[Account]:
    return write.one._replace(after=aged(work, write))


async def _judged(work: Work, writes: Sequence[Written], stored: Sequence[Account]) -> list[Account]:
    """Note where what was written came from, and judge the accounts anew."""
    note(work, writes)
    scores = await repository.judge(work.tx, [one.id for one in stored], work.today, work.settings.timezone)
    return [_with_score(one, scores[one.id]) for one in stored]


def _with_score(account: Account, score: float) -> Account:
    return account.model_copy(update={"quality_score": score})


async def confirm(work: Work, write: Written) -> Account:
    """What a body gives with its source is known anew, though nothing of it changes."""
    account = write.one.after
    if write.fields:
        (stored,) = await close_all(work, [_aged(work, write)])
        await repository.put_dates(work.tx, stored)
        (account,) = await _judged(work, [write], [stored])
    return account


async def _save(work: Work, write: Written, action: str) -> Account:
    """Write, announce and audit the change of a locked account, whose orders follow its owner.

    Raises DuplicateAccount when a race was lost.
    """
    one = write.one
    if not one.changed:
        return await confirm(work, write)
    (stored,) = await save(work, [write])
    if COMPARED & set(one.changed):
        await identity.put_keys(work, compared(work, stored, tax_id_key_of(stored)))
    if "external_ids" in one.changed:
        await repository.drop_external_ids(work.tx, one.after.id)
        if not await repository.add_accounts(work.tx, [], external_ids_of(one.after)):
            raise DuplicateAccount()
    await record(work, resource(work), [one], action=action)
    if "owner_id" in one.changed:
        await rows_follow(work, [one.after.id])
    return stored
