"""Pure rules of redirects: which lock is an account's."""

from __future__ import annotations

import hashlib
from uuid import UUID


def lock_number(account_id: UUID) -> int:
    """The advisory lock of an account; two that share one by chance wait for each other for nothing, no more."""
    key = f"account {account_id}".encode()
    return int.from_bytes(hashlib.sha256(key).digest()[:8], "big", signed=True)
