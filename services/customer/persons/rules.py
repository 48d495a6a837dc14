"""Pure rules of personal values: what is refused, and what is shown to whom may not see them."""

from __future__ import annotations

from kit.errors import Invalid


class PhoneInvalid(Invalid):
    """No phone number of the account's country, nor of the one that it names."""

    code, title = "phone-invalid", "The phone number is not valid"


def masked_phone(value: str) -> str:
    """`+8613812345678` becomes `***5678`: the last four digits, whatever the length."""
    return f"***{value[-4:]}"
