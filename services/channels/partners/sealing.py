"""What is sealed of partners: tax id and bank account, opened, masked, and the keyed hashes beside them."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from typing import Any, Final, NamedTuple
from uuid import UUID

import orjson

from kit.security.cipher import DataKey, Place
from kit.security.fields import mask
from kit.security.identity import identity_hash
from kit.settings import ServiceSettings
from kit.tax_ids import tax_id_key

SEALED: Final = ("tax_id", "bank")
HASHES: Final = tuple(f"{name}_hash" for name in SEALED)
"""Columns that nobody is shown."""
UNSHOWN: Final = "***"


class Private(NamedTuple):
    """What is sealed of a partner, in clear: the tax id as its country writes it, the bank account by its fields."""

    tax_id: str | None = None
    bank: dict[str, Any] | None = None


def hash_of(settings: ServiceSettings, kind: str, *normal: str) -> str:
    """The keyed hash of a value; by the service's own secret where the services share no key."""
    shared = identity_hash(settings, kind, *normal)
    if shared is not None:
        return shared
    secret = settings.secret.get_secret_value().encode()
    return hmac.digest(secret, "\0".join((kind, *normal)).encode(), "sha256").hex()


def tax_id_hash(settings: ServiceSettings, country: str, tax_id: str) -> str:
    """By which a tax id is one, however it is written; where the services share a key it is that of accounts."""
    return hash_of(settings, "tax_id", country, tax_id_key(country, tax_id))


def bank_hash(settings: ServiceSettings, partner_id: UUID, bank: Mapping[str, Any]) -> str:
    """By which one sees that a bank account changed; of two partners it never is the same."""
    return hash_of(settings, "bank", str(partner_id), written(bank))


def written(bank: Mapping[str, Any]) -> str:
    """A bank account as it is sealed."""
    return orjson.dumps(dict(bank), option=orjson.OPT_SORT_KEYS).decode()


def sealed(partner_id: UUID, name: str, value: Any, key: DataKey) -> bytes | None:
    """A value as it is stored."""
    if value is None:
        return None
    return key.seal(value if name == "tax_id" else written(value), Place("partner", name, partner_id))


def opened(partner_id: UUID, name: str, kept: bytes | None, key: DataKey | None) -> Any:
    """A value in clear; nothing where there is none, or whose key was destroyed. Raises CannotOpen."""
    if kept is None or key is None:
        return None
    value = key.open(kept, Place("partner", name, partner_id))
    return value if name == "tax_id" else orjson.loads(value)


def masked(name: str, value: Any) -> Any:
    """What is shown of a value to whom may not see it: last characters, and with which bank.

    >>> masked("bank", {"bank_name": "ICBC", "account_number": "6222020000001234", "holder": "Li Na", "bic": None})
    {'bank_name': 'ICBC', 'account_number': '************1234', 'holder': '***', 'bic': None}
    """
    if value is None:
        return None
    if name == "tax_id":
        return mask(value)
    holder = None if value["holder"] is None else UNSHOWN
    return {**value, "account_number": mask(value["account_number"]), "holder": holder}
