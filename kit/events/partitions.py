"""Which partition a key goes to: Kafka's default partitioner, so that every adapter agrees."""

from __future__ import annotations

from functools import lru_cache

from kit.events.envelope import PARTITIONS

_SEED = 0x9747B28C
_M = 0x5BD1E995
_MASK = 0xFFFFFFFF


def murmur2(data: bytes) -> int:
    """32-bit MurmurHash2 as in org.apache.kafka.common.utils.Utils.murmur2, unsigned.

    Written here because importing aiokafka for it would load a Kafka client into the embedded mode.
    """
    length = len(data)
    h = _SEED ^ length
    whole = length & ~3
    for start in range(0, whole, 4):
        k = int.from_bytes(data[start : start + 4], "little") * _M & _MASK
        k = (k ^ k >> 24) * _M & _MASK
        h = (h * _M & _MASK) ^ k
    if length & 3:
        h = (h ^ int.from_bytes(data[whole:], "little")) * _M & _MASK
    h = (h ^ h >> 13) * _M & _MASK
    return h ^ h >> 15


@lru_cache(maxsize=4096)
def partition_of(key: str) -> int:
    """The partition of a key: toPositive(murmur2(utf8)) modulo PARTITIONS."""
    return (murmur2(key.encode()) & 0x7FFFFFFF) % PARTITIONS
