"""SQL of the directories."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date
from typing import NamedTuple
from uuid import UUID

from kit.db.database import Tx
from kit.db.rows import insert_rows, select_sql, written
from services.risk.directory.models import AccountEntry, CalendarYear, ExchangeRate, PartnerEntry, TargetEntry

_REPLACE = "ON CONFLICT (id) DO UPDATE SET " + ", ".join(
    f"{column} = excluded.{column}" for column in written(AccountEntry) if column != "id"
)
_REPLACE_PARTNER = (
    "ON CONFLICT (id) DO UPDATE SET code = excluded.code, name = excluded.name, state = excluded.state, "
    "owner_id = excluded.owner_id, version = excluded.version WHERE partner_directory.version < excluded.version"
)
_ACCOUNT = (
    "SELECT c.stream_key, d.owner_id FROM account_directory d JOIN credit_profile c ON c.id = d.id WHERE d.id = $1"
)
_ACCOUNTS = "SELECT id FROM account_directory WHERE id = ANY($1::uuid[])"
_PARTNERS = "SELECT id FROM partner_directory WHERE id = ANY($1::uuid[])"
_MEMBERS = "SELECT DISTINCT id FROM principal WHERE id = ANY($1::uuid[])"
_LEFT = (
    "SELECT id FROM principal WHERE id = ANY($1::uuid[]) "
    "GROUP BY id HAVING bool_and(valid_to IS NOT NULL AND valid_to <= $2)"
)
_TARGETS = "SELECT id FROM target_directory WHERE id = ANY($1::uuid[])"
_OWNERS = "SELECT id, owner_id FROM account_directory WHERE id = ANY($1::uuid[])"
_PARTNER_OWNERS = "SELECT id, owner_id FROM partner_directory WHERE id = ANY($1::uuid[])"
_REPLACE_YEAR = (
    "ON CONFLICT (year) DO UPDATE SET days = excluded.days, version = excluded.version "
    "WHERE calendar_year.version < excluded.version"
)
_YEARS = select_sql(CalendarYear, "TRUE ORDER BY year")
_RATE = "SELECT rate FROM exchange_rate WHERE currency = $1 AND valid_from <= $2 ORDER BY valid_from DESC LIMIT 1"
_PARTNER = "SELECT p.id, p.owner_id FROM partner_directory p WHERE p.id = $1"


class Party(NamedTuple):
    """The other side: key of its events, and who owns it."""

    stream_key: UUID
    owner_id: UUID | None


async def replace_accounts(tx: Tx, rows: Sequence[AccountEntry]) -> None:
    """Set label and owner of accounts (one row each)."""
    await insert_rows(tx, AccountEntry, rows, _REPLACE)


async def put_partners(tx: Tx, rows: Sequence[PartnerEntry]) -> None:
    """Set label and owner of partners (one row each); older versions than those known change nothing."""
    await insert_rows(tx, PartnerEntry, rows, _REPLACE_PARTNER)


async def put_targets(tx: Tx, ids: Collection[UUID]) -> None:
    """Keep targets that were told of."""
    await insert_rows(tx, TargetEntry, [TargetEntry(id=each) for each in sorted(ids)], "ON CONFLICT DO NOTHING")


async def put_years(tx: Tx, rows: Sequence[CalendarYear]) -> None:
    """Set the own days of years (one row each); older versions than those known change nothing."""
    await insert_rows(tx, CalendarYear, rows, _REPLACE_YEAR)


async def list_years(tx: Tx) -> list[CalendarYear]:
    """All years that have own days."""
    return await tx.rows(CalendarYear, _YEARS)


async def put_rates(tx: Tx, rows: Sequence[ExchangeRate]) -> None:
    """Keep rates; one that is known stays."""
    await insert_rows(tx, ExchangeRate, rows, "ON CONFLICT DO NOTHING")


async def rate_on(tx: Tx, currency: str, day: date) -> str | None:
    """The rate of a currency on a day."""
    found = await tx.fetchval(_RATE, currency, day)
    return None if found is None else str(found)


async def owners_of(tx: Tx, account_ids: Sequence[UUID]) -> dict[UUID, UUID | None]:
    """Owners of accounts by account."""
    return {row["id"]: row["owner_id"] for row in await tx.fetch(_OWNERS, account_ids)}


async def partner_owners(tx: Tx, partner_ids: Sequence[UUID]) -> dict[UUID, UUID | None]:
    """Owners of partners by partner."""
    return {row["id"]: row["owner_id"] for row in await tx.fetch(_PARTNER_OWNERS, partner_ids)}


async def account_party(tx: Tx, account_id: UUID) -> Party | None:
    """An account as the other side."""
    return await tx.row(Party, _ACCOUNT, account_id)


async def partner_party(tx: Tx, partner_id: UUID) -> Party | None:
    """A partner as the other side."""
    return await tx.row(Party, _PARTNER, partner_id)


async def known_accounts(tx: Tx, ids: Collection[UUID]) -> set[UUID]:
    """Which of these accounts are known."""
    return {row[0] for row in await tx.fetch(_ACCOUNTS, sorted(ids))}


async def known_partners(tx: Tx, ids: Collection[UUID]) -> set[UUID]:
    """Which of these partners are known."""
    return {row[0] for row in await tx.fetch(_PARTNERS, sorted(ids))}


async def known_members(tx: Tx, ids: Collection[UUID]) -> set[UUID]:
    """Which of these members are known."""
    return {row[0] for row in await tx.fetch(_MEMBERS, sorted(ids))}


async def left_members(tx: Tx, ids: Collection[UUID], day: date) -> set[UUID]:
    """Which of these members belong to no unit on this day nor later."""
    return {row[0] for row in await tx.fetch(_LEFT, sorted(ids), day)}


async def known_targets(tx: Tx, ids: Collection[UUID]) -> set[UUID]:
    """Which of these targets are known."""
    return {row[0] for row in await tx.fetch(_TARGETS, sorted(ids))}
