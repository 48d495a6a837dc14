"""As of surveys."""

from tests.customer.surveys.conftest import days, forms

__all__ = ["days", "forms"]
