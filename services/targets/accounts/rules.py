"""Pure rules of the account directory: which codes of regions and industries hold an account."""

from __future__ import annotations

_DIVISION = 2
"""Digits of the shortest code of an industry that is no section."""


def places_of(region: str | None, country: str | None) -> tuple[str, ...]:
    """The codes that hold an account, the widest first: those of its region by whole parts, without one its country.

    >>> places_of("cn-sh", None), places_of(None, "CN"), places_of(None, None)
    (('CN', 'CN-SH'), ('CN',), ())
    """
    parts = (region or country or "").upper().split("-")
    return tuple("-".join(parts[:count]) for count in range(1, len(parts) + 1) if parts[0])


def branches_of(scheme: str, code: str) -> tuple[str, ...]:
    """The codes that hold an industry, the widest first: division, group and class by their digits, or its section.

    >>> branches_of("gbt4754", "5172"), branches_of("isic", "F")
    (('gbt4754:51', 'gbt4754:517', 'gbt4754:5172'), ('isic:F',))
    """
    return tuple(f"{scheme}:{code[:length]}" for length in range(min(_DIVISION, len(code)), len(code) + 1))
