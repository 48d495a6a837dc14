"""What the resources of risk have in common with all others."""

from __future__ import annotations

from kit.ids import new_id
from kit.testing.service import ServiceHarness
from tests.risk.conftest import open_account
from tests.shared_suites.resources import Family, Listed, Patched, Scoped


async def profile(service: ServiceHarness) -> str:
    return f"/v1/credit-profiles/{await open_account(service, 700, owner_id=new_id())}"


class TestCreditProfiles(Listed, Patched, Scoped):
    family = Family(
        path="/v1/credit-profiles",
        noun="credit_profile",
        made=profile,
        patch={"credit_limit": 900},
        reason={"reason": "review"},
        reader="sales_director",
        stranger="channel_manager",
        foreign=("rep-1", "sales_rep"),
    )
