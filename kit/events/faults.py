"""Named crash points: with CRMESH_CRASH_AT=name the process kills itself there (fault tests only)."""

from __future__ import annotations

import os
import signal

_POINT, _, _COUNT = os.environ.get("CRMESH_CRASH_AT", "").partition(":")
_remaining = int(_COUNT or 1)


def crash_point(name: str) -> None:
    """SIGKILL this process when it passes `name` for the n-th time (CRMESH_CRASH_AT=name:n)."""
    global _remaining
    if name != _POINT:
        return
    _remaining -= 1
    if _remaining <= 0:
        os.kill(os.getpid(), signal.SIGKILL)
