"""Hashes by which the services recognise one identity (a tax id, a domain) without telling it to each other.

They are keyed by CRMESH_IDENTITY_KEY, which all services share and which never rotates: equal means the same, for ever.
"""

from __future__ import annotations

import hmac

from kit.settings import DEVELOPMENT_SECRET, ServiceSettings


def identity_hash(settings: ServiceSettings, kind: str, *normal: str) -> str | None:
    """HMAC-SHA256 of kind and normal form, their parts apart by NUL, hexadecimal; None where no key is set.

    In development and test all services have the same one without a setting.
    """
    key = settings.identity_key.get_secret_value()
    if not key and settings.env in ("development", "test"):
        key = DEVELOPMENT_SECRET
    return hmac.digest(key.encode(), "\0".join((kind, *normal)).encode(), "sha256").hex() if key else None
