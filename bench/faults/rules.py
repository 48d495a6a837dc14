"""Pure checks: acknowledged commands against the log, order per aggregate and key, credit limits."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from bench.faults.client import Ack
from kit.events.bus import Record
from kit.events.envelope import Event
from kit.events.projections import MAX_FAILED_KEYS

LOST, DUPLICATED, REORDERED, UNEQUAL, WRONG = "lost", "duplicated", "reordered", "unequal", "wrong"
Occurrence = tuple[Record, Event]
Identity = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Damage:
    """One thing that is not as it must be."""

    kind: str
    what: str


VERSIONED = {
    "account": "customer.account.created.v1",
    "place": "customer.order.placed.v1",
    "fulfil": "customer.order.fulfilled.v1",
    "cancel": "customer.order.cancelled.v1",
    "payment": "customer.payment.received.v1",
    "unit": "targets.unit.changed.v1",
    "member": "targets.member.joined.v1",
    "move": "targets.member.moved.v1",
    "product": "channels.product.changed.v1",
    "partner": "channels.partner.applied.v1",
    "activate": "channels.partner.activated.v1",
    "publish": "channels.rebate_programme.published.v1",
}
"""Commands whose event carries the version that the answer shows."""

BY_PAYLOAD = {
    "customer.payment.refunded.v1": ("id",),
    "customer.order.returned.v1": ("return_id",),
    "risk.credit.reserved.v1": ("order_id", "placement", "decision"),
}
COMMANDED = {*VERSIONED.values(), *BY_PAYLOAD}


def expected_of(ack: Ack) -> Identity | None:
    """What identifies the event of an acknowledged command; None when it announces nothing."""
    if ack.kind == "refund":
        return ("customer.payment.refunded.v1", ack.id)
    if ack.kind == "return":
        return ("customer.order.returned.v1", ack.id)
    if ack.kind == "override":
        return ("risk.credit.reserved.v1", str(ack.answer["order_id"]), str(ack.answer["placement"]), "override")
    if ack.kind not in VERSIONED or (ack.kind == "cancel" and not ack.answer["placement"]):
        return None
    return (VERSIONED[ack.kind], ack.id, str(ack.answer["version"]))


def identity_of(event: Event) -> Identity:
    """The same of an event."""
    fields = BY_PAYLOAD.get(event.type)
    if fields:
        return (event.type, *(str(event.payload.get(name)) for name in fields))
    return (event.type, event.subject, str(event.sequence))


def index_of(occurrences: Iterable[Occurrence]) -> dict[Identity, list[Occurrence]]:
    """First occurrences by identity."""
    index: dict[Identity, list[Occurrence]] = defaultdict(list)
    for record, event in occurrences:
        index[identity_of(event)].append((record, event))
    return index


def check_acks(acks: Sequence[Ack], index: dict[Identity, list[Occurrence]], ignored: Collection[UUID]) -> list[Damage]:
    """Every acknowledged command has exactly one event, and every event of a command was asked for."""
    damage = []
    wanted: dict[Identity, Ack] = {}
    for ack in acks:
        identity = expected_of(ack)
        if identity is None:
            continue
        if identity in wanted:
            damage.append(Damage(DUPLICATED, f"{ack.kind} {ack.id}: two commands were answered with one effect"))
        wanted[identity] = ack
        found = len(index.get(identity, ()))
        if found != 1:
            damage.append(Damage(DUPLICATED if found else LOST, f"{ack.kind} {ack.id}: {found} events {identity}"))
    for identity, found_here in index.items():
        automatic = identity[0] == "risk.credit.reserved.v1" and identity[-1] != "override"
        if identity[0] in COMMANDED and not automatic and identity not in wanted:
            fresh = [event for _record, event in found_here if event.id not in ignored]
            damage += [Damage(DUPLICATED, f"nobody asked for {identity}") for _event in fresh]
    return damage


COUNTED_APART = {
    "customer.lifecycle.": "life",
    "customer.churn.": "life",
    "customer.grade.": "grade",
    "customer.satisfaction.": "satisfaction",
    "targets.attainment.": "judged",
    "risk.credit.grade_changed.": "profile",
    "risk.credit.limit_changed.": "profile",
}
"""What is judged of an account or a target is counted apart from its own changes, the credit profile of an account
apart from its money: by the beginning of the type."""


def counter_of(event_type: str) -> str:
    """Which of the counters of a subject an event has its sequence from; empty: the subject's own."""
    return next((name for start, name in COUNTED_APART.items() if event_type.startswith(start)), "")


def check_subjects(occurrences: Sequence[Occurrence], ignored: Collection[UUID]) -> list[Damage]:
    """First occurrences of an aggregate are in one partition, in the order of their sequence."""
    damage = []
    latest: dict[tuple[str, str, str], tuple[int, int]] = {}
    for record, event in occurrences:
        if event.id in ignored:
            continue
        subject = (record.topic, counter_of(event.type), event.subject)
        partition, sequence = latest.get(subject, (record.partition, -1))
        # an order may accrue in several programmes by one event: the same sequence in a row is in order
        if partition != record.partition or event.sequence < sequence:
            damage.append(Damage(REORDERED, f"{event.type} of {event.subject}: {event.sequence} after {sequence}"))
        latest[subject] = (record.partition, max(sequence, event.sequence))
    return damage


