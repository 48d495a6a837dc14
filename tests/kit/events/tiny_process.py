"""A relay or a consumer of the tiny service in a process of its own, for tests that kill it."""

import asyncio
import json
import sys
from typing import Any

from kit.db.database import Database, DatabaseSettings
from kit.events.embedded import EmbeddedBus
from kit.events.inbox import InboxConsumer
from kit.events.kafka import KafkaBus
from kit.events.relay import Relay
from tests.kit.tiny import SETTINGS, Handlers, subscriptions_of


async def main(what: str, where: dict[str, Any], connect: dict[str, Any], service: str, source: str) -> None:
    db = Database(DatabaseSettings(connect, name="tiny"))
    bus = KafkaBus(where["kafka"], "tiny-process") if where["kafka"] else EmbeddedBus(connect)
    await bus.start()
    subscriptions = subscriptions_of(service, source, Handlers())
    part: Any = Relay(db, bus) if what == "relay" else InboxConsumer(db, bus, subscriptions.lane("core"), SETTINGS)
    await asyncio.wait_for(part.run(asyncio.Event()), 30)


if __name__ == "__main__":
    asyncio.run(main(**json.loads(sys.argv[1])))
