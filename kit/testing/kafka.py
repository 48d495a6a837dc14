"""Topics on the Kafka of a test run."""

from __future__ import annotations

from typing import Final

from aiokafka.admin import AIOKafkaAdminClient, NewTopic  # type: ignore[import-untyped]

ENVIRONMENT: Final = "CRMESH_KAFKA"


async def create_topic(bootstrap: str, name: str, partitions: int = 12) -> str:
    """Make a topic that keeps its records for ever; returns `name`. Raises aiokafka's error if it exists."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        configuration = {"retention.ms": "-1", "cleanup.policy": "delete"}
        answer = await admin.create_topics([NewTopic(name, partitions, 1, topic_configs=configuration)])
        _raise_refusal(answer.topic_errors)
    finally:
        await admin.close()
    return name


async def delete_topics(bootstrap: str, *names: str) -> None:
    """Remove the topics."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        answer = await admin.delete_topics(list(names))
        _raise_refusal(answer.topic_error_codes)
    finally:
        await admin.close()


def _raise_refusal(errors: list[tuple[object, ...]]) -> None:
    from aiokafka.errors import for_code  # type: ignore[import-untyped]

    for name, code, *details in errors:
        if code:
            raise for_code(code)(f"{name}: {details}")
