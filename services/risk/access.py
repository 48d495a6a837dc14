"""Who may do what in the risk service, and which records they see."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from kit.security.principals import Reach
from kit.work import Work

_READ = frozenset({"credit:read"})

PERMISSIONS: Mapping[str, frozenset[str]] = {
    "administrator": _READ | {"credit:write", "credit:override", "operations:read", "operations:write"},
    "risk_officer": _READ | {"credit:write", "credit:override"},
    "sales_director": _READ,
    "sales_manager": _READ,
    "sales_rep": _READ,
    "service_agent": _READ,
    "auditor": _READ | {"operations:read"},
}

REACHES: Mapping[str, Reach] = {
    "administrator": "all",
    "sales_director": "all",
    "risk_officer": "all",
    "channel_manager": "all",
    "service_agent": "all",
    "auditor": "all",
    "sales_manager": "subtree",
    "sales_rep": "own",
}


def owned(work: Work) -> tuple[str, Sequence[object]]:
    """The record scope as a predicate over the account directory `d`, and its parameters from $1 on."""
    query = work.visible
    return query.sees("d.owner_id"), query.args
