"""What the resources of channels have in common with all others."""

from __future__ import annotations

from services.channels.events_out import PartnerApplied, ProductChanged
from tests.channels.conftest import programme
from tests.shared_suites.resources import Created, Family, Listed, Patched, Read


class TestPartners(Created, Listed, Patched):
    family = Family(
        path="/v1/partners",
        noun="partner",
        body={"code": "P-1", "name": "Harbour Distribution", "kind": "distributor", "regions": ["CN-SH"]},
        other={"code": "P-2"},
        patch={"name": "Harbour", "regions": ["CN-SH", "CN-ZJ"]},
        reader="sales_rep",
        said=PartnerApplied,
        changed=PartnerApplied,
    )


class TestProducts(Created, Listed, Patched):
    family = Family(
        path="/v1/products",
        noun="product",
        body={"sku": "CD-ROCK", "name": "Compact disc, rock", "product_line": "rock"},
        other={"sku": "CD-JAZZ"},
        patch={"name": "Rock", "is_active": False},
        reader="sales_rep",
        said=ProductChanged,
        changed=ProductChanged,
    )


class TestProgrammes(Created, Listed, Read):
    family = Family(
        path="/v1/rebate-programmes",
        noun="rebate_programme",
        body=programme(),
        other={"name": "Other"},
        reader="sales_director",
        stranger="sales_rep",
    )
