"""Schemas of partners."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, ConfigDict, Field, StringConstraints

from kit.web.batch import BatchBody
from kit.web.schema import ABSENT, Code, Country, Label, Schema, Text
from services.channels.channels.schemas import Regions
from services.channels.partners.enums import PartnerKind, PartnerState


def _compact(number: str) -> str:
    return number.replace(" ", "").replace("-", "").upper()


TaxId = Annotated[
    Label,
    Field(
        max_length=40, description="in any spelling; shown as its country writes it, CN: a Unified Social Credit Code"
    ),
]
AccountNumber = Annotated[
    str,
    StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9 -]*$", min_length=4, max_length=64),
    AfterValidator(_compact),
]
ProductLines = Annotated[list[Label], Field(max_length=100, description="what it sells; empty: all")]


class PartnerBank(Schema):
    """A bank account; the number is kept without spaces and hyphens. `holder` where it is not the partner."""

    bank_name: Label
    account_number: AccountNumber
    holder: Label | None = None
    bic: (
        Annotated[str, StringConstraints(pattern=r"^[A-Z]{6}[A-Z0-9]{2}([A-Z0-9]{3})?$", min_length=8, max_length=11)]
        | None
    ) = None


class PartnerBankRead(Schema):
    """A bank account as the caller may see it."""

    bank_name: str
    account_number: str
    holder: str | None
    bic: str | None


class PartnerCreate(Schema):
    """A partner that applies."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "code": "P-001",
                "name": "Harbour Distribution",
                "local_name": "蓝港经销",
                "kind": "distributor",
                "country": "CN",
                "regions": ["CN-SH"],
                "bank": {"bank_name": "ICBC Shanghai", "account_number": "6222 0200 0000 1234"},
            }
        }
    )

    code: Code
    name: Label
    kind: PartnerKind
    regions: Regions = Field(default_factory=list)
    local_name: Text | None = None
    country: Country | None = None
    tax_id: TaxId | None = None
    product_lines: ProductLines = Field(default_factory=list)
    owner_id: UUID | None = None
    account_id: UUID | None = None
    bank: PartnerBank | None = None


class PartnerBatch(BatchBody):
    """Partners by code; fields that a row does not give stay as they are."""

    row_model = PartnerCreate


class PartnerUpdate(Schema):
    """Fields to change; what is left out stays."""

    model_config = ConfigDict(json_schema_extra={"example": {"regions": ["CN-SH", "CN-ZJ"]}})

    name: Label = ABSENT
    kind: PartnerKind = ABSENT
    regions: Regions = ABSENT
    local_name: Text | None = None
    country: Country | None = None
    tax_id: TaxId | None = None
    product_lines: ProductLines = ABSENT
    owner_id: UUID | None = None
    account_id: UUID | None = None
    bank: PartnerBank | None = None


class PartnerSuspend(Schema):
    """Why a partner may not sell for now."""

    model_config = ConfigDict(json_schema_extra={"example": {"reason": "Licence expired"}})

    reason: Label


class PartnerRead(Schema):
    """A partner; without `partner-pii:read` tax id and bank account are masked.

    `account_id` is the account that it is as a customer, as that reads now; `filed_account_id` as it was filed.
    `credit_hold`: a reason stands for which it registers no deals and is paid no rebates.
    """

    id: UUID
    code: str
    name: str
    local_name: str | None
    kind: PartnerKind
    state: PartnerState
    regions: list[str]
    country: str | None
    tax_id: str | None
    product_lines: list[str]
    owner_id: UUID | None
    account_id: UUID | None
    filed_account_id: UUID | None
    bank: PartnerBankRead | None
    credit_hold: bool
    version: int
    created_at: datetime
    updated_at: datetime
