"""Events of other services -> directories (projections: pure functions of the events)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kit.db.database import Tx
from kit.events.handlers import Fact
from kit.security.principals import replace_principal
from services.customer.directories import repository
from services.customer.directories.models import PartnerEntry, ProductEntry, UnitCost
from services.customer.events_in import MemberHeard, PartnerHeard, ProductHeard


async def project_member(tx: Tx, facts: Sequence[Fact[MemberHeard]]) -> None:
    """Replace the memberships of each member by those of its latest event."""
    latest = {fact.data.id: fact.data for fact in facts}
    for member in latest.values():
        rows: list[dict[str, Any]] = [
            {
                "id": member.id,
                "valid_from": membership.valid_from,
                "valid_to": membership.valid_to,
                "code": member.code,
                "subject": member.subject,
                "path": membership.path,
            }
            for membership in member.memberships
        ]
        await replace_principal(tx, rows)


async def project_partner(tx: Tx, facts: Sequence[Fact[PartnerHeard]]) -> None:
    """Keep code and state of each partner."""
    latest = {fact.data.id: fact.data for fact in facts}
    await repository.put_partners(tx, [PartnerEntry(**latest[key].model_dump()) for key in sorted(latest)])


async def project_product(tx: Tx, facts: Sequence[Fact[ProductHeard]]) -> None:
    """Keep product line, activity and costs of each product."""
    latest = {fact.data.sku: fact.data for fact in facts}
    rows = [
        ProductEntry(
            sku=product.sku,
            product_id=product.id,
            product_line=product.product_line,
            is_active=product.is_active,
            version=product.version,
            costs=None if product.costs is None else tuple(UnitCost(**one.model_dump()) for one in product.costs),
        )
        for product in (latest[sku] for sku in sorted(latest))
    ]
    await repository.put_products(tx, rows)
