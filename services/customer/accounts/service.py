"""Use cases of accounts."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

from kit import clock
from kit.db.database import Tx
from kit.errors import FieldError, NotFound, UnknownReference, VersionMismatch
from kit.events import outbox
from kit.events.outbox import Fact
from kit.ids import new_id
from kit.security import audit
from kit.security.audit import AuditEntry
from kit.security.fields import shown
from kit.security.principals import Actor, ScopeQuery
from services.customer.accounts import repository
from services.customer.accounts.enums import AccountKind
from services.customer.accounts.rules import AccountArchived, DuplicateAccount, clean_tax_id, merged
from services.customer.accounts.schemas import AccountCreate, AccountUpdate
from services.customer.deps import ACCOUNT_FIELDS, Desk, may_read_tax_ids
from services.customer.directories import repository as directories
from services.customer.events_out import AccountCreated, AccountSnapshot, AccountUpdated

SERVICE = "customer"
_SNAPSHOT = ("id", "stream_key", "kind", "region", "customer_type", "owner_id", "external_ids", "version")


def account_body(actor: Actor, account: Mapping[str, Any]) -> dict[str, Any]:
    """The account as AccountRead, as far as the caller may see its fields."""
    hidden = ("archived_at",)
    body = {name: value for name, value in account.items() if name not in hidden}
    return shown({**body, "is_archived": account["archived_at"] is not None}, ACCOUNT_FIELDS, actor)


def account_fact(account: Mapping[str, Any], changed: Collection[str] = ()) -> Fact:
    """The event of a new (version 1) or changed account."""
    model = AccountCreated if account["version"] == 1 else AccountUpdated
    payload = model.model_validate(
        {
            **{name: account[name] for name in _SNAPSHOT},
            "name": account["name"] if account["kind"] == AccountKind.ORGANIZATION else None,
            "is_archived": account["archived_at"] is not None,
            "changed": sorted(changed),
        }
    )
    assert isinstance(payload, AccountSnapshot)
    return Fact(model.TYPE, account["id"], account["stream_key"], account["version"], payload)


def audit_entry(
    desk: Desk, action: str, account: Mapping[str, Any], before: Mapping[str, Any] | None, after: Mapping[str, Any]
) -> AuditEntry:
    """One audited thing done to an account."""
    return AuditEntry(
        actor=desk.actor.subject,
        roles=sorted(desk.actor.roles),
        action=action,
        resource="account",
        resource_id=str(account["id"]),
        before=before,
        after=after,
    )


def new_account(values: Mapping[str, Any]) -> dict[str, Any]:
    """A new account of checked values; it keys its own stream."""
    account_id, now = new_id(), clock.now()
    return {
        **values,
        "id": account_id,
        "version": 1,
        "stream_key": account_id,
        "archived_at": None,
        "created_at": now,
        "updated_at": now,
    }


async def own_seller(tx: Tx, desk: Desk) -> UUID | None:
    """Owner of what a seller makes: themselves; None for callers who see everything."""
    return None if desk.scope.everything else await directories.seller_of_subject(tx, desk.actor.subject)


def unknown_owner(owner_id: UUID, pointer: str = "/owner_id") -> UnknownReference:
    """The owner is no member, or none the caller may give accounts to."""
    detail = f"no seller {owner_id}"
    return UnknownReference(detail, errors=[FieldError(pointer, "unknown-reference", detail)])


async def check_owner(tx: Tx, desk: Desk, owner_id: UUID | None) -> None:
    """Raises UnknownReference for an owner outside the directory or the caller's scope."""
    if owner_id is None and desk.scope.everything:
        return
    if owner_id is None:
        raise UnknownReference(
            "the caller is no seller", errors=[FieldError("/owner_id", "unknown-reference", "name an owner")]
        )
    if not desk.scope.sees(owner_id) or not await directories.known_sellers(tx, [owner_id]):
        raise unknown_owner(owner_id)


async def refuse_taken(tx: Tx, desk: Desk, account: Mapping[str, Any]) -> None:
    """Raises DuplicateAccount when another account has the tax id or an external id; names those the caller sees
    (the holder of a tax id to those only who may read tax ids: others would learn that a guess was right)."""
    named = set((await repository.find_by_external(tx, list(account["external_ids"].items()))).values())
    others = set(named)
    if account["tax_id"] is not None and account["kind"] == AccountKind.ORGANIZATION:
        holders = await repository.find_by_tax_id(tx, [account["tax_id"]])
        others |= {holder for (country, _), holder in holders.items() if country == account["country"]}
    others.discard(account["id"])
    if others:
        told = others if may_read_tax_ids(desk.actor) else others & named
        holders_of = await repository.load_accounts(tx, sorted(told))
        seen = [other for other, holder in holders_of.items() if desk.scope.sees(holder["owner_id"])]
        raise DuplicateAccount(extra={"candidates": sorted(map(str, seen))})


