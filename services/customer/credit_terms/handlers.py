"""What risk says of the credit of accounts -> days to pay."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from kit.db.database import Tx
from kit.events.handlers import Fact
from services.customer.credit_terms import repository
from services.customer.credit_terms.models import CreditTerms
from services.customer.events_in import CreditProfileHeard


async def project_terms(tx: Tx, facts: Sequence[Fact[CreditProfileHeard]]) -> None:
    """Keep the days to pay of each account; the facts of partners say nothing of one."""
    latest: dict[UUID, CreditTerms] = {}
    for heard in sorted((fact.data for fact in facts), key=lambda heard: heard.version):
        if heard.account_id is not None:
            latest[heard.account_id] = CreditTerms(
                account_id=heard.account_id, terms_days=heard.terms_days, version=heard.version
            )
    await repository.put_terms(tx, [latest[key] for key in sorted(latest)])
