"""Who may do what in the channels service, and which records they see.

Partners, products and rebates have no owner: whoever may read them sees all of them.
"""

from __future__ import annotations

from collections.abc import Mapping

from kit.security.principals import Reach

_BASIC = frozenset({"products:read", "partners:read"})
_READ = _BASIC | {"programmes:read", "rebates:read"}
_WRITE = frozenset({"products:write", "partners:write", "programmes:write"})

PERMISSIONS: Mapping[str, frozenset[str]] = {
    "administrator": _READ | _WRITE | {"operations:read", "operations:write"},
    "channel_manager": _READ | _WRITE,
    "sales_director": _READ,
    "sales_manager": _BASIC | {"programmes:read"},
    "sales_rep": _BASIC,
    "risk_officer": _READ,
    "service_agent": _BASIC,
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
