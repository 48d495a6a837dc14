"""SQL of policies."""

from __future__ import annotations

from datetime import date

from kit.db.database import Tx
from kit.db.rows import select_sql
from services.risk.policies.enums import RiskPolicyKind
from services.risk.policies.models import RiskPolicy

_LOCK = "SELECT id FROM risk_policy WHERE kind = $1 AND policy_version = 1 FOR NO KEY UPDATE"
_LATEST = "SELECT max(policy_version) FROM risk_policy WHERE kind = $1"
_ACTIVATIONS = "SELECT coalesce(max(activation), 0) FROM risk_policy WHERE kind = $1"
_ACTIVE = select_sql(RiskPolicy, "kind = $1 AND state = 'active'")
_VERSION = select_sql(RiskPolicy, "kind = $1 AND policy_version = $2")
_IN_FORCE = select_sql(RiskPolicy, "kind = $1 AND effective_from <= $2 ORDER BY activation DESC LIMIT 1")


async def lock_kind(tx: Tx, kind: RiskPolicyKind) -> None:
    """Drafting and activating take turns within a kind: its first version, which is always there, is the lock."""
    await tx.execute(_LOCK, kind)


async def latest_version(tx: Tx, kind: RiskPolicyKind) -> int:
    """Number of the newest version of a kind, drafts included."""
    return int(await tx.fetchval(_LATEST, kind))


async def activations(tx: Tx, kind: RiskPolicyKind) -> int:
    """How often a version of the kind was activated."""
    return int(await tx.fetchval(_ACTIVATIONS, kind))


async def active(tx: Tx, kind: RiskPolicyKind) -> RiskPolicy | None:
    """The version that was activated last."""
    return await tx.row(RiskPolicy, _ACTIVE, kind)


async def in_force(tx: Tx, kind: RiskPolicyKind, day: date) -> RiskPolicy | None:
    """The version that holds on a day: the last activated of those that have begun."""
    return await tx.row(RiskPolicy, _IN_FORCE, kind, day)


async def find_version(tx: Tx, kind: RiskPolicyKind, policy_version: int) -> RiskPolicy | None:
    """A version of a kind by its number."""
    return await tx.row(RiskPolicy, _VERSION, kind, policy_version)
