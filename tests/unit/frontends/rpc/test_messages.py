"""Reading JSON-RPC messages, converting their params, writing replies."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelport.domain.errors import InvalidParams, RequestFailed
from modelport.frontends.rpc import messages
from modelport.frontends.rpc.messages import Incoming, Malformed, convert, read
from modelport.protocol import types
from modelport.protocol.secret import Secret

CANARY = "sk-canary-0123456789abcdef"


def body(**fields: Any) -> bytes:
    return json.dumps({"jsonrpc": "2.0", **fields}).encode()


def malformed(data: bytes) -> tuple[int, Any]:
    """The code and the id of the answer to a message that cannot be served."""
    with pytest.raises(Malformed) as bad:
        read(data)
    assert bad.value.message.endswith(".")
    return bad.value.code, bad.value.id


# Reading.


@pytest.mark.parametrize("id_", [0, 1, -5, "", "a", "1", 2**53, 2**63])
def test_a_request(id_: Any) -> None:
    message = read(body(id=id_, method="a/b", params={"x": 1}))
    assert (message.kind, message.id, message.method, message.params) == ("request", id_, "a/b", {"x": 1})


def test_a_notification_has_no_id() -> None:
    message = read(body(method="a/b"))
    assert (message.kind, message.id, message.params) == ("notification", "", {})


@pytest.mark.parametrize(
    "fields", [{"id": 1, "result": None}, {"id": "a", "error": {"code": 1}}, {"id": None, "result": {}}]
)
def test_a_response(fields: dict[str, Any]) -> None:
    message = read(body(**fields))
    assert message.kind == "response"
    assert message.raw["jsonrpc"] == "2.0"


@pytest.mark.parametrize("fields", [{}, {"params": None}, {"params": {}}])
def test_missing_params_are_none_at_all(fields: dict[str, Any]) -> None:
    assert read(body(id=1, method="m", **fields)).params == {}


@pytest.mark.parametrize("params", [[1], "text", 5, False, [], ""])
def test_params_of_another_kind_are_kept_as_they_are(params: Any) -> None:
    assert read(body(id=1, method="m", params=params)).params == params


def test_a_message_inside_params_is_only_data() -> None:
    inner = {"jsonrpc": "2.0", "id": 9, "method": "other", "params": {"jsonrpc": "2.0", "result": 1}}
    message = read(body(id=1, method="m", params=inner))
    assert (message.id, message.method, message.params) == (1, "m", inner)


def test_1_and_the_text_1_are_different_ids() -> None:
    assert read(body(id=1, method="m")).key != read(body(id="1", method="m")).key


@pytest.mark.parametrize(
    ("data", "code", "id_"),
    [
        (b"", -32700, None),
        (b"{", -32700, None),
        (b"{'a': 1}", -32700, None),
        (b'{"jsonrpc":"2.0","id":1,"method":"m"} x', -32700, None),
        (b"\xff\xfe", -32700, None),
        (b"[" * 100_000, -32700, None),
        (b'{"jsonrpc":"2.0","id":1,"method":"m","params":' + b"[" * 100_000, -32700, None),
        (b"[]", -32600, None),
        (b'[{"jsonrpc":"2.0","id":1,"method":"m"}]', -32600, None),
        (b"5", -32600, None),
        (b'"text"', -32600, None),
        (b"null", -32600, None),
        (b"{}", -32600, None),
        (b'{"id":7,"method":"m"}', -32600, 7),
        (b'{"jsonrpc":"1.0","id":8,"method":"m"}', -32600, 8),
        (b'{"jsonrpc":2.0,"id":"x","method":"m"}', -32600, "x"),
        (b'{"jsonrpc":"2.0","id":9}', -32600, 9),
        (b'{"jsonrpc":"2.0","id":10,"method":5}', -32600, 10),
        (b'{"jsonrpc":"2.0","id":10,"method":null,"params":{}}', -32600, 10),
        (b'{"jsonrpc":"2.0","id":null,"method":"m"}', -32600, None),
        (b'{"jsonrpc":"2.0","id":true,"method":"m"}', -32600, None),
        (b'{"jsonrpc":"2.0","id":{"a":1},"method":"m"}', -32600, None),
        (b'{"jsonrpc":"2.0","id":[1],"method":"m"}', -32600, None),
        (b'{"jsonrpc":"2.0","id":1.5,"method":"m"}', -32600, 1.5),
    ],
)
def test_what_cannot_be_served(data: bytes, code: int, id_: Any) -> None:
    assert malformed(data) == (code, id_)


@pytest.mark.parametrize(
    ("text", "meant"), [("a\\ud83d", "a\ufffd"), ("\\ude00b", "\ufffdb"), ("\\ud83d\\ude00", "😀"), ("naïve", "naïve")]
)
def test_half_a_character_is_replaced_and_the_rest_is_served(text: str, meant: str) -> None:
    data = '{"jsonrpc":"2.0","id":1,"method":"m","params":{"prompt":"%s","é":"%s"}}' % (text, text)  # noqa: UP031
    assert read(data.encode()).params == {"prompt": meant, "é": meant}


@pytest.mark.parametrize(("data", "meant"), [(b"caf\xe9", "caf\ufffd"), (b"\xff", "\ufffd"), (b"\xc3\xa9", "é")])
def test_bytes_that_are_not_utf_8_are_replaced_and_the_rest_is_served(data: bytes, meant: str) -> None:
    message = read(b'{"jsonrpc":"2.0","id":1,"method":"%b","params":{"%b":"%b"}}' % (data, data, data))
    assert (message.id, message.method, message.params) == (1, meant, {meant: meant})


@pytest.mark.parametrize("message_id", [1, "a", "é", "\ud83d", "a\udd8a\ud83d", 2**64, 10**4000])
def test_an_id_goes_back_as_it_came(message_id: Any) -> None:
    message = read(body(id=message_id, method="m"))
    assert json.loads(messages.result(message.id, None))["id"] == message_id


@pytest.mark.parametrize(
    "write",
    [
        lambda text: messages.result(1, {text: text}),
        lambda text: messages.error(1, -1, text),
        lambda text: messages.failure(1, RequestFailed("network", text, provider=text)),
        lambda text: messages.notification("a", types.StatusChangedParams(kind="normal", busy=True, message=text)),
        lambda text: messages.log_message("info", text),
        messages.show_message,
        lambda text: messages.progress(text, {"kind": "begin", "title": text}),
    ],
)
@pytest.mark.parametrize(("text", "meant"), [("a\ud83d", "a\ufffd"), ("caf\udce9", "caf\ufffd"), ("\udcc3\udca9", "é")])
def test_whatever_text_is_sent_is_utf_8(write: Any, text: str, meant: str) -> None:
    assert meant in json.dumps(json.loads(write(text).decode()), ensure_ascii=False)


JSON = st.recursive(st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.text(max_size=5), lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3))  # fmt: skip


@given(JSON)
def test_any_json_is_read_or_refused(value: Any) -> None:
    try:
        assert isinstance(read(json.dumps(value).encode()), Incoming)
    except Malformed as bad:
        assert bad.code == -32600  # noqa: PT017


@given(st.binary(max_size=30))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    try:
        read(data)
    except Malformed as bad:
        assert bad.code in (-32700, -32600)  # noqa: PT017


# Converting params.


def test_params_become_their_type() -> None:
    read_ = convert({"model": "m", "timeoutMs": 5, "toolChoice": {"name": "f"}}, types.CreateCompletionParams)
    assert (read_.model, read_.timeout_ms, read_.tool_choice) == ("m", 5, types.NamedToolChoice(name="f"))


def test_secrets_are_wrapped_by_the_conversion() -> None:
    read_ = convert({"provider": "p", "apiKey": "k", "headers": {"x": "y"}}, types.ConnectProviderParams)
    assert read_.api_key == Secret("k")
    assert read_.headers == {"x": Secret("y")}


MESSAGE = {"role": "user", "content": "x"}


@pytest.mark.parametrize(
    ("params", "kind", "field", "words"),
    [
        ([1], types.ListProviderParams, "params", "an object"),
        ("x", types.ListProviderParams, "params", "an object"),
        ({"timeoutMs": "5"}, types.CreateCompletionParams, "timeoutMs", "a whole number"),
        ({"timeoutMs": 1.5}, types.CreateCompletionParams, "timeoutMs", "a whole number"),
        ({"timeoutMs": True}, types.CreateCompletionParams, "timeoutMs", "a whole number"),
        ({"prompt": 5}, types.CreateCompletionParams, "prompt", "a text"),
        ({"messages": {}}, types.CreateCompletionParams, "messages", "a list"),
        ({"messages": [5]}, types.CreateCompletionParams, "messages[0]", "an object"),
        ({"messages": [MESSAGE, {"role": "robot"}]}, types.CreateCompletionParams, "messages[1].role", "must be one of system, user, assistant, tool."),
        ({"messages": [{"content": "x"}]}, types.CreateCompletionParams, "messages[0].role", "missing"),
        ({"messages": [{"role": "user", "content": 5}]}, types.CreateCompletionParams, "messages[0].content", "a text or a list"),
        ({"messages": [{"role": "user", "content": [{"type": "text"}]}]}, types.CreateCompletionParams, "messages[0].content[0].text", "missing"),
        ({"messages": [{"role": "user", "content": [{}]}]}, types.CreateCompletionParams, "messages[0].content[0].type", "missing"),
        ({"messages": [{"role": "user", "content": [{"type": "sound"}]}]}, types.CreateCompletionParams, "messages[0].content[0].type", "must be one of text, image."),
        ({"tools": [{"name": "f", "parameters": []}]}, types.CreateCompletionParams, "tools[0].parameters", "an object"),
        ({"toolChoice": 5}, types.CreateCompletionParams, "toolChoice", "a text or an object"),
        ({"parameters": []}, types.CreateCompletionParams, "parameters", "an object"),
        ({"provider": "p"}, types.SetCredentialParams, "secret", "missing"),
        ({"provider": "p", "secret": 5}, types.SetCredentialParams, "secret", "a text"),
        ({"verify": "yes"}, types.ConnectProviderParams, "verify", "true or false"),
        ({"headers": {"X-Key": 5}}, types.ConnectProviderParams, "headers[...]", "a text"),
        ({"dialect": "x"}, types.ConnectProviderParams, "dialect", "must be one of openai_chat, openai_responses,"),
        ({"level": "deep"}, types.DiscoverAgentParams, "level", "must be one of static, probe, verify."),
        ({"groupBy": "week"}, types.SummaryUsageParams, "groupBy", "must be one of model, provider, client, project, role, costSource, day."),
        ({"groupBy": ["day", "week"]}, types.SummaryUsageParams, "groupBy[1]", "must be one of model, provider,"),
        ({"responseFormat": {"type": "xml"}}, types.CreateCompletionParams, "responseFormat.type", "must be one of text, json,"),
        ({"toolChoice": "maybe"}, types.CreateCompletionParams, "toolChoice", "must be one of auto, none, required, or an object."),
        ({"sort": "taste"}, types.SearchModelParams, "sort", "must be one of name, provider, price, context, output."),
        ({"requires": ["tools", "taste"]}, types.SearchModelParams, "requires[1]", "must be one of tools, reasoning, vision,"),
        ({"before": 5}, types.DeltaUsageParams, "before", "an object"),
    ],
)  # fmt: skip
def test_the_first_field_that_is_wrong_is_named(params: Any, kind: Any, field: str, words: str) -> None:
    with pytest.raises(InvalidParams) as refused:
        convert(params, kind)
    error = refused.value
    assert error.field == field
    assert field in error.message
    assert words in error.message
    assert error.message.endswith(".")


@pytest.mark.parametrize(
    ("params", "kind"),
    [
        ({"dialect": CANARY}, types.ConnectProviderParams),
        ({"verify": CANARY}, types.ConnectProviderParams),
        ({"timeoutMs": CANARY}, types.ConnectProviderParams),
        ({"headers": {CANARY: 5}}, types.ConnectProviderParams),
        ({"headers": CANARY}, types.ConnectProviderParams),
        ({"provider": "p", "secret": [CANARY]}, types.SetCredentialParams),
        ({"messages": [{"role": CANARY, "content": "x"}]}, types.CreateCompletionParams),
        ({"messages": [{"role": "user", "content": [{"type": CANARY}]}]}, types.CreateCompletionParams),
        ({"messages": [{"role": "user", "content": [CANARY]}]}, types.CreateCompletionParams),
        ({"before": CANARY}, types.DeltaUsageParams),
    ],
)
def test_no_value_is_repeated_since_one_of_them_may_be_a_key(params: Any, kind: Any) -> None:
    with pytest.raises(InvalidParams) as refused:
        convert(params, kind)
    assert CANARY not in refused.value.message
    assert CANARY not in str(refused.value.data())
    # Nor by the error that caused it, which a log might show.
    assert CANARY not in str(refused.value.__cause__)


def test_unknown_fields_are_ignored_and_null_is_absent() -> None:
    read_ = convert({"prompt": "x", "made": {"up": 1}, "model": None}, types.CreateCompletionParams)
    assert read_ == types.CreateCompletionParams(prompt="x")


def test_a_whole_number_may_be_written_with_a_point() -> None:
    # Some languages have one kind of number only, and write 5 as 5.0.
    assert convert({"timeoutMs": 5.0}, types.CreateCompletionParams).timeout_ms == 5


# Writing.


def test_a_reply() -> None:
    written = json.loads(messages.result("a", types.Empty()))
    assert written == {"jsonrpc": "2.0", "id": "a", "result": {}}
    assert json.loads(messages.result(1, None)) == {"jsonrpc": "2.0", "id": 1, "result": None}


@pytest.mark.parametrize("id_", [1, "a", 'naïve "quoted"'])
def test_an_id_is_written_as_it_was_read(id_: Any) -> None:
    assert json.loads(messages.encode(id_)) == id_


@pytest.mark.parametrize("id_", [None, 1, "a", 1.5])
def test_an_error(id_: Any) -> None:
    written = json.loads(messages.error(id_, -32603, "No.", types.ErrorData(log_id="x")))
    assert written == {"jsonrpc": "2.0", "id": id_, "error": {"code": -32603, "message": "No.", "data": {"logId": "x"}}}
    assert "data" not in json.loads(messages.error(id_, -32603, "No."))["error"]


def test_the_contracts_errors_have_their_codes() -> None:
    wrong = json.loads(messages.failure(1, InvalidParams("No.", field="x")))["error"]
    assert (wrong["code"], wrong["message"], wrong["data"]) == (-32602, "No.", {"field": "x"})
    failed = json.loads(messages.failure(1, RequestFailed("tls", "No.")))["error"]
    assert (failed["code"], failed["data"]) == (-32803, {"kind": "tls", "retryable": False})


def test_notifications() -> None:
    written = json.loads(messages.notification("a/b", types.StatusChangedParams(kind="k", busy=True)))
    assert written == {"jsonrpc": "2.0", "method": "a/b", "params": {"kind": "k", "busy": True}}
    written = json.loads(messages.progress("t", {"kind": "begin", "title": "Asking"}))
    assert written == {"jsonrpc": "2.0", "method": "$/progress", "params": {"token": "t", "value": {"kind": "begin", "title": "Asking"}}}  # fmt: skip
