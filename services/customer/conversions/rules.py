"""Pure rules of conversions: what is refused, and what a new account or contact has of the lead."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from kit.errors import AppError, Conflict, Invalid


class LeadDuplicate(Conflict):
    """What is to be made is there already, as far as can be told, and was not chosen."""

    code, title = "lead-duplicate", "The account or the contact is there already; choose it"


class ContactNeeded(Invalid):
    """What a lead consented to is somebody's."""

    code, title = "lead-contact-needed", "The lead has consents, which go along to a contact"


@contextmanager
def within(field: str) -> Iterator[None]:
    """Faults of what a field holds are named as in the whole body."""
    try:
        yield
    except AppError as refused:
        refused.errors = tuple(replace(error, pointer=f"/{field}{error.pointer}") for error in refused.errors)
        raise


def account_defaults(company: str | None, person_name: str | None, phone: str | None) -> dict[str, Any]:
    """What a new account has of a lead: a person's number is theirs, that of somebody at a company not its own."""
    if company:
        return {"kind": "organization", "name": company}
    return {"kind": "person", "name": person_name, "phone": phone}


def contact_defaults(person_name: str | None, email: str | None, phone: str | None) -> dict[str, Any]:
    """What a new contact has of a lead."""
    return {
        **({"name": person_name} if person_name else {}),
        "emails": [{"value": email}] if email else [],
        "phones": [{"value": phone}] if phone else [],
    }
