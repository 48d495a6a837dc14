"""What dates bring about: documents of partners are warned of before they end."""

from __future__ import annotations

from kit.due.due import Due
from services.channels.partner_documents.models import PartnerDocument
from services.channels.partner_documents.service import warn

PARTNER_DOCUMENTS_DUE = Due("partner_document", PartnerDocument, warn, "t.due_at IS NOT NULL")
