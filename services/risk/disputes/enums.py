"""States of disputes, and what their deadlines are of."""

from __future__ import annotations

from enum import StrEnum


class DisputeState(StrEnum):
    """From the claim to its outcome."""

    OPENED = "opened"
    NEGOTIATING = "negotiating"
    MEDIATED = "mediated"
    LITIGATED = "litigated"
    SETTLED = "settled"
    JUDGED = "judged"
    CLOSED = "closed"


class DisputeDeadlineKind(StrEnum):
    """What a deadline beside the limitation is of."""

    ANSWER = "answer"
    EVIDENCE = "evidence"
    HEARING = "hearing"
    APPEAL = "appeal"
    PERFORMANCE = "performance"
    OTHER = "other"
