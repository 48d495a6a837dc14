"""Pure rules of reports: how late one is, and texts that no program calculates."""

from __future__ import annotations

from datetime import datetime, timedelta

from kit.text import fold_text

NOUN = "report"
GRACE = timedelta(minutes=5)
"""A report that is written so soon after its time is on time."""
_SIGNS = ("=", "+", "-", "@")
_CALCULATED = (*_SIGNS, "\t", "\r", "\n")


def late_by(due_at: datetime, written_at: datetime) -> int:
    """By how many seconds a report is late; 0 when it is on time, also on a clock that was set back."""
    late = written_at - due_at
    return int(late.total_seconds()) if late > GRACE else 0


def text_cell(text: str) -> str:
    """A text as CSV has it: a program that calculates takes it for text, also where it begins with a wide sign, or with
    a blank that such a program passes over."""
    return f"'{text}" if text.startswith(_CALCULATED) or fold_text(text).startswith(_SIGNS) else text


def decimal_of(value: int, digits: int) -> str:
    """A whole number of 10^-digits, exactly, in decimal digits."""
    if not digits:
        return str(value)
    whole, rest = divmod(abs(value), 10**digits)
    return f"{'-' if value < 0 else ''}{whole}.{rest:0{digits}d}"
