"""Topics as they should be, against topics as they are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from kit.errors import Conflict
from kit.events.bus import TOPIC_SETTINGS, EventBus, TopicState
from kit.events.envelope import PARTITIONS

Action = Literal["none", "create", "configure", "refuse"]


class TopicsCannotBeMended(Conflict):
    code, title = "topics-cannot-be-mended", "A topic is kept in a way that nothing can put right"


@dataclass(frozen=True, slots=True)
class TopicPlan:
    """What one topic needs, and why. `refuse`: nothing that may be done to it puts it right."""

    topic: str
    action: Action
    detail: str
    state: TopicState | None

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)


async def plan_topics(bus: EventBus, topics: Sequence[str]) -> list[TopicPlan]:
    """What each topic needs, in order of name; changes nothing."""
    found = await bus.describe_topics(topics)
    return [_plan(topic, found.get(topic)) for topic in sorted(topics)]


async def apply_topics(bus: EventBus, plans: Sequence[TopicPlan]) -> None:
    """Create and configure what the plans say; raises TopicsCannotBeMended before anything is changed."""
    if refused := [plan for plan in plans if plan.action == "refuse"]:
        raise TopicsCannotBeMended("; ".join(f"{plan.topic}: {plan.detail}" for plan in refused))
    if create := [plan.topic for plan in plans if plan.action == "create"]:
        await bus.ensure_topics(create)
    if configure := [plan.topic for plan in plans if plan.action == "configure"]:
        await bus.configure_topics(configure)


def _plan(topic: str, state: TopicState | None) -> TopicPlan:
    if state is None:
        return TopicPlan(topic, "create", "is missing", None)
    if state.partitions != PARTITIONS:
        detail = (
            f"has {state.partitions} partitions, not {PARTITIONS}: keys would change places; copy it to a new topic"
        )
        return TopicPlan(topic, "refuse", detail, state)
    wrong = {name: state.settings.get(name, "") for name in TOPIC_SETTINGS}
    wrong = {name: value for name, value in wrong.items() if value != TOPIC_SETTINGS[name]}
    if wrong:
        detail = ", ".join(f"{name} is {value}, not {TOPIC_SETTINGS[name]}" for name, value in wrong.items())
        return TopicPlan(topic, "configure", detail, state)
    return TopicPlan(topic, "none", "is as it should be", state)
