"""What a cell says: text, numbers, amounts, money, shares, days, lists, yes or no."""

from __future__ import annotations

import re
import unicodedata
from datetime import date
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Final, NamedTuple

from kit.money import MAX_AMOUNT, SHARE_WHOLE, UnknownCurrency, exponent
from services.customer.imports.enums import AmountUnit

LOST: Final = "\ufdd0"
"""Stands before what a workbook has lost: a number with more digits than it keeps, what a formula failed to give
(`#N/A`). A noncharacter: no text has it."""
_NUMBER = re.compile(r"[+-]?(?:\d{1,3}(?:,\d{3})+|\d+)?(?:\.\d+)?")
_BLANKS = " \u00a0"
_SIGNS: Final = {
    "¥": frozenset({"CNY", "JPY"}),
    "元": frozenset({"CNY", "HKD", "TWD"}),
    "€": frozenset({"EUR"}),
    "£": frozenset({"EGP", "FKP", "GBP", "GIP", "LBP", "SDG", "SHP", "SSP", "SYP"}),
    "$": frozenset(
        [
            *("ARS", "AUD", "BBD", "BMD", "BND", "BSD", "BZD", "CAD", "CLP", "COP", "CVE", "DOP", "FJD", "GYD", "HKD"),
            *("JMD", "KYD", "LRD", "MXN", "NAD", "NIO", "NZD", "SBD", "SGD", "SRD", "TTD", "TWD", "USD", "UYU", "XCD"),
        ]
    ),
}
"""Signs of money, and the currencies that are written so."""
_DAY = re.compile(
    r"(\d{4})(?:[-/.年])(\d{1,2})(?:[-/.月])(\d{1,2})日?(?:[T ]00:00(?::00(?:\.0+)?)?)?|(\d{4})(\d\d)(\d\d)"
)
_SPLIT = re.compile("[;；|]")
_MONEY = re.compile(r"([A-Z]{3})[: ]?(.+)", re.S)
_ANSWERS: Final = {
    **dict.fromkeys(("true", "yes", "y", "1", "是", "真"), True),
    **dict.fromkeys(("false", "no", "n", "0", "否", "假"), False),
}


class CellKind(StrEnum):
    """How the cells of a field are read."""

    TEXT = "text"
    COUNT = "count"
    AMOUNT = "amount"
    AMOUNT_BASE = "amount_base"
    SHARE = "share"
    DAY = "day"
    MANY = "many"
    DECIMAL = "decimal"
    MONEY = "money"
    BOOL = "bool"


class RowProblem(NamedTuple):
    """What is wrong with a row, in a column where it is one's."""

    column: str
    code: str
    reason: str


class CellRefused(Exception):
    """What is wrong with a cell."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code, self.reason = code, reason


CellValue = str | int | list[str] | dict[str, str | int]


def read_cell(text: str, kind: CellKind, *, currency: str, unit: AmountUnit) -> CellValue:
    """The value of a cell that is not empty; `currency` is that of its row. Raises CellRefused."""
    match kind:
        case CellKind.COUNT:
            return _whole(_number(text), "number-invalid", "expected a whole number")
        case CellKind.AMOUNT | CellKind.AMOUNT_BASE:
            return _amount(text, currency, unit)
        case CellKind.SHARE:
            return _share(text)
        case CellKind.DAY:
            return _day(text)
        case CellKind.MANY:
            return [part.strip() for part in _SPLIT.split(_text(text)) if part.strip()]
        case CellKind.DECIMAL:
            return f"{_number(_text(text)):f}"
        case CellKind.MONEY:
            return _money(text, unit)
        case CellKind.BOOL:
            return _answer(text)
    return _text(text)


def what_is_lost(text: str) -> tuple[str, str]:
    """Code and reason of a cell that begins with LOST."""
    if text.removeprefix(LOST).startswith("#"):
        return "formula-failed", f"the formula of the cell gives {text.removeprefix(LOST)}"
    return "precision-lost", "the workbook keeps 15 digits of a number; let the column be text"


def _text(text: str) -> str:
    if text.startswith(LOST):
        raise CellRefused(*what_is_lost(text))
    return text


def _number(text: str) -> Decimal:
    plain = unicodedata.normalize("NFKC", text.removeprefix(LOST)).strip(_BLANKS)
    if not plain or len(plain) > 28 or not _NUMBER.fullmatch(plain):
        raise CellRefused("number-invalid", "expected a number such as 1234.50")
    try:
        return Decimal(plain.replace(",", ""))
    except InvalidOperation:
        raise CellRefused("number-invalid", "expected a number such as 1234.50") from None


def _whole(number: Decimal, code: str, reason: str) -> int:
    if abs(number) > MAX_AMOUNT * 10:
        raise CellRefused("number-invalid", "the number is too large")
    if number != number.to_integral_value():
        raise CellRefused(code, reason)
    return int(number)


def _amount(text: str, currency: str, unit: AmountUnit) -> int:
    """Minor units; nothing is rounded."""
    plain = unicodedata.normalize("NFKC", text)
    for sign in _SIGNS.keys() & set(plain):
        if currency not in _SIGNS[sign]:
            raise CellRefused("currency-differs", f"{sign} is no {currency or 'amount without a currency'}")
    number = _number(plain.strip("".join([*_SIGNS, _BLANKS])))
    if abs(number) > MAX_AMOUNT * 10:
        raise CellRefused("number-invalid", "the amount is too large")
    if unit is AmountUnit.MINOR:
        return _whole(number, "amount-precision", "minor units are whole")
    try:
        digits = exponent(currency)
    except UnknownCurrency:
        raise CellRefused("currency-unknown", "the amount has no currency") from None
    return _whole(number.scaleb(digits), "amount-precision", f"{currency} has {digits} decimals")


def _money(text: str, unit: AmountUnit) -> dict[str, str | int]:
    """An amount that names its currency: `CNY 12.50`."""
    found = _MONEY.fullmatch(unicodedata.normalize("NFKC", text).strip())
    if found is None:
        raise CellRefused("currency-unknown", "expected a currency and an amount such as CNY 12.50")
    return {"currency": found[1], "amount": _amount(found[2].strip(), found[1], unit)}


def _answer(text: str) -> bool:
    try:
        return _ANSWERS[unicodedata.normalize("NFKC", text.removeprefix(LOST)).strip().lower()]
    except KeyError:
        raise CellRefused("answer-invalid", "expected yes or no, true or false, 1 or 0") from None


def _share(text: str) -> int:
    """Millionths: of `13%`, or of `0.13`."""
    plain = unicodedata.normalize("NFKC", text).strip()
    share = _number(plain.rstrip("% ")) / (100 if plain.endswith("%") else 1)
    if not 0 <= share <= 1:
        raise CellRefused("share-invalid", "expected 13% or 0.13")
    return _whole(share * SHARE_WHOLE, "share-invalid", "at most six decimals")


def _day(text: str) -> str:
    """As the API has it; day and month are never guessed at."""
    found = _DAY.fullmatch(unicodedata.normalize("NFKC", text.removeprefix(LOST)).strip())
    try:
        if found is not None:
            year, month, day = (int(part) for part in found.groups() if part is not None)
            return date(year, month, day).isoformat()
    except ValueError:
        pass
    raise CellRefused("date-invalid", "expected a day such as 2026-02-14")
