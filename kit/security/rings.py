"""The keys of personal values as a service's requests ask for them: a process without them answers 503."""

from __future__ import annotations

from kit.errors import AppError
from kit.security.blind_index import BlindIndex
from kit.security.cipher import KeyRing
from kit.settings import ServiceSettings, UnsafeSettings


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
