"""Pure rules of deals: who is the same customer, how long a claim is protected, when something is due."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import date, timedelta
from typing import NamedTuple
from uuid import UUID

from kit.errors import Conflict, Invalid
from kit.transitions import Move, Moves
from services.channels.deals.enums import DealState

MOVES: Moves[DealState] = {
    "approve": Move((DealState.REGISTERED,), DealState.APPROVED),
    "reject": Move((DealState.REGISTERED,), DealState.REJECTED),
    "extend": Move((DealState.APPROVED,), DealState.APPROVED),
    "withdraw": Move((DealState.REGISTERED, DealState.APPROVED), DealState.WITHDRAWN),
}
WINNABLE = frozenset({DealState.APPROVED, DealState.EXPIRED, DealState.WON})
"""States in which an order of the protected days counts for a deal."""
MAX_OPEN = 50
"""Most deals of a partner that are registered or approved."""
REVIEW_DAYS = 2
"""Working days that a review takes at most."""
PROTECTED = timedelta(days=90)
MAX_EXTENSIONS = 2
WARNINGS = (14, 3)
"""Days before the last protected one on which is said that a protection ends."""
ORDERED_WITHIN = timedelta(days=365)
ACTIVE_WITHIN = timedelta(days=60)
ONE_DAY = timedelta(days=1)
TURNS = 256
"""Advisory locks of end customers: each has some of them, by what it is known."""
TURN = 0.5
"""Seconds that a claim waits for others that may be the same before it looks who has won."""
PATIENCE = 20
"""How many times it looks; then it waits for its turn as any command does."""


class DealInvalid(Invalid):
    code, title = "deal-invalid", "The end customer cannot be as it is written"


class DuplicateDeal(Conflict):
    code, title = "duplicate-deal", "The end customer is claimed already"


class TooManyDeals(Conflict):
    code, title = "too-many-deals", f"The partner has {MAX_OPEN} open deals"


class PartnerOnHold(Conflict):
    code, title = "partner-on-hold", "The partner is on hold and registers no deals"


class ExtensionsUsed(Conflict):
    code, title = "extensions-used", f"A protection is extended {MAX_EXTENSIONS} times at most"


class Identity(NamedTuple):
    """By what an end customer is known: its folded name within its country, keyed hashes of tax id and domain."""

    name_key: str | None
    country: str | None
    tax_id_hash: str | None
    domain_hash: str | None


def is_same(one: Identity, other: Identity) -> bool:
    """Equal tax ids; or equal domains; or name and country, unless both tax ids are known and differ."""
    if one.tax_id_hash is not None and one.tax_id_hash == other.tax_id_hash:
        return True
    if one.domain_hash is not None and one.domain_hash == other.domain_hash:
        return True
    if one.tax_id_hash is not None and other.tax_id_hash is not None:
        return False
    names = (one.name_key, one.country)
    return None not in names and names == (other.name_key, other.country)


def lock_keys(identity: Identity, partner: str) -> list[int]:
    """Numbers of the advisory locks of a claim, sorted: two that are the same customer's, or the partner's, share one.

    Claims that share none of them by chance wait for each other for nothing, no more.
    """
    return sorted({*identity_locks(identity), partner_lock(partner)})


def identity_locks(identity: Identity) -> set[int]:
    """The advisory locks of whoever is known so: two that are the same customer share one."""
    name = None if identity.name_key is None else f"{identity.country} {identity.name_key}"
    signs = (("name", name), ("tax_id", identity.tax_id_hash), ("domain", identity.domain_hash))
    return {_turn(f"deal {kind} {value}") for kind, value in signs if value is not None}


def partner_lock(partner: str) -> int:
    """The advisory lock that all claims of a partner share."""
    return _number(f"deal partner {partner}")


def account_locks(account_ids: Iterable[UUID]) -> set[int]:
    """The advisory locks of accounts, merged ones by their root: claims on any of what is one share one."""
    return {_turn(f"deal account {each}") for each in account_ids}


def _turn(key: str) -> int:
    """One of few locks: a batch of events holds those of all that it tells of, and PostgreSQL keeps a bounded number
    of them."""
    return _number(f"deal turn {_number(key) % TURNS}")


def _number(key: str) -> int:
    return int.from_bytes(hashlib.sha256(key.encode()).digest()[:8], "big", signed=True)


def protected_until(approved_on: date) -> date:
    """The last protected day.

    >>> protected_until(date(2026, 3, 2))
    datetime.date(2026, 5, 31)
    """
    return approved_on + PROTECTED


def first_warning(until: date, today: date) -> int | None:
    """The first warning whose day has not passed; None: there is none.

    >>> first_warning(date(2026, 5, 31), date(2026, 5, 17)), first_warning(date(2026, 5, 31), date(2026, 5, 18))
    (14, 3)
    """
    return next((days for days in WARNINGS if until - timedelta(days) >= today), None)


def next_warning(warned: int) -> int | None:
    """The warning after one that was said."""
    return next((days for days in WARNINGS if days < warned), None)


def due_day(until: date, warning: int | None) -> date:
    """When something becomes of a protection: its next warning, else its end.

    >>> [str(due_day(date(2026, 5, 31), warning)) for warning in (14, 3, None)]
    ['2026-05-17', '2026-05-28', '2026-06-01']
    """
    return until + ONE_DAY if warning is None else until - timedelta(warning)


def counts(state: DealState, registered_on: date, until: date | None, order_date: date, *, is_named: bool) -> bool:
    """Whether an order is one of a deal: it wins it within the protected days; of a won one, also what names it later.

    While a claim is reviewed its orders are kept for it from the day it was registered on.
    """
    if state is DealState.REGISTERED:
        return order_date >= registered_on
    if state not in WINNABLE or until is None:
        return False
    return registered_on <= order_date <= until or (is_named and state is DealState.WON)


def hashes_of(values: Iterable[str | None]) -> list[str]:
    """Those that are known, sorted."""
    return sorted({value for value in values if value is not None})
