"""What another service owns is known through events alone: it may still come, and a caller is told to ask again."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from tests.architecture.source import functions_in, name_of, python_files, tree_of

OF_OTHERS = {
    "customer": {
        *("owner_id", "second_owner_id", "member_id", "partner_id", "channel_id", "deal_id", "quote_id"),
        *("promotion_id", "sku"),
    },
    "targets": {"account_id", "account_ids", "risk_alert_id", "channel_id", "product_line"},
    "channels": {"account_id", "account_ids", "owner_id", "member_id", "member_shares", "order_id", "opportunity_id"},
    "risk": {
        *("account_id", "partner_id", "owner_id", "member_id", "order_id", "agreement_id", "channel_id", "target_id"),
        "product_line",
    },
}
"""Fields, by service, that name what another service owns."""
HEARD = {
    "services/targets/adjustments/service.py: _check_tree refuses risk_alert_id",  # heard of, but of another target
}
"""What is known here, and no such thing as is asked for."""
FINAL, AS_YET = "UnknownReference", "NotHeardYet"


def _names(function: ast.AST) -> set[str]:
    return {node.id for node in ast.walk(function) if isinstance(node, ast.Name)}


def _said(node: ast.AST, *, plain: bool) -> set[str]:
    """Fields that a piece of code names: words of pointers such as `/entries/{n}/account_id`, and on request of strings
    such as `owner_id`."""
    texts = [one.value for one in ast.walk(node) if isinstance(one, ast.Constant) and isinstance(one.value, str)]
    return {word for text in texts if " " not in text and (plain or "/" in text) for word in text.split("/")}


def _names_fields_by_variable(function: ast.AST) -> bool:
    calls = (one for one in ast.walk(function) if isinstance(one, ast.Call) and isinstance(one.func, ast.Name))
    errors = (one for one in calls if isinstance(one.func, ast.Name) and one.func.id == "FieldError")
    return any(isinstance(one.args[0], ast.Name) for one in errors)


def _makers(tree: ast.AST) -> set[str]:
    """Functions that make the final refusal of whatever field they are given."""
    makes = (one for one in functions_in(tree) if isinstance(one.returns, ast.Name) and one.returns.id == FINAL)
    return {one.name for one in makes if AS_YET not in _names(one)}


def wrongly_final(tree: ast.AST, service: str) -> Iterator[str]:
    """Fields of others whose unknown values are refused for good: named in the refusal, or in a function that makes no
    other one."""
    makers = {FINAL, *_makers(tree)}
    for function in functions_in(tree):
        names = _names(function)
        calls = (one for one in ast.walk(function) if isinstance(one, ast.Call) and isinstance(one.func, ast.Name))
        refusals = [one for one in calls if isinstance(one.func, ast.Name) and one.func.id in makers]
        said = {word for one in refusals for word in _said(one, plain=True)}
        if FINAL in names and AS_YET not in names and function.name not in makers:
            said |= _said(function, plain=_names_fields_by_variable(function))
        yield from (f"{function.name} refuses {field}" for field in sorted(OF_OTHERS[service] & said))


def test_what_others_own_may_still_come() -> None:
    wrong = [
        f"{name_of(path)}: {each}"
        for service in OF_OTHERS
        for path in python_files(f"services/{service}")
        for each in wrongly_final(tree_of(path), service)
    ]
    assert set(wrong) == HEARD, f"raise {AS_YET} instead of {FINAL}"


def test_each_form_of_a_wrong_refusal_is_seen() -> None:
    forms = (
        'def f():\n raise UnknownReference(errors=[FieldError("/owner_id", "x", "y")])',
        'def f(one):\n at = [f"/member_shares/{each}" for each in one]\n raise UnknownReference(errors=at)',
        'def f(a):\n raise UnknownReference(errors=[FieldError(n, "x", "y") for n in ("owner_id", "sku")])',
        'def m(name) -> UnknownReference:\n return UnknownReference(name)\ndef f():\n raise m("account_id")',
        'def f():\n if x: raise NotHeardYet("/a")\n raise UnknownReference(errors=[FieldError("/order_id", "x", "y")])',
    )
    assert [len(list(wrongly_final(ast.parse(form), "channels"))) for form in forms] == [1] * len(forms)
    assert not list(wrongly_final(ast.parse(forms[0].replace("owner_id", "sku")), "channels")), "its own"
