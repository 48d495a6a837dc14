"""The log: its topics, and where one service stands in it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from kit import clock
from kit.db.database import Tx
from kit.doctor.findings import Finding, Level, failed_if, finding, graded
from kit.events.bus import BusUnavailable, EventBus
from kit.events.envelope import dead_letter_topic_of
from kit.events.handlers import Subscriptions
from kit.events.starts import stored_offsets
from kit.events.topics import TopicPlan, plan_topics

RECENT_SECONDS: Final = 7 * 24 * 3600
LAG_WARN: Final = 1000
LAG_FAIL: Final = 100_000


async def check_topics(bus: EventBus, topics: Sequence[str], *, production: bool) -> list[Finding]:
    """Reachability of the log, and how its topics are kept."""
    try:
        plans = await plan_topics(bus, topics)
    except BusUnavailable as error:
        advice = "start Kafka (or PostgreSQL, for the embedded log); check CRMESH_BUS, CRMESH_KAFKA and the network"
        return [finding("system", "log", "fail", f"cannot be reached: {error}", advice)]
    wrong = [plan for plan in plans if plan.action != "none"]
    found = "; ".join(f"{plan.topic} {plan.detail}" for plan in wrong) or f"{len(plans)} topics as they should be"
    advice = "run: crmesh topics plan, and then: crmesh topics apply"
    return [
        finding("system", "log", "ok", "answers", ""),
        finding("system", "topics", failed_if(bool(wrong)), found, advice),
        _check_copies(plans, production=production),
    ]


def _check_copies(plans: Sequence[TopicPlan], *, production: bool) -> Finding:
    states = {plan.topic: plan.state for plan in plans if plan.state is not None}
    behind = [topic for topic, state in states.items() if state.in_sync < state.replicas]
    single = [topic for topic, state in states.items() if state.replicas < 2]
    thin = [
        topic
        for topic, state in states.items()
        if state.replicas > 1 and int(state.settings.get("min.insync.replicas", "1")) < 2
    ]
    level: Level = "ok"
    found = "every topic has its copies"
    if behind:
        level, found = "fail", f"copies are behind: {', '.join(behind)}"
    elif thin:
        level, found = "warn", f"min.insync.replicas is 1: {', '.join(thin)}"
    elif single:
        level, found = "warn" if production else "ok", f"{len(single)} topics have one copy"
    advice = (
        "have three brokers, three copies and min.insync.replicas=2: one disk must not take acknowledged facts along"
    )
    return finding("system", "copies", level, found, advice)


async def check_delivery(tx: Tx, bus: EventBus, subscriptions: Subscriptions) -> list[Finding]:
    """Lag, offsets that cannot be, dead letters of one service. Raises BusUnavailable."""
    service = subscriptions.service
    bounds = {topic: await bus.bounds(topic) for topic in subscriptions.topics()}
    lags: dict[str, int] = {}
    beyond = []
    for lane in subscriptions.lanes:
        stored = await stored_offsets(tx, lane.group, lane.topics())
        for place, (first, end) in sorted(each for topic in lane.topics() for each in bounds[topic].items()):
            at = stored.get(place, 0)
            lags[lane.name] = lags.get(lane.name, 0) + max(0, end - max(first, at))
            if at > end:
                beyond.append(f"{lane.name}: {place.topic}-{place.partition} stored {at}, ends at {end}")
    firsts = {place: first for found in bounds.values() for place, (first, _end) in found.items()}
    cut = [f"{place.topic}-{place.partition} begins at {first}" for place, first in sorted(firsts.items()) if first]
    return [
        finding(
            service,
            "lag",
            graded(max(lags.values(), default=0), LAG_WARN, LAG_FAIL),
            "records not yet applied: " + (", ".join(f"{count} in {name}" for name, count in lags.items()) or "none"),
            "see that the worker runs, and whether it keeps up (docs/operations/scaling.md)",
        ),
        finding(
            service,
            "log end",
            failed_if(bool(beyond)),
            "; ".join(beyond) or "no offset lies beyond it",
            "the log has lost its end: stop the workers, then: crmesh events replay (docs/operations/backup.md)",
        ),
        finding(
            service,
            "log begin",
            failed_if(bool(cut)),
            "; ".join(cut) or "the log begins at 0",
            "records were deleted and tables cannot be rebuilt any more: run: crmesh topics apply, and restore the log",
        ),
        await _check_dead_letters(bus, service),
    ]


async def _check_dead_letters(bus: EventBus, service: str) -> Finding:
    count, newest = 0, 0
    for place, (first, end) in (await bus.bounds(dead_letter_topic_of(service))).items():
        count += end - first
        if end > first and (records := await bus.read(place, end - 1, 1)):
            newest = max(newest, records[-1].timestamp_ms)
    age = clock.now().timestamp() - newest / 1000
    recent = count > 0 and age < RECENT_SECONDS
    found = f"{count}, the newest {age / 3600:.1f} h old" if count else "none"
    advice = f"each names its record and the error: crmesh events tail {service} --dead --json"
    return finding(service, "dead letters", "warn" if recent else "ok", found, advice)
