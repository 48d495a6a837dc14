"""What tasks of partners may become, and what they keep from happening."""

from __future__ import annotations

from kit.errors import Conflict
from kit.transitions import Move, Moves
from services.channels.partner_tasks.enums import PartnerTaskState

MOVES: Moves[PartnerTaskState] = {
    "complete": Move((PartnerTaskState.OPEN,), PartnerTaskState.DONE),
    "reopen": Move((PartnerTaskState.DONE,), PartnerTaskState.OPEN),
}


class TasksOpen(Conflict):
    code, title = "tasks-open", "Mandatory tasks of the partner are open"
