"""The table of methods and the codes."""

from __future__ import annotations

import pytest

from modelport.protocol import methods
from modelport.protocol.methods import METHODS


@pytest.mark.parametrize("method", METHODS)
def test_the_params_type_is_named_after_the_method(method: str) -> None:
    noun, verb = method.split("/")
    assert METHODS[method].__name__ == f"{verb.title()}{noun.title()}Params"


def test_the_codes_are_those_of_the_contract() -> None:
    codes = {name: value for name, value in vars(methods).items() if isinstance(value, int)}
    assert codes == {
        "PARSE_ERROR": -32700,
        "INVALID_REQUEST": -32600,
        "METHOD_NOT_FOUND": -32601,
        "INVALID_PARAMS": -32602,
        "INTERNAL_ERROR": -32603,
        "SERVER_NOT_INITIALIZED": -32002,
        "REQUEST_CANCELLED": -32800,
        "CONTENT_MODIFIED": -32801,
        "REQUEST_FAILED": -32803,
    }
