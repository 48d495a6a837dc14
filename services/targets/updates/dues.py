"""What minutes bring about: marks become news of targets, and targets tell them."""

from __future__ import annotations

from kit.due.due import Due
from services.targets.credit_marks.models import CreditMark
from services.targets.updates.models import TargetNews
from services.targets.updates.service import follow_marks, tell_news

MARKS_DUE = Due("credit-mark", CreditMark, follow_marks, batch=1_000)
NEWS_DUE = Due("target-news", TargetNews, tell_news, "t.due_at IS NOT NULL", batch=100)
