"""Phone and address of persons: sealed under a key of the person's own, and found by keyed hashes, as of contacts."""

from __future__ import annotations

from typing import Any, Final

from kit.security.blind_index import BlindIndex, IndexPair
from kit.security.cipher import DataKey, Place
from services.customer.accounts.models import Account

PRIVATE: Final = ("phone", "address")
STORED: Final = ("sealed_phone", "sealed_address", "phone_index_1", "phone_index_2")
"""Columns that nobody is shown."""
UNSHOWN: Final = ("phone_on", "size_on", "invalid_weight", "merge_id", "root_id")
"""Columns that only judge, or lead elsewhere."""


def place(account_id: Any, column: str) -> Place:
    """Where a sealed value of an account stands."""
    return Place("account", column, account_id)


def is_to_seal(account: Account, changed: tuple[str, ...] = PRIVATE) -> bool:
    """Whether an account in memory has, or had, something in clear that is stored sealed only."""
    has_clear = account.phone is not None or account.address is not None
    return not account.is_organization and (has_clear or bool(set(PRIVATE) & set(changed)))


def closed(account: Account, key: DataKey, index: BlindIndex) -> Account:
    """A person as it is stored: nothing in clear."""
    found = index.hashes("phone", account.phone) if account.phone else IndexPair(None, None)
    kept: dict[str, Any] = {"phone_index_1": found.first, "phone_index_2": found.second}
    for name in PRIVATE:
        written = getattr(account, name)
        kept[f"sealed_{name}"] = key.seal(written, place(account.id, name)) if written is not None else None
        kept[name] = None
    return account.model_copy(update=kept)


def opened(account: Account, key: DataKey | None) -> Account:
    """A stored person with what is sealed of them in clear; without it where the key was destroyed. Raises
    CannotOpen."""
    return account.model_copy(update={name: read(account.id, name, _sealed(account, name), key) for name in PRIVATE})


def is_sealed(account: Account) -> bool:
    """Whether something of a stored account is to be opened."""
    return any(_sealed(account, name) is not None for name in PRIVATE)


def _sealed(account: Account, name: str) -> bytes | None:
    kept: bytes | None = getattr(account, f"sealed_{name}")
    return kept


def read(account_id: Any, name: str, kept: bytes | None, key: DataKey | None) -> str | None:
    """A sealed value in clear; None where there is none, or no key any more."""
    return key.open(kept, place(account_id, name)) if kept is not None and key is not None else None
