"""The canonical form of what a report shows, and its hash."""

from __future__ import annotations

from hashlib import sha256

import orjson


def seal_of(body: object) -> str:
    """SHA-256, in hexadecimal, of JSON without spaces, its names sorted, in UTF-8."""
    return sha256(orjson.dumps(body, option=orjson.OPT_SORT_KEYS)).hexdigest()


def is_sealed(body: str, seal: str) -> bool:
    """Whether the JSON text of a stored body has this seal."""
    return seal_of(orjson.loads(body)) == seal
