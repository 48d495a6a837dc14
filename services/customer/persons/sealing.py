"""What personal values are sealed and found with: the keys of the settings, and one form of phone numbers."""

from __future__ import annotations

from kit.errors import AppError, FieldError
from kit.security.blind_index import BlindIndex, NotNormal, normal_phone, split_extension
from kit.security.cipher import KeyRing
from kit.settings import ServiceSettings, UnsafeSettings
from services.customer.persons.rules import PhoneInvalid

HOME = "CN"
"""Where a phone number without a country is dialled, at an account without one."""


class KeysUnset(AppError):
    """This process has no keys for personal values."""

    code, status, title = "keys-unset", 503, "Personal values cannot be read or kept until their keys are set"


def ring_of(settings: ServiceSettings) -> KeyRing:
    """The keys that wrap those of persons; raises KeysUnset."""
    try:
        return KeyRing.from_settings(settings)
    except UnsafeSettings as error:
        raise KeysUnset(str(error)) from None


def index_of(settings: ServiceSettings) -> BlindIndex:
    """The keys of the hashes; raises KeysUnset."""
    try:
        return BlindIndex.from_settings(settings)
    except UnsafeSettings as error:
        raise KeysUnset(str(error)) from None


def clean_phone(written: str, country: str | None, pointer: str) -> tuple[str, str | None]:
    """A phone number in E.164, read as in a country, and its extension. Raises PhoneInvalid."""
    plain, extension = split_extension(written)
    try:
        return normal_phone(plain, country or HOME), extension
    except NotNormal as refused:
        raise PhoneInvalid(str(refused), errors=[FieldError(pointer, refused.code, str(refused))]) from None
