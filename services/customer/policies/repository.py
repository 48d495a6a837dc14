"""SQL of policies."""

from __future__ import annotations

from datetime import date

from kit.db.database import Tx
from kit.db.rows import select_sql
from services.customer.policies.enums import PolicyKind
from services.customer.policies.models import CustomerPolicy

_LOCK = "SELECT id FROM customer_policy WHERE kind = $1 AND policy_version = 1 FOR NO KEY UPDATE"
_LATEST = "SELECT max(policy_version) FROM customer_policy WHERE kind = $1"
_ACTIVATIONS = "SELECT coalesce(max(activation), 0) FROM customer_policy WHERE kind = $1"
_ACTIVE = select_sql(CustomerPolicy, "kind = $1 AND state = 'active'")
_VERSION = select_sql(CustomerPolicy, "kind = $1 AND policy_version = $2")
_IN_FORCE = select_sql(CustomerPolicy, "kind = $1 AND valid_from <= $2 ORDER BY activation DESC LIMIT 1")

_ACTIVATED = select_sql(CustomerPolicy, "kind = $1 AND activation IS NOT NULL ORDER BY activation DESC")


async def lock_kind(tx: Tx, kind: PolicyKind) -> None:
    """Drafting and activating take turns within a kind: its first version, which is always there, is the lock."""
    await tx.execute(_LOCK, kind)


async def latest_version(tx: Tx, kind: PolicyKind) -> int:
    """Number of the newest version of a kind, drafts included."""
    return int(await tx.fetchval(_LATEST, kind))


async def activations(tx: Tx, kind: PolicyKind) -> int:
    """How often a version of the kind was activated."""
    return int(await tx.fetchval(_ACTIVATIONS, kind))


async def active(tx: Tx, kind: PolicyKind) -> CustomerPolicy | None:
    """The version that was activated last."""
    return await tx.row(CustomerPolicy, _ACTIVE, kind)


async def in_force(tx: Tx, kind: PolicyKind, day: date) -> CustomerPolicy | None:
    """The version that holds on a day: the last activated of those that have begun."""
    return await tx.row(CustomerPolicy, _IN_FORCE, kind, day)


async def activated(tx: Tx, kind: PolicyKind) -> list[CustomerPolicy]:
    """The versions that were activated, the last one first."""
    return await tx.rows(CustomerPolicy, _ACTIVATED, kind)


async def find_version(tx: Tx, kind: PolicyKind, policy_version: int) -> CustomerPolicy | None:
    """A version of a kind by its number."""
    return await tx.row(CustomerPolicy, _VERSION, kind, policy_version)
