"""What channels may become."""

from __future__ import annotations

from datetime import date

from kit.errors import FieldError, Invalid
from kit.transitions import Move, Moves
from services.channels.channels.enums import ChannelState

MOVES: Moves[ChannelState] = {
    "archive": Move((ChannelState.ACTIVE,), ChannelState.ARCHIVED),
    "restore": Move((ChannelState.ARCHIVED,), ChannelState.ACTIVE),
}


class ChannelCycle(Invalid):
    """A channel would stand below itself."""

    code, title = "channel-cycle", "A channel would stand below itself"

    def __init__(self) -> None:
        super().__init__(errors=[FieldError("/parent_id", self.code, "the parent stands below this channel, or is it")])


def check_pilot(first: date | None, last: date | None) -> None:
    """A pilot has both of its days, in their order; raises Invalid."""
    if (first is None) != (last is None):
        missing = "pilot_from" if first is None else "pilot_to"
        raise Invalid(errors=[FieldError(f"/{missing}", "required", "a pilot has a first and a last day")])
    if first is not None and last is not None and last < first:
        raise Invalid(errors=[FieldError("/pilot_to", "date-order", "the pilot ends before it begins")])
