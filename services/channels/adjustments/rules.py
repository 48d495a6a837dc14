"""What is refused of an adjustment."""

from __future__ import annotations

from kit.errors import Invalid


class FutureDate(Invalid):
    code, title = "future-date", "The day has not come yet"
