"""Faults switched on by the environment, for fault tests only.

CRMESH_CRASH_AT=name: the process kills itself at that point. See `failing` for the other one.
"""

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
