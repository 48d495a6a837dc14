"""Lists of rebates: accounts and ledger entries."""

from __future__ import annotations

from dataclasses import replace

from kit.db.lists import Field, ListSpec, fields_of
from services.channels.partners.models import Partner
from services.channels.programmes.models import RebateProgramme
from services.channels.rebates.enums import LedgerAccount

ACCOUNTS = ListSpec(
    source="rebate_account a LEFT JOIN partner p ON p.id = a.partner_id "
    "LEFT JOIN rebate_programme r ON r.id = a.programme_id",
    fields={
        "id": Field("a.id", "uuid"),
        "partner_id": Field("a.partner_id", "uuid"),
        "partner_code": replace(fields_of(Partner, "p")["code"], nullable=True),
        "programme_id": Field("a.programme_id", "uuid"),
        "programme_name": replace(fields_of(RebateProgramme, "r")["name"], nullable=True),
        "programme_version": Field("a.programme_version", "int"),
        "period_start": Field("a.period_start", "date", sortable=True),
        "period_end": Field("a.period_end", "date"),
        "currency": Field("a.currency", "currency"),
        "position": Field("a.position", "int"),
        "accrued": Field("a.accrued", "int"),
        "focus": Field("a.focus", "int", nullable=True),
        "baseline": Field("a.baseline", "int", nullable=True),
    },
    default_sort="period_start",
)
ENTRIES = ListSpec(
    source="rebate_entry e JOIN rebate_accrual x ON x.id = e.accrual_id",
    fields={
        "id": Field("e.id", "uuid"),
        "accrual_id": Field("e.accrual_id", "uuid"),
        "account_id": Field("e.account_id", "uuid"),
        "partner_id": Field("e.partner_id", "uuid"),
        "programme_id": Field("x.programme_id", "uuid"),
        "programme_version": Field("x.programme_version", "int"),
        "period_start": Field("x.period_start", "date"),
        "period_end": Field("x.period_end", "date"),
        "order_id": Field("e.order_id", "uuid"),
        "order_date": Field("x.order_date", "date"),
        "posting_date": Field("x.posting_date", "date"),
        "ledger_account": Field("e.ledger_account", enum=tuple(LedgerAccount)),
        "amount": Field("e.amount", "int"),
        "currency": Field("x.currency", "currency"),
        "volume": Field("x.volume", "int"),
        "position_before": Field("x.position_before", "int"),
        "position_after": Field("x.position_after", "int"),
        "slices": Field("x.slices", "json"),
        "taken_back": Field("x.taken_back", "json", nullable=True),
        "source_event_id": Field("x.source_event_id", "uuid"),
        "recorded_at": Field("e.recorded_at", "datetime", sortable=True),
    },
    default_sort="recorded_at",
)
