"""Blind indexes: encrypted values are found by a keyed hash of their normal form.

Two columns hold hashes, `<name>_index_1` and `<name>_index_2`, one for each place of an index key. Usually one key is
set. To change it, the other place is set too: writers fill both columns, a job fills the second one of older rows, and
lookups ask both; then the first key is taken away, and the next change goes the other way round. No column is renamed
and no key moves, so processes that run with the old and the new setting understand each other.
"""

from __future__ import annotations

import hmac
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple

from kit.security.cipher import BadKeys, keys_of
from kit.settings import ServiceSettings

INDEX_BYTES = 16
PLACES = ("1", "2")
_EXTENSION = re.compile(r"\s*(?:转|轉|ext\.?|extension|x|#)\s*([0-9]{1,8})\s*$", re.IGNORECASE)


class NotNormal(ValueError):
    """A value that has no normal form; `code` is stable, and the text repeats nothing of the value."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code = code


class IndexPair(NamedTuple):
    """The hashes of a value, for the two columns; None where no key is set."""

    first: bytes | None
    second: bytes | None


@dataclass(frozen=True, slots=True, eq=False)
class BlindIndex:
    """The index keys of a service."""

    _keys: Mapping[str, bytes] = field(repr=False)

    @classmethod
    def of(cls, keys: Mapping[str, bytes]) -> BlindIndex:
        """Keys by place, `1` or `2` or both. Raises BadKeys."""
        if not keys or not keys.keys() <= set(PLACES):
            raise BadKeys("index keys are called 1 and 2, after the column that holds their hashes")
        return cls(dict(keys))

    @classmethod
    def from_settings(cls, settings: ServiceSettings) -> BlindIndex:
        """The keys of CRMESH_INDEX_KEYS. Raises BadKeys, UnsafeSettings."""
        return cls.of(keys_of(settings, "index_keys"))

    @property
    def places(self) -> frozenset[str]:
        """Places of the keys that are set: `1`, `2` or both."""
        return frozenset(self._keys)

    def hashes(self, kind: str, normal: str) -> IndexPair:
        """HMAC-SHA256 of kind, NUL and the normal form, 16 bytes: written to both columns, and asked as
        `index_1 = $1 OR index_2 = $2` (a missing one is NULL and finds nothing)."""
        message = kind.encode() + b"\0" + normal.encode()
        return IndexPair(*(self._hash(place, message) for place in PLACES))

    def _hash(self, place: str, message: bytes) -> bytes | None:
        key = self._keys.get(place)
        return key and hmac.digest(key, message, "sha256")[:INDEX_BYTES]


def normal_email(value: str) -> str:
    """NFKC, trimmed, casefolded, the domain in IDNA ASCII. Raises NotNormal `email-invalid`."""
    local, at, domain = unicodedata.normalize("NFKC", value).strip().rpartition("@")
    if not at or not local or not domain or any(c.isspace() or not c.isprintable() for c in local):
        raise NotNormal("email-invalid", "not an e-mail address")
    try:
        return f"{unicodedata.normalize('NFKC', local.casefold())}@{_ascii_domain(domain.casefold())}"
    except UnicodeError:
        raise NotNormal("email-invalid", "the domain of the e-mail address is none") from None


@lru_cache(maxsize=4096)
def _ascii_domain(domain: str) -> str:
    import idna

    return idna.encode(domain, uts46=True).decode()


def split_extension(value: str) -> tuple[str, str | None]:
    """A phone number as it was typed, in NFKC, without its extension (转, ext, #), and the digits of that."""
    plain = unicodedata.normalize("NFKC", value)
    found = _EXTENSION.search(plain)
    return (plain[: found.start()], found[1]) if found else (plain, None)


def normal_phone(value: str, country: str = "CN") -> str:
    """E.164, read as in this country (ISO 3166-1), an extension (转, ext, #) cut off.

    Raises NotNormal `phone-invalid`.
    """
    import phonenumbers

    plain, _ = split_extension(value)
    try:
        number = phonenumbers.parse(plain, country)
    except phonenumbers.NumberParseException:
        raise NotNormal("phone-invalid", "not a phone number") from None
    if not phonenumbers.is_valid_number(number):
        raise NotNormal("phone-invalid", f"no phone number of {country}, nor of the country that it names")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
