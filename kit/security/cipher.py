"""Encryption of single fields: a data key per person, wrapped by a key of the ring.

A value is sealed under its person's data key and bound to its place (table, column, row): copied elsewhere it does not
open. The data key is stored wrapped, with the id of the ring's key that wraps it; destroying it is erasure. Nothing
here shows a key or a value when it is printed or raised.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from pydantic import SecretStr

from kit.settings import ServiceSettings, UnsafeSettings

KEY_BYTES = 32
NONCE_BYTES = 12
_FORM = b"\x01"
"""First byte of what is sealed: AES-256-GCM, nonce, ciphertext and tag."""


class CipherError(Exception):
    """A value or a key that cannot be used; the text names places and key ids only."""


class CannotOpen(CipherError):
    """Changed, sealed under another key, or for another place."""


class UnknownKey(CipherError):
    """Wrapped by a key that is not in the ring."""


class BadKeys(CipherError):
    """A setting that holds no keys."""


class Place(NamedTuple):
    """Where a sealed value stands."""

    table: str
    column: str
    row_id: UUID

    def bound(self) -> bytes:
        """What the value is bound to; names hold no NUL."""
        return b"\0".join((self.table.encode(), self.column.encode(), self.row_id.bytes))


class WrappedKey(NamedTuple):
    """A data key as it is stored."""

    key_id: str
    wrapped: bytes


def parse_keys(setting: str) -> dict[str, bytes]:
    """`id:key,id:key`, each key 32 bytes in base64. Raises BadKeys, which repeats no key."""
    keys: dict[str, bytes] = {}
    for number, part in enumerate(setting.split(",") if setting.strip() else (), 1):
        key_id, _, written = part.strip().partition(":")
        try:
            key = base64.b64decode(written, altchars=b"-_" if {"-", "_"} & set(written) else None, validate=True)
        except (binascii.Error, ValueError):
            key = b""
        if not key_id.isalnum() or not key_id.isascii() or key_id in keys or len(key) != KEY_BYTES:
            raise BadKeys(f"key {number} is not written id:key, with an id of its own and {KEY_BYTES} bytes in base64")
        keys[key_id] = key
    return keys


def keys_of(settings: ServiceSettings, setting: str) -> dict[str, bytes]:
    """The keys of a setting, `keys` or `index_keys`; in development and test made of the secret when none are set.

    Raises BadKeys; UnsafeSettings when none are set elsewhere.
    """
    written: SecretStr = getattr(settings, setting)
    if keys := parse_keys(written.get_secret_value()):
        return keys
    if settings.env not in ("development", "test"):
        raise UnsafeSettings(f"set CRMESH_{setting.upper()}: personal values are encrypted with it")
    return {"1": _made_of(settings.secret.get_secret_value(), setting)}


def _made_of(secret: str, purpose: str) -> bytes:
    return hmac.digest(secret.encode(), f"crmesh {purpose}".encode(), "sha256")


def keys_of_secret(secret: str, setting: str) -> str:
    """The setting `keys` or `index_keys` as it is made of a secret: where one secret is all that is kept."""
    return "1:" + base64.b64encode(_made_of(secret, setting)).decode()


def _sealed(cipher: AESGCM, plain: bytes, bound: bytes) -> bytes:
    nonce = os.urandom(NONCE_BYTES)
    return _FORM + nonce + cipher.encrypt(nonce, plain, bound)


def _opened(cipher: AESGCM, sealed: bytes, bound: bytes) -> bytes | None:
    if sealed[:1] != _FORM or len(sealed) <= NONCE_BYTES:
        return None
    try:
        return cipher.decrypt(sealed[1 : NONCE_BYTES + 1], sealed[NONCE_BYTES + 1 :], bound)
    except (InvalidTag, ValueError):
        return None


@dataclass(frozen=True, slots=True, eq=False)
class DataKey:
    """The key of one person's values, in memory."""

    _cipher: AESGCM = field(repr=False)

    def seal(self, value: str, place: Place) -> bytes:
        """The value as it is stored, 29 bytes longer than its UTF-8; each time another one."""
        return self.seal_bytes(value.encode(), place)

    def open(self, sealed: bytes, place: Place) -> str:
        """The value. Raises CannotOpen."""
        return self.open_bytes(sealed, place).decode()

    def seal_bytes(self, value: bytes, place: Place) -> bytes:
        """What is no text, as it is stored, 29 bytes longer."""
        return _sealed(self._cipher, value, place.bound())

    def open_bytes(self, sealed: bytes, place: Place) -> bytes:
        """What was sealed. Raises CannotOpen."""
        plain = _opened(self._cipher, sealed, place.bound())
        if plain is None:
            raise CannotOpen(f"{place.table}.{place.column} of {place.row_id} does not open under its person's key")
        return plain


def answer_key(settings: ServiceSettings) -> DataKey:
    """What answers with personal values are kept under for a day; made of the secret, which never changes."""
    return DataKey(AESGCM(_made_of(settings.secret.get_secret_value(), "kept answers")))


@dataclass(frozen=True, slots=True, eq=False)
class KeyRing:
    """Keys by id; the first one wraps, every one unwraps."""

    current: str
    _ciphers: Mapping[str, AESGCM] = field(repr=False)

    @classmethod
    def of(cls, keys: Mapping[str, bytes]) -> KeyRing:
        """A ring of keys by id, the current one first. Raises BadKeys for none."""
        if not keys:
            raise BadKeys("there is no key")
        return cls(next(iter(keys)), {key_id: AESGCM(key) for key_id, key in keys.items()})

    @classmethod
    def from_settings(cls, settings: ServiceSettings) -> KeyRing:
        """The ring of CRMESH_KEYS. Raises BadKeys, UnsafeSettings."""
        return cls.of(keys_of(settings, "keys"))

    def __contains__(self, key_id: str) -> bool:
        return key_id in self._ciphers

    def new_key(self, person_id: UUID) -> tuple[DataKey, WrappedKey]:
        """A fresh data key, and as it is stored."""
        key = os.urandom(KEY_BYTES)
        return DataKey(AESGCM(key)), self._wrapped(person_id, key)

    def unwrap(self, person_id: UUID, stored: WrappedKey) -> DataKey:
        """The data key of this person. Raises UnknownKey, CannotOpen."""
        return DataKey(AESGCM(self._unwrapped(person_id, stored)))

    def rewrap(self, person_id: UUID, stored: WrappedKey) -> WrappedKey:
        """The same data key under the current key. Raises UnknownKey, CannotOpen."""
        return self._wrapped(person_id, self._unwrapped(person_id, stored))

    def _wrapped(self, person_id: UUID, key: bytes) -> WrappedKey:
        return WrappedKey(self.current, _sealed(self._ciphers[self.current], key, b"data-key\0" + person_id.bytes))

    def _unwrapped(self, person_id: UUID, stored: WrappedKey) -> bytes:
        cipher = self._ciphers.get(stored.key_id)
        if cipher is None:
            raise UnknownKey(f"the data key of {person_id} is wrapped by key {stored.key_id}, which this process lacks")
        key = _opened(cipher, stored.wrapped, b"data-key\0" + person_id.bytes)
        if key is None:
            raise CannotOpen(f"the data key of {person_id} does not open under key {stored.key_id}")
        return key
