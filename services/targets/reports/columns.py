"""The columns of the targets of a report, and its targets as CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping
from datetime import date
from enum import Enum
from typing import Final, NamedTuple

from kit.money import exponent
from services.targets.metrics.enums import Unit
from services.targets.reports.models import Report
from services.targets.reports.rules import decimal_of, text_cell
from services.targets.reports.schemas import ReportTarget

BOM: Final = "\ufeff"


class Kind(Enum):
    """What a column holds."""

    TEXT = "text"
    MONEY = "money"
    NUMBER = "number"
    SHARE = "share"
    COUNT = "count"
    DAY = "day"


DIGITS: Final[Mapping[Kind, int]] = {Kind.SHARE: 6, Kind.NUMBER: 3}
"""Percents and probabilities are millionths, pieces and the like thousandths."""


class Column(NamedTuple):
    """A column: its name in CSV, its title in a workbook, how wide that is, what it holds of a target."""

    name: str
    title: str
    width: int
    kind: Kind
    of: Callable[[ReportTarget], str | int | date | None]


def is_money(one: ReportTarget) -> bool:
    """Whether a target is in money; others are in pieces, customers or visits, which no total adds up."""
    return one.amount_unit is Unit.MINOR_UNIT


COLUMNS: Final = (
    Column("name", "Target", 40, Kind.TEXT, lambda one: one.name),
    Column("unit_code", "Unit", 16, Kind.TEXT, lambda one: one.unit_code),
    Column("member_code", "Member", 16, Kind.TEXT, lambda one: one.member_code),
    Column("product_line", "Product line", 16, Kind.TEXT, lambda one: one.product_line),
    Column("region", "Region", 10, Kind.TEXT, lambda one: one.region),
    Column("customer_type", "Customers", 12, Kind.TEXT, lambda one: one.customer_type),
    Column("period_start", "From", 12, Kind.DAY, lambda one: one.period_start),
    Column("period_end", "To", 12, Kind.DAY, lambda one: one.period_end),
    Column("state", "State", 10, Kind.TEXT, lambda one: one.state),
    Column("amount", "Amount", 18, Kind.MONEY, lambda one: one.amount if is_money(one) else None),
    Column("value", "Value", 18, Kind.MONEY, lambda one: one.value if is_money(one) else None),
    Column("percent", "Percent", 10, Kind.SHARE, lambda one: one.percent),
    Column("pace", "Pace", 10, Kind.SHARE, lambda one: one.pace),
    Column("p_hit", "Probability", 12, Kind.SHARE, lambda one: one.p_hit),
    Column("p_hit_as_of", "Probability of", 14, Kind.DAY, lambda one: one.p_hit_as_of),
    Column("rank", "Rank", 8, Kind.COUNT, lambda one: one.rank),
    Column("alert", "Alert", 10, Kind.TEXT, lambda one: one.alert.level if one.alert else None),
    Column("alert_raised_on", "Alert since", 12, Kind.DAY, lambda one: one.alert.raised_on if one.alert else None),
    Column("metric", "Metric", 20, Kind.TEXT, lambda one: one.metric),
    Column("channel_id", "Channel", 36, Kind.TEXT, lambda one: None if one.channel_id is None else str(one.channel_id)),
    Column("number", "Number", 14, Kind.NUMBER, lambda one: None if is_money(one) else one.amount),
    Column("number_value", "Number reached", 14, Kind.NUMBER, lambda one: None if is_money(one) else one.value),
)
SUMMED: Final = ("amount", "value")
TOTAL: Final = "Total"


def csv_of(report: Report) -> bytes:
    """The targets as CSV in UTF-8 with a byte order mark; its first column tells targets from their total."""
    digits = exponent(report.body.currency)
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\r\n")
    writer.writerow(["row", *(column.name for column in COLUMNS)])
    for one in report.body.targets:
        writer.writerow(["target", *(_cell(column, one, digits) for column in COLUMNS)])
    totals = report.body.totals
    sums = {"amount": decimal_of(totals.amount, digits), "value": decimal_of(totals.value, digits)}
    writer.writerow(["total", *(sums.get(column.name, "") for column in COLUMNS)])
    return (BOM + file.getvalue()).encode()


def _cell(column: Column, one: ReportTarget, digits: int) -> str:
    value = column.of(one)
    if value is None:
        return ""
    if isinstance(value, int):
        return decimal_of(value, {**DIGITS, Kind.MONEY: digits}.get(column.kind, 0))
    return text_cell(str(value))
