"""The reply to ``initialize`` says exactly what this build does."""

from __future__ import annotations

import json
from importlib.metadata import version

from lsprotocol import converters
from lsprotocol.types import InitializeResult

from modelport.frontends.lsp.handlers.table import HANDLERS
from modelport.protocol.initialize import INITIALIZE_RESULT, VERSION
from modelport.protocol.methods import METHODS

RESULT = json.loads(INITIALIZE_RESULT)


def test_it_advertises_every_method_that_has_a_handler_and_no_other() -> None:
    advertised = RESULT["capabilities"]["experimental"]["modelport"]["methods"]
    assert set(advertised) == set(HANDLERS) == set(METHODS)
    assert len(advertised) == len(set(advertised))


def test_every_method_is_a_command_too() -> None:
    commands = RESULT["capabilities"]["executeCommandProvider"]["commands"]
    assert commands == ["modelport." + method.replace("/", ".") for method in METHODS]


def test_it_names_the_protocol_and_the_package() -> None:
    assert RESULT["capabilities"]["experimental"]["modelport"]["protocolVersion"] == "1.0"
    assert RESULT["serverInfo"] == {"name": "modelport", "version": VERSION}
    assert version("modelport") == VERSION


def test_lsprotocol_reads_it() -> None:
    result = converters.get_converter().structure(RESULT, InitializeResult)
    assert result.capabilities.execute_command_provider is not None
