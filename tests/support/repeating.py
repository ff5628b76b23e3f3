"""Providers that repeat all that they are sent, whole, in hexadecimal and in Base64, in answers and in errors."""

from __future__ import annotations

import json
from base64 import b64encode
from typing import Any
from urllib.parse import urlsplit

from typing_extensions import override

from support.http_server import Answer, Received
from support.oauth_server import OAuthServer, answer


def in_all_forms(given: str) -> str:
    return f"{given} {given.encode().hex()} {b64encode(given.encode()).decode()} {' '.join(given)}"


def repeats(request: Received) -> Answer:
    """The behaviour of a provider that repeats its headers."""
    if "first-" in request.headers.get("authorization", ""):
        return Answer(401, chunks=[b'{"error": {"message": "no such key"}}'])
    given = json.dumps(dict(request.headers))
    told = in_all_forms(given)
    if request.path.endswith("/models"):
        return Answer(chunks=[json.dumps({"data": [{"id": "m", "description": told}, {"id": given}]}).encode()])
    if b"refuse" in request.body:
        return Answer(400, headers={"x-request-id": given}, chunks=[json.dumps({"error": {"message": told}}).encode()])
    event = {"choices": [{"index": 0, "delta": {"content": told}, "finish_reason": "stop"}]}
    lines = [f"data: {json.dumps(event)}\n\n".encode(), b"data: [DONE]\n\n"]
    return Answer(headers={"content-type": "text/event-stream"}, chunks=lines)


class RepeatingOAuth(OAuthServer):
    """An authorization server and an API that do; whoever logs in is told everything again."""

    @override
    def _behave(self, request: Received) -> Answer:
        right = super()._behave(request)
        if urlsplit(request.path).path.startswith("/v1") and right.status == 200:
            return repeats(request)
        fields: dict[str, Any] = json.loads(b"".join(right.chunks))
        told = in_all_forms(json.dumps([request.path, request.body.decode(), dict(request.headers), fields]))
        if isinstance(fields.get("error"), dict):
            fields["error"]["message"] = told
        elif "error" in fields:
            fields["error_description"] = fields["error_uri"] = told
        return answer(right.status, {**fields, "told": told, "scope": told}, **{"x-request-id": told})
