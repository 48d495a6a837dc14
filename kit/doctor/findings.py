"""What a check says."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

Level = Literal["ok", "warn", "fail"]


@dataclass(frozen=True, slots=True)
class Finding:
    """`scope`: a service or `system`. `found`: the evidence. `advice`: what to do, unless it is `ok`."""

    scope: str
    check: str
    level: Level
    found: str
    advice: str = ""

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)


def finding(scope: str, check: str, level: Level, found: str, advice: str) -> Finding:
    """A finding; advice is only kept when something is to be done."""
    return Finding(scope, check, level, found, "" if level == "ok" else advice)


def graded(value: float, warn: float, fail: float) -> Level:
    """`warn` from the one threshold on, `fail` from the other on."""
    return "fail" if value >= fail else "warn" if value >= warn else "ok"


def failed_if(wrong: bool) -> Level:
    """`fail` or `ok`."""
    return "fail" if wrong else "ok"