def check_lanes(acks: Sequence[Ack], index: dict[Identity, list[Occurrence]]) -> list[Damage]:
    """Commands of one lane and key stand in the log as they were acknowledged."""
    damage = []
    latest: dict[tuple[str, str, str], int] = {}
    for ack in acks:
        identity = expected_of(ack)
        found = index.get(identity, []) if identity else []
        if not ack.key or len(found) != 1:
            continue
        record, event = found[0]
        place = (ack.lane, record.topic, event.key)
        if record.offset < latest.get(place, -1):
            damage.append(Damage(REORDERED, f"{ack.kind} {ack.id} of lane {ack.lane} stands before an earlier command"))
        latest[place] = max(latest.get(place, -1), record.offset)
    return damage


RESERVED, REFUSED = "risk.credit.reserved.v1", "risk.credit.refused.v1"
_SIGN = {RESERVED: 1, "risk.credit.charged.v1": 1, "risk.credit.released.v1": -1}
"""What moves the exposure of an account, and which way; holds, grades and limits move none."""


def check_limits(facts: Iterable[Event]) -> list[Damage]:
    """Replays risk's facts per account: each decision saw the true exposure, and no automatic one passed the limit."""
    damage = []
    balances: dict[str, int] = defaultdict(int)
    for event in facts:
        if event.type not in _SIGN and event.type != REFUSED:
            continue
        fact: dict[str, Any] = event.payload
        account = fact["account_id"]
        if event.type in (RESERVED, REFUSED):
            if fact["exposure_before"] != balances[account]:
                text = f"{event.type} {fact['order_id']} saw {fact['exposure_before']}, not {balances[account]}"
                damage.append(Damage(WRONG, text))
            use = max(0, balances[account]) + fact["amount"]
            if event.type == RESERVED and fact["decision"] == "automatic" and use > fact["limit"]:
                damage.append(Damage(WRONG, f"order {fact['order_id']} passes the limit: {use} > {fact['limit']}"))
        if event.type in _SIGN:
            balances[account] += _SIGN[event.type] * fact["amount"]
    return damage


def compare_ids(what: str, acknowledged: Collection[str], stored: Collection[str]) -> list[Damage]:
    """Rows against acknowledged ids, both ways."""
    missing, extra = set(acknowledged) - set(stored), set(stored) - set(acknowledged)
    damage = [Damage(LOST, f"{what} {one} was acknowledged and is gone") for one in sorted(missing)]
    damage += [Damage(DUPLICATED, f"{what} {one} was never acknowledged") for one in sorted(extra)]
    repeated = len(acknowledged) - len(set(acknowledged))
    if repeated:
        damage.append(Damage(DUPLICATED, f"{repeated} answers name the {what} of another command"))
    return damage


def compare_sums(what: str, expected: dict[str, int], found: dict[str, int]) -> list[Damage]:
    """Sums per thing; what is missing counts as 0. Too little is lost, too much is duplicated."""
    damage = []
    for name in sorted(expected.keys() | found.keys()):
        wanted, got = expected.get(name, 0), found.get(name, 0)
        if wanted != got:
            damage.append(Damage(LOST if abs(got) < abs(wanted) else DUPLICATED, f"{what} {name}: {got}, not {wanted}"))
    return damage


def check_parked(
    service: str, parked: Iterable[Mapping[str, Any]], given_up: Collection[UUID], state: str, failed: Collection[str]
) -> list[Damage]:
    """What an operator gave up may lie there, and what waits in the insight lane for the projection that always fails
    (its `state`, empty where it is not switched on, and the keys it failed on): that is set aside at ten keys, and
    nothing waits for it then. `parked`: lane, key, event_id, type, error and discarded_at."""
    damage, held = list[Damage](), set(failed) if state == "live" else set()
    if len(held) >= MAX_FAILED_KEYS:
        damage.append(Damage(WRONG, f"{service} failed on {len(held)} keys and was not set aside"))
    for row in parked:
        is_given_up = row["discarded_at"] is not None and row["event_id"] in given_up
        is_held = row["discarded_at"] is None and row["lane"] == "insight" and row["key"] in held
        if not is_given_up and not is_held:
            damage.append(Damage(WRONG, f"{service} parked {row['type']} in {row['lane']}: {row['error'][:200]}"))
    return damage


ATTEMPTS = 5
"""A job whose worker has died so often is given up, and says so."""


def check_jobs(asked: Mapping[str, int], found: Mapping[str, tuple[str, str | None]]) -> list[Damage]:
    """Jobs that were asked for, with how often their worker was killed since; found: state and error of each."""
    damage = [Damage(LOST, f"job {job} was asked for and is not there") for job in asked if job not in found]
    for job, (state, error) in found.items():
        given_up = state == "failed" and error == f"worker died in {ATTEMPTS} attempts"
        if job not in asked:
            damage.append(Damage(WRONG, f"nobody asked for job {job}"))
        elif state != "succeeded" and not (given_up and asked[job] >= ATTEMPTS):
            damage.append(Damage(WRONG, f"job {job} is {state} after {asked[job]} deaths of its worker: {error}"))
    return damage
