"""Lists of surveys, of their invitations and of answers."""

from __future__ import annotations

from kit.db.lists import ListSpec, fields_of, search_of
from services.customer.accounts.lists import filed_fields, joined_root
from services.customer.surveys.models import Answer, Invitation, Survey

SURVEYS = ListSpec(
    source="survey s",
    fields=fields_of(Survey, "s", sortable=("created_at", "name")),
    search=("s.name",),
    search_key=search_of(Survey, "s"),
    default_sort="-created_at",
)

INVITATIONS = ListSpec(
    source=f"survey_invitation i {joined_root('i.account_id')}",
    fields={
        **fields_of(Invitation, "i", sortable=("invited_at",), without=("token_sha256",)),
        **filed_fields("i.account_id"),
    },
    default_sort="-invited_at",
)

ANSWERS = ListSpec(
    source=f"survey_answer n {joined_root('n.account_id')}",
    fields={
        **fields_of(Answer, "n", sortable=("answered_at", "business_date"), without=("twelfths",)),
        **filed_fields("n.account_id"),
    },
    default_sort="-answered_at",
)
