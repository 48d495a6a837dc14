"""What is shown of an address to whom, and which one comes first."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.customer.contacts.rules import masked_email, primary_of
from services.customer.contacts.schemas import ContactCreate
from services.customer.persons.rules import masked_phone


def test_masks_of_the_page() -> None:
    assert masked_email("zhang@x.com") == "z***@x.com"
    assert masked_phone("+8613812345678") == "***5678"


@given(st.lists(st.booleans(), max_size=5))
def test_one_is_the_primary_one(marked: list[bool]) -> None:
    if sum(marked) > 1:
        with pytest.raises(ValueError, match="primary"):
            primary_of(marked)
        return
    found = primary_of(marked)
    assert sum(found) == min(len(marked), 1)
    assert all(is_primary for is_primary, was in zip(found, marked, strict=True) if was)


def test_the_words_of_channels_mean_one_thing() -> None:
    body = ContactCreate.model_validate(
        {"account_id": "01989f2e-0000-7000-8000-000000000001", "name": "x", "preferred_channel": "WeChat"}
    )
    assert body.preferred_channel == "wechat"
