"""Working hours are a policy of the company."""

from __future__ import annotations

import json
from typing import Any

from alembic import op

revision = "0046"
down_revision = "0045"
branch_labels = None
depends_on = None

_OFFICE = [{"opens": "09:00", "closes": "12:00"}, {"opens": "13:00", "closes": "18:00"}]
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
HOURS: dict[str, Any] = {"weekdays": dict.fromkeys(_WEEKDAYS, _OFFICE), "makeup_windows": None}
_INSTALL = """
INSERT INTO customer_policy (id, kind, policy_version, body, reason, state, created_by, valid_from, activation)
VALUES ('01989f2e-0000-7000-8000-000000000006', 'hours', 1, '{}', 'Installed', 'active', 'system', '1900-01-01', 1)
"""
_KINDS = """
-- widens: words are added
-- squawk-ignore ban-drop-constraint
ALTER TABLE customer_policy DROP CONSTRAINT ck_customer_policy_kind,
ADD CONSTRAINT ck_customer_policy_kind CHECK (kind IN ({})) NOT VALID
"""


def upgrade() -> None:
    """Apply."""
    _allow("'sla', 'grading', 'lifecycle', 'churn', 'lead_score', 'hours'")
    op.execute(_INSTALL.format(json.dumps(HOURS).replace(":", r"\:")))


def downgrade() -> None:
    """Take back."""
    op.execute("DELETE FROM customer_policy WHERE kind = 'hours'")
    _allow("'sla', 'grading', 'lifecycle', 'churn', 'lead_score'")


def _allow(words: str) -> None:
    op.execute(_KINDS.format(words))
    with op.get_context().autocommit_block():
        op.execute("ALTER TABLE customer_policy VALIDATE CONSTRAINT ck_customer_policy_kind")
