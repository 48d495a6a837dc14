"""Exchange rates. Key: the currency."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, ClassVar
from uuid import UUID

from pydantic import StringConstraints

from kit.events.contract import Published, sample_id

RateText = Annotated[str, StringConstraints(pattern=r"^[0-9]{1,12}(\.[0-9]{1,12})?$")]


class ExchangeRateSet(Published):
    """From `valid_from` on a unit of `currency` is `rate` units of the base currency."""

    id: UUID
    currency: str
    base_currency: str
    rate: RateText
    valid_from: date
    business_date: date

    TYPE: ClassVar[str] = "customer.exchange_rate.set.v1"
    SUBJECT: ClassVar[str] = "id"
    KEY: ClassVar[str] = "currency"
    EXAMPLE: ClassVar[dict[str, Any]] = {
        "id": sample_id("15"),
        "currency": "CNY",
        "base_currency": "USD",
        "rate": "0.137",
        "valid_from": "2026-01-01",
        "business_date": "2026-02-14",
    }


PUBLISHED: tuple[type[Published], ...] = (ExchangeRateSet,)
AGREED: tuple[type[Published], ...] = ()
