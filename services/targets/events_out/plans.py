"""Plans that became what is active. Key: the id of the live root target."""

from __future__ import annotations

from datetime import date
from typing import Any, ClassVar, Literal
from uuid import UUID

from kit.events.contract import Published, sample_id
from services.targets.events_out.targets import TARGET


class PlanPromoted(Published):
    """A plan was promoted as a whole: so many targets were `adjusted` and so many `added`; each of them says so itself.

    `revision` is that of the live root since then. `leaves_sha256` is the SHA-256 of the live tree: a line `id amount`
    for each target that is not decomposed, in the order of their ids, each line ended by a line feed.
    """

    id: UUID
    root_id: UUID
    branch_id: UUID
    revision: int
    base_revision: int
    valid_from: date
    carry: Literal["none", "gap"]
    adjusted: int
    added: int
    leaves_sha256: str
    proposed_by: str | None
    approved_by: str | None
    promoted_by: str
    version: int
    changed: list[str]
    business_date: date

    TYPE: ClassVar[str] = "targets.plan.promoted.v1"
    SUBJECT: ClassVar[str] = "id"
    KEY: ClassVar[str] = "root_id"
    EXAMPLE: ClassVar[dict[str, Any]] = {
        "id": sample_id("cf"),
        "root_id": TARGET["id"],
        "branch_id": sample_id("d0"),
        "revision": 1,
        "base_revision": 0,
        "valid_from": "2026-02-01",
        "carry": "none",
        "adjusted": 3,
        "added": 0,
        "leaves_sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "proposed_by": "manager-north",
        "approved_by": "director",
        "promoted_by": "director",
        "version": 4,
        "changed": ["state"],
        "business_date": "2026-01-30",
    }


PUBLISHED: tuple[type[Published], ...] = (PlanPromoted,)
AGREED: tuple[type[Published], ...] = ()
