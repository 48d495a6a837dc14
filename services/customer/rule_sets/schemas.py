"""Bodies and answers of rule sets."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import ConfigDict, Field

from kit.db.saved_filters import MAX_LENGTH
from kit.web.lists import page_of
from kit.web.schema import Code, Schema

_EXAMPLE: dict[str, Any] = {
    "axis": "potential",
    "rules": [
        {"label": "key", "filter": "size_class[in]=large,medium&customer_type=existing"},
        {"label": "sleeping", "filter": "last_order_date[lt]=today-180d"},
    ],
    "default": "other",
}


class RuleBody(Schema):
    """The accounts that `filter` chooses get a label; `filter` is a query string of the list of accounts."""

    label: Code
    filter: Annotated[str, Field(max_length=MAX_LENGTH)]


class RuleSetCreate(Schema):
    """The next version of an axis: the first rule that matches gives the label, `default` where none does."""

    model_config = ConfigDict(json_schema_extra={"example": _EXAMPLE})

    axis: Code
    rules: Annotated[list[RuleBody], Field(min_length=1, max_length=50)]
    default: Code | None = None


class RuleSetRun(Schema):
    """Label all accounts anew; with `dry_run` only count what would change."""

    model_config = ConfigDict(json_schema_extra={"example": {"dry_run": True}})

    dry_run: bool = False


class RuleSetRead(Schema):
    """A version of a rule set."""

    id: UUID
    version: int
    axis: str
    number: int
    rules: list[RuleBody]
    default: str | None
    created_by: str
    created_at: datetime


class LabelRead(Schema):
    """A label of an account: the rule that matched, counted from 0 (null: none), of which version of the rule set, and
    what it asked for."""

    axis: str
    label: str
    rule: int | None
    rule_set_id: UUID
    number: int
    known: dict[str, Any]
    labelled_at: datetime


class LabelPage(Schema):
    """All labels of an account."""

    items: list[LabelRead]


RuleSetPage = page_of(RuleSetRead)
