"""Days to pay of accounts as rows and as a table: a projection of what risk says of their credit."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from sqlmodel import Field

from kit.db.columns import FrozenRow, identifier
from services.customer.db import Base


class CreditTerms(FrozenRow):
    """How many days to pay the orders of an account have unless they say so themselves."""

    __tablename__ = "credit_terms"

    account_id: Annotated[UUID, identifier(primary_key=True)]
    terms_days: Annotated[int, Field(nullable=False)]
    version: Annotated[int, Field(nullable=False)]


class CreditTermsTable(CreditTerms, Base, table=True):
    """Days to pay by account."""
