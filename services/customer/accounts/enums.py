"""Kinds of accounts, and of customers."""

from __future__ import annotations

from enum import StrEnum


class AccountKind(StrEnum):
    """An organisation, or a person: whose name never leaves this service."""

    ORGANIZATION = "organization"
    PERSON = "person"


class CustomerType(StrEnum):
    """By its confirmed orders: has none yet, has ordered, has not for long."""

    NEW = "new"
    EXISTING = "existing"
    DORMANT = "dormant"
