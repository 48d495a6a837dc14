"""Numbers, money, shares and days in the reader's locale."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from babel import Locale, UnknownLocaleError
from babel.dates import format_date
from babel.numbers import format_currency, format_decimal, format_percent

from kit.money import SHARE_WHOLE, exponent

NONE = "–"
ISOLATE, POP = "\u2068", "\u2069"


class UnknownReader(ValueError):
    """Not a locale that anybody has."""


@dataclass(frozen=True, slots=True)
class Numbers:
    """How a reader writes numbers. Raises UnknownReader for a locale that CLDR does not know."""

    locale: Locale

    @classmethod
    def of(cls, name: str) -> Numbers:
        """Of a name such as `de-DE`, `zh_CN` or `en`."""
        try:
            return cls(Locale.parse(name.split(".")[0].replace("-", "_")))
        except (UnknownLocaleError, ValueError, TypeError):
            raise UnknownReader(name) from None

    def count(self, value: int | None) -> str:
        """A whole number."""
        return NONE if value is None else self._apart(format_decimal(value, locale=self.locale))

    def share(self, value: int | None, digits: int = 1) -> str:
        """Millionths as a percentage."""
        if value is None:
            return NONE
        part = Decimal(value) / SHARE_WHOLE
        pattern = self.locale.percent_formats[None].pattern.replace("0", "0." + "0" * digits, 1)
        return self._apart(format_percent(part, format=pattern, locale=self.locale))

    def money(self, minor: int | None, currency: str) -> str:
        """Minor units with the currency's own digits."""
        if minor is None:
            return NONE
        return self._apart(format_currency(major(minor, currency), currency, locale=self.locale, currency_digits=True))

    def day(self, text: str | None) -> str:
        """An ISO date."""
        return (
            NONE if text is None else self._apart(format_date(date.fromisoformat(text), "medium", locale=self.locale))
        )

    def _apart(self, text: str) -> str:
        """What is written from right to left keeps its own order among English words."""
        return f"{ISOLATE}{text}{POP}" if self.locale.text_direction == "rtl" else text

    def of_charts(self) -> dict[str, Any]:
        """The same for the axes of charts (d3-format's locale)."""
        symbols = self.locale.number_symbols["latn"]
        return {
            "decimal": symbols["decimal"],
            "thousands": symbols["group"],
            "grouping": [3],
            "currency": ["", ""],
            "minus": symbols["minusSign"],
        }


def major(minor: int, currency: str) -> Decimal:
    """1234 of CNY is 12.34, of JPY 1234; exact."""
    return Decimal(minor).scaleb(-exponent(currency))
