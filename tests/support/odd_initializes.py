"""Params of ``initialize`` that no client should send: each is answered, and the server serves the next request."""

from __future__ import annotations

DEEP = (100, 1_000, 100_000)
URIS = (
    '"file://[x"',
    '"file://[::1"',
    '"file://]"',
    '"file:///%"',
    '"file:///%FF%FE"',
    '"file:///%00"',
    '"file:///caf%E9"',
    '"file://"',
    '"file:"',
    '"://"',
    '"://:/:"',
    '"/"',
    '"//"',
    '"C:\\\\work\\\\site"',
    '"file:///c%3A/work"',
    '"vscode-remote://ssh-remote+[host/a"',
    '"untitled:Untitled-1"',
    '"http://user:pw@[bad]:99999999/x?y#z"',
    r'"file:///\ud83d"',
    r'"\udd8a"',
    r'"file://\u2100/x"',
    r'"file://a\uff0fb/x"',
    r'"file:///a\u0000b"',
    r'"file:///a\nb"',
    f'"file:///{"x" * 1_000_000}"',
    f'"{"/" * 1_000_000}"',
)
VALUES = (
    "null",
    "true",
    "0",
    "-1",
    "1.5",
    "1e400",
    "9" * 5_000,
    '""',
    '"x"',
    r'"\ud83d"',
    "[]",
    "[[]]",
    "{}",
    '{"a":1}',
)
MEMBERS = (
    "clientInfo",
    "processId",
    "rootUri",
    "rootPath",
    "workspaceFolders",
    "capabilities",
    "initializationOptions",
    "trace",
    "locale",
    "workDoneToken",
)


def odd_params() -> dict[str, str]:
    """The params as JSON, by a short name."""
    found = {f"{member} {value[:20]}": f'{{"{member}":{value}}}' for member in MEMBERS for value in VALUES}
    found |= {f"uri {number}": f'{{"rootUri":{uri}}}' for number, uri in enumerate(URIS)}
    found |= {f"path {number}": f'{{"rootUri":null,"rootPath":{uri}}}' for number, uri in enumerate(URIS)}
    found |= {f"folder {n}": f'{{"workspaceFolders":[{{"uri":{uri},"name":""}}]}}' for n, uri in enumerate(URIS)}
    found |= {f"folder named {value[:20]}": f'{{"workspaceFolders":[{{"name":{value}}}]}}' for value in VALUES}
    found |= {f"folders of {value[:20]}": f'{{"workspaceFolders":[{value}]}}' for value in VALUES}
    found |= {f"client named {value[:20]}": f'{{"clientInfo":{{"name":{value}}}}}' for value in VALUES}
    found |= {f"deep {member} {n}": f'{{"{member}":{"[" * n}{"]" * n}}}' for member in MEMBERS for n in DEEP}
    found["huge processes"] = '{"processId":99999999999999999999}'
    found["small processes"] = '{"processId":-99999999999999999999}'
    found["client long"] = f'{{"clientInfo":{{"name":"{"n" * 1_000_000}","version":5}}}}'
    found["twice"] = '{"rootUri":"file:///a","rootUri":"file://[x"}'
    return found
