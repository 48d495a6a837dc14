"""What activities refer to: contacts, opportunities and cases, found once for any number of activities."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from kit.errors import FieldError, UnknownReference
from kit.work import Work
from services.customer.accounts.filing import groups_of
from services.customer.activities.models import Activity
from services.customer.activities.schemas import ActivityContent
from services.customer.cases import service as cases
from services.customer.contacts import service as contacts
from services.customer.opportunities import service as opportunities

NAMED = ("contact_id", "opportunity_id", "case_id", "participants")
"""Fields that name what is of the account."""


def unknown(field: str, pointer: str = "") -> UnknownReference:
    """What a field names is not there, or not the caller's to see."""
    detail = f"no such {field.removesuffix('_id')}"
    return UnknownReference(detail, errors=[FieldError(pointer or f"/{field}", "unknown-reference", detail)])


@dataclass(frozen=True, slots=True, kw_only=True)
class References:
    """The accounts of what the caller sees, by field and id, and the accounts that are one with an account."""

    of: Mapping[str, Mapping[UUID, UUID | None]]
    groups: Mapping[UUID, Collection[UUID]]

    def check(self, activity: Activity, named: Collection[str]) -> None:
        """The fields named refer to what is the account's and what the caller sees; raises UnknownReference."""
        for field in ("contact_id", "opportunity_id", "case_id"):
            value = getattr(activity, field)
            if field in named and value is not None and not self._is_of(field, value, activity.account_id):
                raise unknown(field)
        for number, contact_id in enumerate(activity.participants if "participants" in named else ()):
            if activity.account_id is None or not self._is_of("contact_id", contact_id, activity.account_id):
                raise unknown("contact", f"/participants/{number}")

    def _is_of(self, field: str, value: UUID, account_id: UUID | None) -> bool:
        if value not in self.of[field]:
            return False
        other = self.of[field][value]
        return other == account_id or (account_id is not None and other in self.groups.get(account_id, ()))


async def load_references(
    work: Work, found: Sequence[Activity | ActivityContent], account_ids: Collection[UUID]
) -> References:
    """What activities, or the bodies that become some, refer to, and who these accounts are one with; a fixed number
    of statements."""

    def named(field: str) -> set[UUID]:
        return {value for one in found if (value := getattr(one, field)) is not None}

    people = named("contact_id") | {contact_id for one in found for contact_id in one.participants}
    return References(
        of={
            "contact_id": await contacts.accounts_of(work, people) if people else {},
            "opportunity_id": await opportunities.accounts_of(work, named("opportunity_id")),
            "case_id": await cases.accounts_of(work, named("case_id")),
        },
        groups=await groups_of(work, account_ids),
    )
