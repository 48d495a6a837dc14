"""Words of imports."""

from __future__ import annotations

from enum import StrEnum


class ImportKind(StrEnum):
    """What the rows of a file become; also the name of the resource whose permission is asked."""

    ACCOUNTS = "accounts"
    CONTACTS = "contacts"
    ORDERS = "orders"
    PAYMENTS = "payments"
    LEADS = "leads"
    OPPORTUNITIES = "opportunities"


class ImportState(StrEnum):
    """Where an import stands."""

    OPEN = "open"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"
    REVERTING = "reverting"
    REVERTED = "reverted"


class FileFormat(StrEnum):
    """How a file is written."""

    CSV = "csv"
    XLSX = "xlsx"


class TextEncoding(StrEnum):
    """How text is written, by the names of Python's codecs."""

    UTF_8 = "utf-8"
    GB18030 = "gb18030"


class RowOutcome(StrEnum):
    """What became of a row."""

    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    FAILED = "failed"


class AmountUnit(StrEnum):
    """What a number in a column of amounts counts."""

    MAJOR = "major"
    MINOR = "minor"


class EmptyCell(StrEnum):
    """What an empty cell does."""

    KEEP = "keep"
    CLEAR = "clear"
