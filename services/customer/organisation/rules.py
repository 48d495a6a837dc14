"""Pure rules of the sales organisation: whose something new is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple
from uuid import UUID

from services.customer.accounts.rules import OwnerLeft


class Owners(NamedTuple):
    """Whose something new becomes that names nobody: `own` is the seller who makes it, `left` has who has left, with
    who led them last."""

    own: UUID | None
    left: Mapping[UUID, UUID | None]

    def default(self, of: UUID | None) -> UUID | None:
        """The seller who makes it, else the owner of what it belongs to, or who stands in for them; None: nobody.
        Raises OwnerLeft for a seller who makes it and has left."""
        if self.own is None:
            return None if of is None else self.left.get(of, of)
        if self.own in self.left:
            raise OwnerLeft(self.own)
        return self.own
