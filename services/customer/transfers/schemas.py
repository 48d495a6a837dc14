"""Bodies of hand-overs of many accounts."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from pydantic import ConfigDict, Field

from kit.db.saved_filters import MAX_LENGTH
from kit.web.schema import Schema


class AccountTransfer(Schema):
    """Who gets an account, with its orders and payments, and with what its owner has open there unless `opportunities`
    is false; with `history` also its activities, opportunities, cases and leads, whoever has them."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"owner_id": "01989f2e-0000-7000-8000-0000000000a2", "history": True}}
    )

    owner_id: UUID
    opportunities: bool = True
    history: bool = False


class TransferCreate(Schema):
    """Accounts of `from` that `filter` chooses go to `to`, archived ones too, and the opportunities that `from` has
    open at them unless `opportunities` is false; with `dry_run` they are only counted.

    `filter` is a query string of the list of accounts, custom fields too, empty for all. With `history` activities,
    opportunities, cases and leads of the accounts go along, whoever has them.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "from": "01989f2e-0000-7000-8000-0000000000a1",
                "to": "01989f2e-0000-7000-8000-0000000000a2",
                "filter": "region=CN-SH",
                "history": True,
                "dry_run": True,
            }
        }
    )

    owner_id: UUID = Field(alias="from")
    to: UUID
    filter: Annotated[str, Field(max_length=MAX_LENGTH)] = ""
    opportunities: bool = True
    history: bool = False
    dry_run: bool = False
