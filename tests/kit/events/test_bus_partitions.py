"""The partitioner is Kafka's own, bit by bit."""

from __future__ import annotations

import aiokafka.partitioner  # type: ignore[import-untyped]
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.events.envelope import PARTITIONS
from kit.events.partitions import murmur2, partition_of


@pytest.mark.parametrize(
    ("data", "signed"),
    [
        (b"21", -973932308),
        (b"foobar", -790332482),
        (b"a-little-bit-long-string", -985981536),
        (b"a-little-bit-longer-string", -1486304829),
        (b"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971),
        (b"abc", 479470107),
    ],
)
def test_known_answers_of_the_java_client(data: bytes, signed: int) -> None:
    """Values of Kafka's UtilsTest.testMurmur2."""
    assert murmur2(data) == signed & 0xFFFFFFFF


@given(st.binary(max_size=80))
def test_agrees_with_the_client_library(data: bytes) -> None:
    assert murmur2(data) == aiokafka.partitioner.murmur2(data)


@given(st.text(max_size=40))
def test_partition_is_the_default_partitioner(key: str) -> None:
    partitions = list(range(PARTITIONS))
    assert partition_of(key) == aiokafka.partitioner.DefaultPartitioner()(key.encode(), partitions, partitions)
