"""Messages that no client should send, and some do: each with the id that its one reply has, as JSON, or a silence."""

from __future__ import annotations

from typing import NamedTuple

DEPTHS = (129, 500, 1_000, 100_000)
HUGE = 10_000
"""Digits of a number that Python does not read by default."""


class OddMessage(NamedTuple):
    """A body; ``reply_id`` is the JSON of the id in its reply, None where none may come; ``code`` that of an error.

    ``code`` 0 is a result; None any of the two.
    """

    name: str
    body: bytes
    reply_id: str | None
    code: int | None = None


def _nested(depth: int, opening: bytes = b"[", closing: bytes = b"]") -> bytes:
    return opening * depth + closing * depth


def label(value: bytes) -> str:
    """A short name for a value: its length where it is long."""
    return value.decode() if len(value) < 30 else f"{value[:5].decode()} {len(value)}"


def _request(params: bytes, *, method: bytes = b"provider/status", id_: bytes = b'"x"') -> bytes:
    return b'{"jsonrpc":"2.0","id":%b,"method":"%b","params":%b}' % (id_, method, params)


def _chat(members: bytes) -> bytes:
    return _request(b'{"model":"mock/mock",%b}' % members, method=b"completion/create")


ENVELOPES = (
    OddMessage("id 1.0", _request(b"{}", id_=b"1.0"), "1", 0),
    OddMessage("id 1e2", _request(b"{}", id_=b"1e2"), "100", 0),
    OddMessage("id -0.0", _request(b"{}", id_=b"-0.0"), "0", 0),
    OddMessage("id 0", _request(b"{}", id_=b"0"), "0", 0),
    OddMessage("id -7", _request(b"{}", id_=b"-7"), "-7", 0),
    OddMessage("id 1.5", _request(b"{}", id_=b"1.5"), "1.5", -32600),
    OddMessage("id 2**64", _request(b"{}", id_=b"18446744073709551616"), "18446744073709551616", 0),
    OddMessage("id of 30 digits", _request(b"{}", id_=b"1" * 30), "1" * 30, 0),
    OddMessage("id of many digits", _request(b"{}", id_=b"1" * HUGE), "1" * HUGE, -32600),
    OddMessage("id 1e30", _request(b"{}", id_=b"1e30"), "1e30", -32600),
    OddMessage("id 1e400", _request(b"{}", id_=b"1e400"), "1e400", -32600),
    OddMessage("id -1e400", _request(b"{}", id_=b"-1e400"), "-1e400", -32600),
    OddMessage("id empty text", _request(b"{}", id_=b'""'), '""', 0),
    OddMessage("id text with a null", _request(b"{}", id_=rb'"a\u0000b"'), r'"a\u0000b"', 0),
    OddMessage("id long text", _request(b"{}", id_=b'"%b"' % (b"i" * 100_000)), f'"{"i" * 100_000}"', 0),
    OddMessage("id emoji", _request(b"{}", id_='"🦊"'.encode()), '"🦊"', 0),
    OddMessage("id half an emoji", _request(b"{}", id_=rb'"a\ud83d"'), r'"a\ud83d"', 0),
    OddMessage("id other half", _request(b"{}", id_=rb'"\udd8a"'), r'"\udd8a"', 0),
    OddMessage("id Latin-1", _request(b"{}", id_=b'"caf\xe9"'), r'"caf\ufffd"', 0),
    OddMessage("id null", _request(b"{}", id_=b"null"), "null", -32600),
    OddMessage("id true", _request(b"{}", id_=b"true"), "null", -32600),
    OddMessage("id false", _request(b"{}", id_=b"false"), "null", -32600),
    OddMessage("id object", _request(b"{}", id_=b'{"a":1}'), "null", -32600),
    OddMessage("id array", _request(b"{}", id_=b"[1]"), "null", -32600),
    *(OddMessage(f"id nested {n}", _request(b"{}", id_=_nested(n)), "null", -32600) for n in DEPTHS),
    OddMessage("two ids", b'{"jsonrpc":"2.0","id":1,"id":"x","method":"provider/status"}', '"x"', 0),
    OddMessage("two methods", b'{"jsonrpc":"2.0","id":1,"method":"a/b","method":"provider/status"}', "1", 0),
    OddMessage("two params", b'{"jsonrpc":"2.0","id":1,"method":"provider/status","params":[],"params":{}}', "1", 0),
    OddMessage("two versions", b'{"jsonrpc":"1.0","jsonrpc":"2.0","id":1,"method":"provider/status"}', "1", 0),
    OddMessage("version missing", b'{"id":"x","method":"provider/status"}', '"x"', -32600),
    OddMessage("version a number", b'{"jsonrpc":2.0,"id":"x","method":"provider/status"}', '"x"', -32600),
    OddMessage("version nested", b'{"jsonrpc":%b,"id":"x","method":"a"}' % _nested(1_000), '"x"', -32600),
    OddMessage("version 1e400", b'{"jsonrpc":1e400,"id":"x","method":"a"}', '"x"', -32600),
    OddMessage("method missing", b'{"jsonrpc":"2.0","id":"x"}', '"x"', -32600),
    OddMessage("method null", b'{"jsonrpc":"2.0","id":"x","method":null}', '"x"', -32600),
    OddMessage("method a number", b'{"jsonrpc":"2.0","id":"x","method":5}', '"x"', -32600),
    OddMessage("method 1e400", b'{"jsonrpc":"2.0","id":"x","method":1e400}', '"x"', -32600),
    OddMessage("method an object", b'{"jsonrpc":"2.0","id":"x","method":{}}', '"x"', -32600),
    OddMessage("method nested", b'{"jsonrpc":"2.0","id":"x","method":%b}' % _nested(100_000), '"x"', -32600),
    OddMessage("method empty", b'{"jsonrpc":"2.0","id":"x","method":""}', '"x"', -32601),
    OddMessage("method half an emoji", _request(b"{}", method=rb"a\ud83d"), '"x"', -32601),
    OddMessage("method Latin-1", _request(b"{}", method=b"caf\xe9"), '"x"', -32601),
    OddMessage("method with a null", _request(b"{}", method=rb"provider/status\u0000"), '"x"', -32601),
    OddMessage("method huge", _request(b"{}", method=b"m" * 1_000_000), '"x"', -32601),
    OddMessage("method reserved", _request(b"{}", method=b"rpc.discover"), '"x"', -32601),
    OddMessage("method of Python", _request(b"{}", method=b"__class__"), '"x"', -32601),
    OddMessage("method in capitals", _request(b"{}", method=b"Provider/Status"), '"x"', -32601),
    OddMessage("unknown members", b'{"jsonrpc":"2.0","id":"x","method":"provider/status","auth":{"a":[1]}}', '"x"', 0),
    OddMessage("nested member", _request(b"{}")[:-1] + b',"more":%b}' % _nested(100_000), '"x"', 0),
    OddMessage("member 1e400", _request(b"{}")[:-1] + b',"more":1e400}', '"x"', 0),
    OddMessage("member of many digits", _request(b"{}")[:-1] + b',"more":%b}' % (b"9" * HUGE), '"x"', 0),
    OddMessage("member half an emoji", _request(b"{}")[:-1] + rb',"\ud83d":"\ud83d"}', '"x"', 0),
    OddMessage("escaped member names", rb'{"jsonrpc":"2.0","\u0069d":"x","method":"provider/status"}', '"x"', 0),
    OddMessage("braces in a text", _request(rb'{"a":"}]\"{[","b":1e400}'), '"x"', 0),
    OddMessage("byte order mark", b"\xef\xbb\xbf" + _request(b"{}"), '"x"', 0),
    OddMessage("white space around", b" \r\n\t" + _request(b"{}") + b"\n\n", '"x"', 0),
    OddMessage("a method and a result", _request(b"{}")[:-1] + b',"result":1}', '"x"', 0),
)
BODIES = (
    OddMessage("empty", b"", "null", -32700),
    OddMessage("spaces", b"   ", "null", -32700),
    OddMessage("cut", _request(b'{"a":'), "null", -32700),
    OddMessage("cut in depth", b'{"jsonrpc":"2.0","id":"x","method":"a","params":' + b"[" * 100_000, "null", -32700),
    OddMessage("closed too often", _request(_nested(2_000) + b"]"), "null", -32700),
    OddMessage("closed otherwise", _request(_nested(2_000, b"[", b"}")), "null", -32700),
    OddMessage("text without an end", _request(_nested(2_000))[:-1] + b',"a":"', "null", -32700),
    OddMessage("two values", b"{}{}", "null", -32700),
    OddMessage("NaN", _request(b'{"a":NaN}'), "null", -32700),
    OddMessage("Infinity", _request(b'{"a":Infinity}'), "null", -32700),
    OddMessage("single quotes", b"{'jsonrpc':'2.0','id':1,'method':'provider/status'}", "null", -32700),
    OddMessage("comment", _request(b"{/* no */}"), "null", -32700),
    OddMessage("trailing comma", _request(b'{"a":1,}'), "null", -32700),
    OddMessage("control character", _request(b'{"a":"\x01"}'), "null", -32700),
    OddMessage("leading zero", _request(b'{"a":01}'), "null", -32700),
    OddMessage("binary", bytes(range(256)), "null", -32700),
    OddMessage("UTF-16", _request(b"{}").decode().encode("utf-16"), "null", -32700),
    OddMessage("UTF-32", _request(b"{}").decode().encode("utf-32-le"), "null", -32700),
    OddMessage("gzip", b"\x1f\x8b\x08\x00" + bytes(20), "null", -32700),
    OddMessage("null", b"null", "null", -32600),
    OddMessage("number", b"17", "null", -32600),
    OddMessage("a bare 1e400", b"1e400", "null", -32600),
    OddMessage("many digits", b"7" * HUGE, "null", -32600),
    OddMessage("half an emoji", rb'"\ud83d"', "null", -32600),
    OddMessage("Latin-1 text", b'"\xe9"', "null", -32600),
    OddMessage("batch", b"[%b]" % _request(b"{}"), "null", -32600),
    OddMessage("batch of two", b"[%b,%b]" % (_request(b"{}"), _request(b"{}")), "null", -32600),
    OddMessage("empty batch", b"[]", "null", -32600),
    *(OddMessage(f"batch nested {n}", _nested(n), "null", -32600) for n in DEPTHS),
    OddMessage("object nested", _nested(1_000, b'{"a":', b"}").replace(b":}", b":1}"), "null", -32600),
    OddMessage("empty object", b"{}", "null", -32600),
)
PARAMS = (
    *(OddMessage(f"params {p.decode()}", _request(p), '"x"', -32602) for p in (b"[]", b"[1]", b"0", b"false", b'""')),
    OddMessage("params null", _request(b"null"), '"x"', 0),
    OddMessage("params 1e400", _request(b"1e400"), '"x"', -32602),
    OddMessage("params of many digits", _request(b"4" * HUGE), '"x"', -32602),
    *(OddMessage(f"params nested {n}", _request(_nested(n)), '"x"', -32602) for n in DEPTHS),
    *(OddMessage(f"a field nested {n}", _request(b'{"a":%b}' % _nested(n)), '"x"', -32602) for n in DEPTHS),
    OddMessage("a field nested 100", _request(b'{"a":%b}' % _nested(100)), '"x"', 0),
    OddMessage("objects nested", _request(_nested(1_000, b'{"a":', b"}").replace(b":}", b":1}")), '"x"', -32602),
    OddMessage("deep beside wrong", _chat(b'"prompt":7,"a":%b' % _nested(1_000)), '"x"', -32602),
    OddMessage("100 deep beside wrong", _chat(b'"prompt":7,"a":%b' % _nested(100)), '"x"', -32602),
    OddMessage("deep and unknown method", _request(_nested(1_000), method=b"made/up"), '"x"', -32601),
    OddMessage("deep initialize", _request(_nested(1_000), method=b"initialize"), '"x"', -32600),
    OddMessage("deep command", _request(_nested(1_000), method=b"workspace/executeCommand"), '"x"', -32602),
    OddMessage(
        "command with deep arguments",
        _request(
            b'{"command":"modelport.usage.snapshot","arguments":[{"a":%b}]}' % _nested(100),
            method=b"workspace/executeCommand",
        ),
        '"x"',
        0,
    ),
    OddMessage(
        "command half an emoji", _request(rb'{"command":"\ud83d"}', method=b"workspace/executeCommand"), '"x"', -32602
    ),
    OddMessage(
        "command 1e400",
        _request(b'{"command":1e400,"arguments":[]}', method=b"workspace/executeCommand"),
        '"x"',
        -32602,
    ),
    OddMessage("unknown field 1e400", _request(b'{"a":1e400,"b":-1e400}'), '"x"', 0),
    OddMessage("unknown field of many digits", _request(b'{"a":%b}' % (b"9" * HUGE)), '"x"', 0),
    OddMessage("unknown field Latin-1", _request(b'{"caf\xe9":"\xe9"}'), '"x"', 0),
    OddMessage("two of a field", _chat(b'"prompt":"a","prompt":"hi"'), '"x"', 0),
    *(
        OddMessage(f"limit {label(n)}", _request(b'{"limit":%b}' % n, method=b"usage/history"), '"x"', -32602)
        for n in (
            b"1e400",
            b"-1e400",
            b"1e300",
            b"9" * HUGE,
            b"18446744073709551616",
            b"9" * 400,
            b"1.5",
            b'"1"',
            b"[]",
        )
    ),
    OddMessage("limit 5.0", _request(b'{"limit":5.0}', method=b"usage/history"), '"x"', 0),
    *(
        OddMessage(f"timeout {label(n)}", _chat(b'"prompt":"hi","timeoutMs":%b' % n), '"x"', -32602)
        for n in (b"1e400", b"9" * HUGE, b"9" * 400, b"9223372036854775808", b"-1", b"true")
    ),
    *(
        OddMessage(
            f"{name} {label(n)}",
            _chat(b'"prompt":"hi","parameters":{"%b":%b}' % (name.encode(), n)),
            '"x"',
            -32602,
        )
        for name in ("temperature", "max_tokens", "top_p", "seed", "keep_alive")
        for n in (b"1e400", b"9" * HUGE, b"9" * 400, b"{}", _nested(100))
    ),
    OddMessage("temperature half an emoji", _chat(rb'"prompt":"hi","parameters":{"temp\ud83d":1}'), '"x"', -32602),
    OddMessage("effort half an emoji", _chat(rb'"prompt":"hi","parameters":{"effort":"\ud83d"}'), '"x"', -32602),
    OddMessage("prompt half an emoji", _chat(rb'"prompt":"a\ud83d"'), '"x"', 0),
    OddMessage("prompt Latin-1", _chat(b'"prompt":"caf\xe9"'), '"x"', 0),
    OddMessage("prompt with a null", _chat(rb'"prompt":"a\u0000b"'), '"x"', 0),
    OddMessage("prompt overlong", _chat(b'"prompt":"\xc0\xaf \xed\xa0\xbd \xf5\x80\x80\x80"'), '"x"', 0),
    OddMessage(
        "model half an emoji", _request(rb'{"prompt":"x","model":"\ud83d"}', method=b"completion/create"), '"x"'
    ),
    OddMessage("system half an emoji", _chat(rb'"prompt":"x","system":"\udd8a"'), '"x"', 0),
    OddMessage("stream half an emoji", _chat(rb'"prompt":"","streamId":"\ud83d"'), '"x"'),
    OddMessage(
        "tool half an emoji",
        _chat(rb'"prompt":"x","tools":[{"name":"\ud83d","description":"\ud83d","parameters":{"\ud83d":"\ud83d"}}]'),
        '"x"',
    ),
    OddMessage(
        "tool with odd numbers",
        _chat(b'"prompt":"x","tools":[{"name":"t","parameters":{"maximum":1e400,"minimum":-%b}}]' % (b"9" * HUGE)),
        '"x"',
    ),
    OddMessage(
        "tool arguments odd",
        _chat(
            rb'"messages":[{"role":"user","content":"x"},{"role":"assistant","content":"","toolCalls":[{"id":"\ud83d",'
            rb'"name":"t","arguments":{"\udd8a":"\ud83d","n":1e400}}]},'
            rb'{"role":"tool","toolCallId":"\ud83d","content":"\ud83d"}]'
        ),
        '"x"',
    ),
    OddMessage(
        "key half an emoji",
        _request(rb'{"provider":"groq","apiKey":"gsk\ud83d0123456789","verify":false}', method=b"provider/connect"),
        '"x"',
        -32602,
    ),
    OddMessage(
        "stored key half an emoji",
        _request(rb'{"provider":"groq","secret":"gsk\ud83d0123456789"}', method=b"credential/set"),
        '"x"',
        -32602,
    ),
    OddMessage(
        "address half an emoji",
        _request(rb'{"provider":"openai","baseUrl":"http://\ud83d/","verify":false}', method=b"provider/connect"),
        '"x"',
    ),
    OddMessage(
        "address broken",
        _request(b'{"provider":"openai","baseUrl":"http://[x","verify":false}', method=b"provider/connect"),
        '"x"',
        -32602,
    ),
    OddMessage(
        "header half an emoji",
        _request(
            rb'{"provider":"openai","apiKey":"sk-0123456789abcdef","headers":{"\ud83d":"\ud83d"},"verify":false}',
            method=b"provider/connect",
        ),
        '"x"',
        -32602,
    ),
    OddMessage("query half an emoji", _request(rb'{"query":"\ud83d"}', method=b"model/search"), '"x"', 0),
    OddMessage("moment half an emoji", _request(rb'{"since":"\ud83d"}', method=b"usage/summary"), '"x"', -32602),
    OddMessage(
        "moment of year 0", _request(b'{"since":"0000-01-01T00:00:00Z"}', method=b"usage/summary"), '"x"', -32602
    ),
    OddMessage(
        "moment at the edge", _request(b'{"since":"0001-01-01T00:00:00+23:59"}', method=b"usage/summary"), '"x"'
    ),
    OddMessage("history of half an emoji", _request(rb'{"model":"\ud83d"}', method=b"usage/history"), '"x"', 0),
    OddMessage("agent half an emoji", _request(rb'{"ids":["\ud83d"]}', method=b"agent/discover"), '"x"'),
    OddMessage("providers half an emoji", _request(rb'{"providers":["\ud83d"]}', method=b"provider/discover"), '"x"'),
)
SILENT = (
    OddMessage("unknown notification", b'{"jsonrpc":"2.0","method":"made/up","params":[1]}', None),
    OddMessage("deep notification", b'{"jsonrpc":"2.0","method":"made/up","params":%b}' % _nested(100_000), None),
    OddMessage("notification 1e400", b'{"jsonrpc":"2.0","method":"made/up","params":{"a":1e400}}', None),
    OddMessage("notification Latin-1", b'{"jsonrpc":"2.0","method":"made/up","params":{"a":"\xe9"}}', None),
    OddMessage("notification half an emoji", rb'{"jsonrpc":"2.0","method":"\ud83d"}', None),
    OddMessage("request as a notification", b'{"jsonrpc":"2.0","method":"provider/status"}', None),
    OddMessage("initialized with a list", b'{"jsonrpc":"2.0","method":"initialized","params":[[]]}', None),
    *(
        OddMessage(f"cancel {label(p)}", b'{"jsonrpc":"2.0","method":"$/cancelRequest","params":%b}' % p, None)
        for p in (
            b"null",
            b"[]",
            b'{"id":null}',
            b'{"id":1e400}',
            b'{"id":[]}',
            b'{"id":{}}',
            b'{"id":%b}' % (b"9" * HUGE),
            rb'{"id":"\ud83d"}',
            _nested(100_000),
        )
    ),
    OddMessage(
        "settings",
        b'{"jsonrpc":"2.0","method":"workspace/didChangeConfiguration","params":%b}' % _nested(1_000),
        None,
    ),
    OddMessage("response", b'{"jsonrpc":"2.0","id":"gone","result":%b}' % _nested(1_000), None),
    OddMessage("response to null", b'{"jsonrpc":"2.0","id":null,"error":{}}', None),
    OddMessage("response to an object", b'{"jsonrpc":"2.0","id":{},"result":1}', None),
    OddMessage("response 1e400", b'{"jsonrpc":"2.0","id":1e400,"error":1e400}', None),
)
ODD_MESSAGES = (*ENVELOPES, *BODIES, *PARAMS, *SILENT)