async def create_account(tx: Tx, desk: Desk, data: AccountCreate) -> dict[str, Any]:
    """Add an account; raises TaxIdInvalid, UnknownReference, DuplicateAccount."""
    values = data.model_dump()
    values["tax_id"] = clean_tax_id(data.kind, data.country, data.tax_id)
    values["owner_id"] = data.owner_id or await own_seller(tx, desk)
    await check_owner(tx, desk, values["owner_id"])
    account = new_account(values)
    await refuse_taken(tx, desk, account)
    if not await repository.add_accounts(tx, [account], _external(account)):
        raise DuplicateAccount()
    await outbox.announce(tx, SERVICE, [account_fact(account)])
    await audit.record_many(tx, [audit_entry(desk, "create", account, None, values)], key=desk.key)
    return account


def _external(account: Mapping[str, Any]) -> list[tuple[UUID, str, str]]:
    return [(account["id"], source, name) for source, name in account["external_ids"].items()]


async def get_account(tx: Tx, visible: ScopeQuery, account_id: UUID) -> dict[str, Any]:
    """One account; raises NotFound, also for those outside the caller's scope."""
    account = await repository.find_account(tx, visible, account_id)
    if account is None:
        raise NotFound()
    return account


async def _lock(tx: Tx, desk: Desk, account_id: UUID) -> dict[str, Any]:
    account = (await repository.lock_accounts(tx, [account_id])).get(account_id)
    if account is None or not desk.scope.sees(account["owner_id"]):
        raise NotFound()
    if account["archived_at"] is not None:
        raise AccountArchived()
    return account


async def update_account(tx: Tx, desk: Desk, account_id: UUID, version: int, data: AccountUpdate) -> dict[str, Any]:
    """Change the fields given; raises NotFound, VersionMismatch, AccountArchived and those of create."""
    account = await _lock(tx, desk, account_id)
    if account["version"] != version:
        raise VersionMismatch()
    given = data.model_dump(include=data.model_fields_set)
    wanted = {**account, **given}
    if {"country", "tax_id"} & given.keys():
        given["tax_id"] = clean_tax_id(wanted["kind"], wanted["country"], wanted["tax_id"])
    changes = merged(account, given)
    if not changes:
        return account
    if "owner_id" in changes:
        await check_owner(tx, desk, changes["owner_id"])
    await refuse_taken(tx, desk, {**account, **changes})
    return await save_change(tx, desk, account, changes, "update")


async def save_change(
    tx: Tx, desk: Desk, account: Mapping[str, Any], changes: Mapping[str, Any], action: str
) -> dict[str, Any]:
    """Write changes of a locked account, announce and audit them; returns the account after."""
    after = {**account, **changes, "version": account["version"] + 1, "updated_at": clock.now()}
    if await repository.save_accounts(tx, [after]) != 1:
        raise VersionMismatch()
    if "external_ids" in changes:
        await repository.drop_external_ids(tx, account["id"])
        if not await repository.add_accounts(tx, [], _external(after)):
            raise DuplicateAccount()
    named = {"is_archived" if name == "archived_at" else name for name in changes}
    await outbox.announce(tx, SERVICE, [account_fact(after, named)])
    before = {name: account[name] for name in changes}
    await audit.record_many(tx, [audit_entry(desk, action, account, before, changes)], key=desk.key)
    return after


async def archive_account(tx: Tx, desk: Desk, account_id: UUID) -> dict[str, Any]:
    """Close an account for changes and orders; raises NotFound, AccountArchived."""
    account = await _lock(tx, desk, account_id)
    return await save_change(tx, desk, account, {"archived_at": clock.now()}, "archive")


async def known_owners(tx: Tx, desk: Desk, rows: Sequence[AccountCreate]) -> set[UUID]:
    """Owners named in `rows` that the caller may name."""
    wanted = {row.owner_id for row in rows if row.owner_id is not None}
    known = await directories.known_sellers(tx, sorted(wanted)) if wanted else set()
    return {owner for owner in known if desk.scope.sees(owner)}
