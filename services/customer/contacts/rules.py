"""Pure rules of contacts: what is refused, which address comes first, and what is shown of it to whom."""

from __future__ import annotations

from collections.abc import Sequence

from kit.errors import Conflict, Invalid


class DuplicateContact(Conflict):
    """Another contact of the account has an e-mail address, or another contact an external id."""

    code, title = "duplicate-contact", "There is such a contact already"


class ContactArchived(Conflict):
    """The contact is archived and takes no changes."""

    code, title = "contact-archived", "The contact is archived"


class EmailInvalid(Invalid):
    """Not an e-mail address."""

    code, title = "email-invalid", "The e-mail address is not valid"


def primary_of(marked: Sequence[bool]) -> list[bool]:
    """Which of several is the primary one: the one that is marked, else the first. Raises ValueError for two marks."""
    if sum(marked) > 1:
        raise ValueError("one of them is the primary one")
    return list(marked) if any(marked) else [place == 0 for place in range(len(marked))]


def masked_email(value: str) -> str:
    """`zhang@x.com` becomes `z***@x.com`."""
    local, _, domain = value.rpartition("@")
    return f"{local[:1]}***@{domain}"
