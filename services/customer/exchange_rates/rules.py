"""Pure rules of exchange rates."""

from __future__ import annotations

import re
from decimal import Decimal
from functools import lru_cache

from kit.errors import Invalid

RATE_DIGITS = 12
_RATE = re.compile(r"[0-9]{1,12}(\.[0-9]{1,24})?")


class ExchangeRateInvalid(Invalid, ValueError):
    """Not a positive decimal of at most 12 significant digits, or not 1 within one currency."""

    code, title = "exchange-rate-invalid", "The exchange rate is not valid"


@lru_cache(maxsize=1024)
def check_rate(rate: str, currency: str, base_currency: str) -> None:
    """Raises ExchangeRateInvalid."""
    significant = rate.replace(".", "").strip("0")
    if not (_RATE.fullmatch(rate) and 0 < len(significant) <= RATE_DIGITS):
        raise ExchangeRateInvalid(
            f"{rate[:40]!r} is not a positive decimal of at most {RATE_DIGITS} significant digits"
        )
    if currency == base_currency and Decimal(rate) != 1:
        raise ExchangeRateInvalid(f"the rate of {currency} to itself is 1")
