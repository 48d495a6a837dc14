"""Pure rules of contacts of partners: what is refused, and what is shown to whom may not see it."""

from __future__ import annotations

from kit.errors import Conflict, Invalid


class PartnerEmailInvalid(Invalid):
    code, title = "email-invalid", "The e-mail address is not valid"


class PartnerPhoneInvalid(Invalid):
    """No phone number of China, nor of the country that it names."""

    code, title = "phone-invalid", "The phone number is not valid"


class PartnerContactArchived(Conflict):
    code, title = "partner-contact-archived", "The contact is archived"


def masked_email(value: str) -> str:
    """All but the first letter and the domain.

    >>> masked_email("li.na@harbour.example")
    'l***@harbour.example'
    """
    local, _, domain = value.rpartition("@")
    return f"{local[:1]}***@{domain}"


def masked_phone(value: str) -> str:
    """All but the last four digits.

    >>> masked_phone("+8613812345678")
    '***5678'
    """
    return f"***{value[-4:]}"
