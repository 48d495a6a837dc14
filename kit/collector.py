"""The garbage collector of a process that serves."""

from __future__ import annotations

import gc

YOUNG = 10_000
"""Objects made before young ones are looked at; a request makes some thousand that are freed without it."""


def settle_collector() -> None:
    """What is there now (modules, routes, schemas) stays: it is never looked at again, and young objects less often.

    Call it once a process is ready to serve.
    """
    gc.collect()
    gc.freeze()
    gc.collect()  # of what is left: old objects are looked at once they have grown by a quarter of the last time's
    gc.set_threshold(YOUNG, 20, 20)
