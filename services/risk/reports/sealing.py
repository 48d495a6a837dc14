"""The canonical form of a snapshot, and its hash."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

import orjson


def canonical(body: Any) -> bytes:
    """JSON without spaces, its names sorted, in UTF-8."""
    return orjson.dumps(body, option=orjson.OPT_SORT_KEYS)


def seal_of(body: Any) -> str:
    """SHA-256 of the canonical form, in hexadecimal."""
    return sha256(canonical(body)).hexdigest()


def is_sealed(body: str, seal: str) -> bool:
    """Whether the JSON text of a stored body has this seal."""
    return seal_of(orjson.loads(body)) == seal
