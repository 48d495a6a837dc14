"""What personal values are sealed and found with: the keys of the settings, and one form of phone numbers."""

from __future__ import annotations

from kit.errors import FieldError
from kit.security.blind_index import NotNormal, normal_phone, split_extension
from kit.security.rings import KeysUnset, index_of, ring_of
from services.customer.persons.rules import PhoneInvalid

__all__ = ["HOME", "KeysUnset", "clean_phone", "index_of", "ring_of"]

HOME = "CN"
"""Where a phone number without a country is dialled, at an account without one."""


def clean_phone(written: str, country: str | None, pointer: str) -> tuple[str, str | None]:
    """A phone number in E.164, read as in a country, and its extension. Raises PhoneInvalid."""
    plain, extension = split_extension(written)
    try:
        return normal_phone(plain, country or HOME), extension
    except NotNormal as refused:
        raise PhoneInvalid(str(refused), errors=[FieldError(pointer, refused.code, str(refused))]) from None
