"""Words of reports."""

from __future__ import annotations

from enum import StrEnum


class ReportFormat(StrEnum):
    """The file that a report is downloaded as."""

    XLSX = "xlsx"
    CSV = "csv"
