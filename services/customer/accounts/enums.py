"""Kinds of accounts."""

from __future__ import annotations

from enum import StrEnum


class AccountKind(StrEnum):
    """An organisation, or a person: whose name never leaves this service."""

    ORGANIZATION = "organization"
    PERSON = "person"
