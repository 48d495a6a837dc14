"""Pure rules of redirects: which lock is an account's."""

from __future__ import annotations

import hashlib
from typing import Final
from uuid import UUID

HELD: Final = "accounts held"
"""Under which a transaction keeps the accounts that it holds, and what they are one with."""


def lock_number(account_id: UUID) -> int:
    """The advisory lock of an account; two that share one by chance wait for each other for nothing, no more."""
    key = f"account {account_id}".encode()
    return int.from_bytes(hashlib.sha256(key).digest()[:8], "big", signed=True)
