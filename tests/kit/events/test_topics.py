"""What topics need is found, done, or refused."""

from __future__ import annotations

from uuid import uuid4

import pytest
from aiokafka.admin import AIOKafkaAdminClient  # type: ignore[import-untyped]
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType  # type: ignore[import-untyped]

from kit.events.bus import TOPIC_SETTINGS, BusUnavailable, TopicState
from kit.events.envelope import PARTITIONS
from kit.events.kafka import KafkaBus
from kit.events.topics import TopicsCannotBeMended, apply_topics, plan_topics
from kit.testing.kafka import create_topic
from tests.kit.events.world import Tiny, eventually


async def set_topic(bootstrap: str, topic: str, settings: dict[str, str]) -> None:
    """Returns when the broker knows it."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        await admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, topic, settings)])
    finally:
        await admin.close()
    bus = KafkaBus(bootstrap, "topics")
    await eventually(lambda: has_settings(bus, topic, settings))


async def has_settings(bus: KafkaBus, topic: str, settings: dict[str, str]) -> bool:
    return settings.items() <= (await bus.describe_topics([topic]))[topic].settings.items()


async def test_missing_topics_are_created_and_then_nothing_is_to_do(tiny: Tiny) -> None:
    topics = [f"t.{uuid4().hex}" for _ in range(3)]
    await tiny.bus.ensure_topics(topics[:1])
    plans = await plan_topics(tiny.bus, topics)
    assert [plan.topic for plan in plans] == sorted(topics)
    assert sorted(plan.action for plan in plans) == ["create", "create", "none"]
    await apply_topics(tiny.bus, plans)
    again = await plan_topics(tiny.bus, topics)
    assert {plan.action for plan in again} == {"none"}
    assert [plan.state.replicas for plan in again if plan.state] == [1, 1, 1]
    await apply_topics(tiny.bus, again)


async def test_every_bus_says_how_topics_are_kept(tiny: Tiny) -> None:
    states = await tiny.bus.describe_topics([tiny.topic, "other"])
    state = states[tiny.topic]
    assert {**TOPIC_SETTINGS, "min.insync.replicas": "1"}.items() <= state.settings.items()
    assert states == {tiny.topic: TopicState(PARTITIONS, 1, 1, state.settings)}
    await tiny.bus.configure_topics([tiny.topic])
    assert await tiny.bus.describe_topics([tiny.topic]) == states
    with pytest.raises(BusUnavailable):
        await tiny.bus.configure_topics(["other"])


async def test_settings_are_put_right_and_other_settings_stay(kafka_bootstrap: str) -> None:
    bus, topic = KafkaBus(kafka_bootstrap, "topics"), f"t.{uuid4().hex}"
    await bus.ensure_topics([topic])
    await set_topic(kafka_bootstrap, topic, {"retention.ms": "86400000", "segment.bytes": "1048576"})
    (plan,) = await plan_topics(bus, [topic])
    assert (plan.action, plan.detail) == ("configure", "retention.ms is 86400000, not -1")
    await apply_topics(bus, [plan])
    (plan,) = await plan_topics(bus, [topic])
    assert plan.action == "none"
    assert plan.state is not None
    assert TOPIC_SETTINGS.items() <= plan.state.settings.items()
    assert plan.state.settings["segment.bytes"] == "1048576"
    await bus.stop()


async def test_another_number_of_partitions_is_refused_before_anything_is_done(kafka_bootstrap: str) -> None:
    bus, wrong, missing = KafkaBus(kafka_bootstrap, "topics"), f"t.{uuid4().hex}", f"t.{uuid4().hex}"
    await create_topic(kafka_bootstrap, wrong, partitions=3)
    plans = await plan_topics(bus, [wrong, missing])
    assert {plan.topic: plan.action for plan in plans} == {wrong: "refuse", missing: "create"}
    with pytest.raises(TopicsCannotBeMended, match="3 partitions"):
        await apply_topics(bus, plans)
    assert missing not in await bus.describe_topics([missing])
    await bus.stop()
