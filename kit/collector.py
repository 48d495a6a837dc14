"""The garbage collector of a process that serves."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

YOUNG = 10_000
"""Objects made before young ones are looked at; a request makes some thousand that are freed without it."""


@contextmanager
def collector_paused() -> Iterator[None]:
    """While the block runs nothing is looked for: what an import makes stays, and looking takes a fifth of its time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def settle_collector() -> None:
    """What is there now (modules, routes, schemas) stays: it is never looked at again, and young objects less often.

    Call it once a process is ready to serve.
    """
    gc.collect()
    gc.freeze()
    gc.collect()  # of what is left: old objects are looked at once they have grown by a quarter of the last time's
    gc.set_threshold(YOUNG, 20, 20)
