"""Rule sets and the labels that they give, as rows and as tables."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from kit.db.columns import DECODED, FrozenRow, OwnedRow, document, identifier, moment, text
from services.customer.db import Base


class Rule(FrozenRow):
    """The accounts that `filter` chooses, a query string of the list of accounts, get a label."""

    label: str
    filter: str


class RuleSet(OwnedRow):
    """A version of how accounts are classified along an axis: the first rule that matches gives the label, `fallback`
    where none does. It is never changed: another version follows."""

    __tablename__ = "rule_set"

    axis: Annotated[str, text(nullable=False)]
    number: Annotated[int, Field(nullable=False)]
    rules: Annotated[tuple[Rule, ...], DECODED, document(nullable=False)]
    fallback: Annotated[str | None, text(nullable=True)] = None
    created_by: Annotated[str, text(nullable=False)]


class RuleSetTable(RuleSet, Base, table=True):
    """Versions of rule sets."""

    __table_args__ = (sa.UniqueConstraint("axis", "number"), sa.Index("ix_rule_set_created_at_id", "created_at", "id"))


class AccountLabel(FrozenRow):
    """The label of an account along an axis, and why: the rule (None: none matched) of a rule set, and the values of
    the fields that it asks for (no personal ones)."""

    __tablename__ = "account_label"

    account_id: Annotated[UUID, identifier(primary_key=True)]
    axis: Annotated[str, text(primary_key=True)]
    label: Annotated[str, text(nullable=False)]
    rule: Annotated[int | None, Field(nullable=True)] = None
    rule_set_id: Annotated[UUID, identifier(nullable=False)]
    known: Annotated[dict[str, Any], DECODED, document(nullable=False)]
    labelled_at: Annotated[datetime, moment(nullable=False)]


class AccountLabelTable(AccountLabel, Base, table=True):
    """Labels of accounts."""

    __table_args__ = (sa.Index(None, "axis", "label", "account_id"),)
