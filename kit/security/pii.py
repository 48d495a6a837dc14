"""Which field names hold personal or secret data; logs blank them, the audit keeps keyed hashes of them."""

from __future__ import annotations

import re

PERSONAL_FIELDS = frozenset(
    {
        "name", "first_name", "last_name", "middle_name", "full_name", "given_name", "family_name", "legal_name",
        "display_name", "contact_name", "person_name", "surname", "email", "emails", "phone", "phones", "mobile", "fax",
        "tax_id", "national_id", "passport", "birthday", "birth_date", "date_of_birth", "address", "street",
        "postal_code", "iban", "bank", "account_number",
    }
)  # fmt: skip
"""Names of fields that say something about a person."""

SECRET_FIELDS = frozenset(
    {
        "authorization", "cookie", "password", "secret", "client_secret", "token", "access_token", "refresh_token",
        "id_token", "api_key", "private_key", "credentials",
    }
)  # fmt: skip
"""Names of fields that let somebody in."""

SENSITIVE_FIELDS = PERSONAL_FIELDS | SECRET_FIELDS

_MARKS = frozenset(
    {
        "email", "mail", "phone", "mobile", "fax", "authorization", "cookie", "cookies", "password", "passwd", "secret",
        "token", "credentials", "surname", "iban", "passport", "emails", "phones", "tokens", "secrets", "address",
    }
)  # fmt: skip
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_OTHER = re.compile(r"[^a-z0-9]+")


def is_sensitive(field: str) -> bool:
    """Whether a field of this name is blanked: `email`, `billingEmail`, `Set-Cookie`, `customer_tax_id` ..."""
    plain = _OTHER.sub("_", _CAMEL.sub("_", field).lower()).strip("_")
    if plain in SENSITIVE_FIELDS:
        return True
    parts = plain.split("_")
    return not _MARKS.isdisjoint(parts) or "_".join(parts[-2:]) in SENSITIVE_FIELDS
